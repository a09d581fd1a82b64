"""Every figure along one number that moves, a threshold or an offset: `Track`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.inference import Cells, NormalBand, metric_interval
from conjac.metrics import Metric
from conjac.motion.slopes import Slopes
from conjac.views.summary.lineplot import measured
from conjac.views.summary.scene.packed import Rounded

DIGITS, DISTANCE, ALIKE = 12, 10, 1e-4
"""Significant binary digits of a figure, of how far its limits are from it, and up to which difference both are one."""


class Figure(NamedTuple):
    """A figure with its limits, arrays of one shape; nan where undefined."""

    value: AnyArray
    lower: FloatArray
    upper: FloatArray

    @classmethod
    def side_by_side(cls, parts: Sequence[Figure]) -> Figure:
        """Return figures of shape (n_steps,) as one of shape (n_steps, n_parts)."""
        sides = ([np.asarray(one, dtype=np.float64) for one in side] for side in zip(*parts, strict=True))
        return cls(*(np.stack(side, axis=1) for side in sides))

    @classmethod
    def of_metric(cls, row: Metric, cells: Cells, level: float) -> Figure:
        """Return a metric with its interval, arrays of shape (n_steps,); nan where it is 0/0."""
        known = measured(row, cells.weight)
        return cls(row.value(cells.weight) * known, *(side * known for side in metric_interval(row, cells, level)))

    @classmethod
    def of_slopes(cls, slopes: Slopes, df: int | None, level: float) -> Figure:
        """Return derivatives with their intervals, arrays of their shape."""
        value, center, stderr, own = slopes
        return cls(value, *NormalBand(center, stderr, df if own is None else own)(level))

    def times(self, factor: FloatArray) -> Figure:
        """Return the figure of each step in another unit, by a factor above 0, array of shape (n_steps,)."""
        return Figure(*((side.T * factor).T for side in self))

    def to_tree(self) -> dict[str, Any]:
        """Return the figures with the step as their last axis, and how far away their limits are."""
        limits = self.value - self.lower, self.upper - self.value
        below, above = (_last(np.asarray(one, dtype=np.float64)) for one in limits)
        if np.allclose(below, above, rtol=ALIKE, atol=0, equal_nan=True):
            above = below
        value = Rounded(_last(self.value), DIGITS)
        return {"value": value, "below": Rounded(below, DISTANCE), "above": Rounded(above, DISTANCE)}


def _last(values: AnyArray) -> AnyArray:
    return np.ascontiguousarray(np.moveaxis(values, 0, -1))


@dataclass(frozen=True, eq=False, kw_only=True)
class Track:
    """Every figure at the steps of one number that moves; the first axis of an array is the step.

    Attributes
    ----------
    name : str
        What moves: "threshold", or "offset[label]".
    coordinate : str
        In which unit it is told, and slopes with it.
    unit : str
        What a step of 1 is, in words.
    size : float
        Of the move that slopes are shown for.
    at : array of shape (n_steps,)
        Its values.
    base : int
        The step of the operating point.
    matrix : Figure of arrays of shape (n_steps, n_classes, n_classes)
    slope : Figure of arrays of shape (n_steps, n_classes, n_classes)
        Of the cells, per 1 of the unit.
    metric, gain : Figure of arrays of shape (n_steps, n_metrics)
        Values and slopes of the metrics.
    exchange : Figure of arrays of shape (n_steps, n_rates)
        How much of one figure is paid for a unit of another.
    """

    name: str
    coordinate: str
    unit: str
    size: float
    at: FloatArray
    base: int
    matrix: Figure
    slope: Figure
    metric: Figure
    gain: Figure
    exchange: Figure

    def to_tree(self, exactly: Sequence[str]) -> dict[str, Any]:
        """Return everything as plain types and arrays, for `conjac.views.summary.scene.pack`.

        Parameters
        ----------
        exactly : sequence of str
            Figures whose values keep all their digits.
        """
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        tree = {name: one.to_tree() if isinstance(one, Figure) else one for name, one in told.items()}
        for name in exactly:
            tree[name]["value"] = _last(told[name].value)
        return tree
