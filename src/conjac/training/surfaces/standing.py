"""Rows that are scored once, under one decision rule after another: `Standing`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import NamedTuple, Protocol

import numpy as np

from conjac._typing import FloatArray
from conjac.coordinates import COORDINATES, margins
from conjac.curve import ConfusionCurve
from conjac.density.crossing import Crossing
from conjac.engines.classes import cells_at, motion_at
from conjac.engines.decided import Decided
from conjac.inference import metric_stderr
from conjac.metrics import Metric
from conjac.motion import OffsetMotion, cut_of
from conjac.rules import ArgmaxRule, ThresholdRule
from conjac.validation import ClassPredictions, Predictions


class Slope(NamedTuple):
    """A derivative by one axis: its value, the standard error of its bias-corrected value, and its method."""

    value: float
    stderr: float
    method: str


class Standing(NamedTuple):
    """A figure under one rule.

    Attributes
    ----------
    value, stderr : float
    slopes : mapping of str to Slope
        By the axes that move the rule.
    decided : Decided
        The rows under it.
    """

    value: float
    stderr: float
    slopes: Mapping[str, Slope]
    decided: Decided


class Rules(Protocol):
    """Rules under which the same scores are looked at."""

    def standings(self, row: Metric) -> Iterator[Standing]:
        """Yield the figure under each."""
        ...


@dataclass(frozen=True, eq=False)
class Thresholds:
    """Thresholds of two classes: one curve holds them all.

    Attributes
    ----------
    decided : Decided
    thresholds : array of shape (n_rules,)
        In the coordinate.
    names : tuple of str
        "threshold", where that is an axis.
    """

    decided: Decided
    thresholds: FloatArray
    names: tuple[str, ...]

    def standings(self, row: Metric) -> Iterator[Standing]:
        """Yield the figure at each threshold."""
        rows, at = self.decided.rows, self.thresholds
        assert isinstance(rows, Predictions)
        unit = COORDINATES[self.decided.coordinate]
        curve = ConfusionCurve.from_rows(rows, coordinate=unit.name, condition_on=self.decided.condition_on)
        score, margin = curve.score_of(at), margins(rows.score, unit.scale)
        figure, slope, method = curve.metric_at(row, at), curve.metric_slope_at(row, at), curve.method_at(at)
        for k, cut in enumerate(cut_of(score, unit).tolist()):
            own = Slope(slope.value[k], slope.stderr[k], str(method[k]))
            look = partial(Crossing.of_threshold, curve.density, cut, rows.true, margin)
            under = replace(self.decided, rule=ThresholdRule(float(score[k])), threshold=float(at[k]), look=look)
            yield Standing(figure.value[k], figure.stderr[k], dict.fromkeys(self.names, own), under)


@dataclass(frozen=True, eq=False)
class Offsets:
    """Offsets of several classes, of which some are axes.

    Attributes
    ----------
    decided : Decided
    places : mapping of str to int
        Class of each offset that is an axis, by its name.
    values : array of shape (n_rules, n_axes)
    """

    decided: Decided
    places: Mapping[str, int]
    values: FloatArray

    def standings(self, row: Metric) -> Iterator[Standing]:
        """Yield the figure at each vector of offsets."""
        rule = self.decided.rule
        assert isinstance(rule, ArgmaxRule)
        for values in self.values:
            offsets = rule.offsets.copy()
            offsets[list(self.places.values())] = values
            yield _Ruled(self.decided, rule.at(offsets)).standing(row, self.places)


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

    def standing(self, row: Metric, places: Mapping[str, int]) -> Standing:
        cells = self.motion.counted if places else cells_at(self._rows, self.rule, self.decided.condition_on)
        slopes: dict[str, Slope] = {}
        if places:
            found = self.motion.metric_slope(row)
            slopes = {name: Slope(found.value[k], found.stderr[k], self.motion.method) for name, k in places.items()}
        under = replace(self.decided, rule=self.rule, look=self.look)
        figure = np.asarray(row.value(cells.weight)).item()
        return Standing(figure, np.asarray(metric_stderr(row, cells)).item(), slopes, under)
