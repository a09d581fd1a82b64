"""Every figure along one number that moves, a threshold or an offset: `Track`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.views.summary.scene.packed import Rounded

DIGITS, DISTANCE, ALIKE = 12, 10, 1e-4
"""Significant binary digits of a figure, of how far its limits are from it, and up to which difference both are one."""


class Figure(NamedTuple):
    """A figure with its limits, arrays of one shape; nan where undefined."""

    value: AnyArray
    lower: FloatArray
    upper: FloatArray

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
