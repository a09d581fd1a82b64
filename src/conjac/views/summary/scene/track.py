"""Every figure along one number that moves, a threshold or an offset: `Track`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from conjac._typing import AnyArray, FloatArray

EXACT = ("matrix", "metric")
"""Figures whose values keep all their digits: targets and the best step are looked for among them."""


class Figure(NamedTuple):
    """A figure with its limits, arrays of one shape; nan where undefined."""

    value: AnyArray
    lower: FloatArray
    upper: FloatArray

    def to_tree(self) -> dict[str, AnyArray]:
        """Return the arrays with the step as their last axis, as figures to be read."""
        with np.errstate(over="ignore"):  # what float32 does not hold is as good as without a limit
            return {name: _last(one).astype(np.float32) for name, one in self._asdict().items()}


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

    def to_tree(self) -> dict[str, Any]:
        """Return everything as plain types and arrays, for `conjac.views.summary.scene.pack`."""
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        tree = {name: one.to_tree() if isinstance(one, Figure) else one for name, one in told.items()}
        for name in EXACT:
            tree[name]["value"] = _last(told[name].value)
        return tree
