"""Rows that are scored once, under one decision rule after another: `Standing`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import product
from typing import NamedTuple, Protocol

import numpy as np

from conjac._typing import FloatArray
from conjac.coordinates import COORDINATES, margins
from conjac.curve import ConfusionCurve
from conjac.density.crossing import Crossing
from conjac.engines.classes import cells_at, motion_at
from conjac.engines.decided import Decided
from conjac.inference import Cells, metric_stderr
from conjac.metrics import Metric
from conjac.motion import OffsetMotion, cut_of
from conjac.rules import ArgmaxRule, ThresholdRule
from conjac.validation import ClassPredictions, Predictions


class Slope(NamedTuple):
    """A derivative by one axis: its value, the standard error of its bias-corrected value, and its method."""

    value: float
    stderr: float
    method: str


class Figure(NamedTuple):
    """A metric under one rule.

    Attributes
    ----------
    value, stderr : float
    slopes : mapping of str to Slope
        By the axes that move the rule.
    """

    value: float
    stderr: float
    slopes: Mapping[str, Slope]


class Standing(NamedTuple):
    """Rows under one rule.

    Attributes
    ----------
    figures : sequence of Figure
        Of each metric.
    cells : Cells
        At one point.
    decided : Decided
        The rows under the rule.
    """

    figures: Sequence[Figure]
    cells: Cells
    decided: Decided


class Rules(Protocol):
    """Rules under which the same scores are looked at."""

    @property
    def decided(self) -> Decided:
        """The rows, under the rule as it was told."""
        ...

    def standings(self, rows: Sequence[Metric], values: Sequence[FloatArray]) -> Iterator[Standing]:
        """Yield metrics under each rule, all pairs of the values of the axes that move it, of shapes (n_values,)."""
        ...


@dataclass(frozen=True, eq=False)
class Thresholds:
    """Thresholds of two classes: one curve holds them all.

    Attributes
    ----------
    decided : Decided
    names : tuple of str
        "threshold", where that is an axis; else there is the one that was told.
    """

    decided: Decided
    names: tuple[str, ...]

    def standings(self, rows: Sequence[Metric], values: Sequence[FloatArray]) -> Iterator[Standing]:
        """Yield metrics at each threshold."""
        curve, unit = self._curve, self._curve.unit
        at = values[0] if self.names else np.array([self.decided.threshold])
        score, cells = curve.score_of(at), curve.cells_at(at)
        figures = [self._along(row, at, cells) for row in rows]
        true, margin = self.decided.rows.true, margins(self.decided.rows.score, unit.scale)
        for k, cut in enumerate(cut_of(score, unit).tolist()):
            look = partial(Crossing.of_threshold, curve.density, cut, true, margin)
            under = replace(self.decided, rule=ThresholdRule(float(score[k])), threshold=float(at[k]), look=look)
            yield Standing([of_row[k] for of_row in figures], cells.at(k), under)

    def _along(self, row: Metric, at: FloatArray, cells: Cells) -> list[Figure]:
        """Return a metric at each threshold."""
        values = zip(row.value(cells.weight), metric_stderr(row, cells), strict=True)
        if not self.names:
            return [Figure(*pair, {}) for pair in values]
        found, method = self._curve.motion_at(at).metric_slope(row), self._curve.method_at(at)
        slopes = map(Slope, found.value, found.stderr, method.tolist())
        return [Figure(*pair, dict.fromkeys(self.names, slope)) for pair, slope in zip(values, slopes, strict=True)]

    @cached_property
    def _curve(self) -> ConfusionCurve:
        rows = self.decided.rows
        assert isinstance(rows, Predictions)
        coordinate = COORDINATES[self.decided.coordinate].name
        return ConfusionCurve.from_rows(rows, coordinate=coordinate, condition_on=self.decided.condition_on)


@dataclass(frozen=True, eq=False)
class Offsets:
    """Offsets of several classes, of which some are axes.

    Attributes
    ----------
    decided : Decided
    places : mapping of str to int
        Class of each offset that is an axis, by its name.
    """

    decided: Decided
    places: Mapping[str, int]

    def standings(self, rows: Sequence[Metric], values: Sequence[FloatArray]) -> Iterator[Standing]:
        """Yield metrics at each vector of offsets."""
        rule = self.decided.rule
        assert isinstance(rule, ArgmaxRule)
        for told in product(*values):
            offsets = rule.offsets.copy()
            offsets[list(self.places.values())] = told
            yield _Ruled(self.decided, rule.at(offsets)).standing(rows, self.places)


@dataclass(frozen=True, eq=False)
class _Ruled:
    """Rows of several classes under one rule; its facets are looked at once, and only if they are asked for."""

    decided: Decided
    rule: ArgmaxRule

    @cached_property
    def motion(self) -> OffsetMotion:
        return motion_at(self._rows, self.rule, self.decided.condition_on)

    @property
    def _rows(self) -> ClassPredictions:
        assert isinstance(self.decided.rows, ClassPredictions)
        return self.decided.rows

    def look(self) -> Crossing:
        return Crossing.of_boundary(self.motion.joint.boundary, self._rows.true)

    def standing(self, rows: Sequence[Metric], places: Mapping[str, int]) -> Standing:
        cells = self.motion.counted if places else cells_at(self._rows, self.rule, self.decided.condition_on)
        under = replace(self.decided, rule=self.rule, look=self.look)
        return Standing([self._figure(row, cells, places) for row in rows], cells, under)

    def _figure(self, row: Metric, cells: Cells, places: Mapping[str, int]) -> Figure:
        slopes: dict[str, Slope] = {}
        if places:
            found = self.motion.metric_slope(row)
            slopes = {name: Slope(found.value[k], found.stderr[k], self.motion.method) for name, k in places.items()}
        value, stderr = row.value(cells.weight), metric_stderr(row, cells)
        return Figure(np.asarray(value).item(), stderr.item(), slopes)
