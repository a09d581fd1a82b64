"""What trade-offs, decision curves and cost curves ask of a curve, and the form of what they tell."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from conjac._typing import BoolArray, ConditionOn, FloatArray
from conjac.decisions.along import Counted
from conjac.errors import InvalidInputError
from conjac.frames import to_frame
from conjac.inference import Cells, Estimate, Interval, metric_interval, quantile
from conjac.metrics import Metric
from conjac.motion import Motion
from conjac.reading import as_array, as_float, refuse_non_finite
from conjac.readonly import locked
from conjac.validation import check_vector


class Charted(Counted, Protocol):
    """A curve, with thresholds in its own unit too."""

    @property
    def condition_on(self) -> ConditionOn | None:
        """Whether the class totals are fixed by design."""
        ...

    def score_of(self, t: Any) -> FloatArray:
        """Return thresholds on the scores' own scale."""
        ...

    def cells_at(self, t: Any) -> Cells:
        """Return confusion matrices at thresholds, in a row."""
        ...

    def motion_at(self, t: Any) -> Motion:
        """Return cells and fluxes at thresholds, in a row."""
        ...

    def metric_at(self, metric: str | Metric, t: Any) -> Estimate:
        """Return a metric's value and error at thresholds."""
        ...


class Tabular(ABC):
    """A result that can be told as a table."""

    @abstractmethod
    def to_columns(self) -> dict[str, list[Any]]:
        """Return one row per point as columns of plain numbers and words.

        Returns
        -------
        dict of str to list
            A row a point.
        """

    def to_frame(self, backend: str = "pandas") -> Any:
        """Return `to_columns` as a data frame.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}
            Which library's frame.

        Returns
        -------
        frame
            As `to_columns` has it.

        Raises
        ------
        InvalidInputError
            An unknown backend.
        MissingDependencyError
            The backend is not installed.
        """
        return to_frame(self.to_columns(), backend)


@dataclass(frozen=True, eq=False)
class MetricBand:
    """A metric's pointwise interval, at any level."""

    row: Metric
    cells: Cells

    def __call__(self, level: float) -> Interval:
        """Return the limits, arrays of shape (n_points,)."""
        return metric_interval(self.row, self.cells, level)


def value_at(curve: Charted, row: Metric, thresholds: FloatArray) -> Estimate:
    """Return a metric's value at thresholds, read-only; unlike the curve's own estimate it can be pickled."""
    told = curve.metric_at(row, thresholds)
    return Estimate(
        locked(told.value), locked(told.stderr), locked(told.bound), MetricBand(row, curve.cells_at(thresholds))
    )


def estimate(value: FloatArray, stderr: FloatArray, limits: Callable[[float], Interval]) -> Estimate:
    """Return an estimate whose arrays cannot be written to, and which is of exact counts."""
    return Estimate(locked(value), locked(stderr), locked(np.zeros_like(value)), limits)


def checked_level(level: float) -> float:
    """Return a level of intervals, or refuse it."""
    quantile(level)
    return level


def points(values: Any, name: str) -> FloatArray:
    """Return points as they were passed, one number or several, array of shape (n_points,), or refuse them."""
    array = np.atleast_1d(as_float(as_array(values, name), name).astype(np.float64))
    if not array.size:
        raise InvalidInputError(f"{name} is empty; name at least one, or leave it out")
    vector = check_vector(array, name)
    refuse_non_finite(vector, name)
    return vector


def refuse_outside(values: FloatArray, name: str, inside: BoolArray, expected: str) -> None:
    """Refuse the first point that is not inside."""
    if not inside.all():
        at = int(np.argmin(inside))
        raise InvalidInputError(f"{name}[{at}] is {values[at]:g}; expected {expected}")


def class_totals(curve: Charted, name: str) -> FloatArray:
    """Return the weight of each class, array of shape (2,), or refuse a curve of one class."""
    totals = curve.weight_at_score(curve.cutoffs()[:1])[0].sum(axis=1).astype(np.float64)
    if not totals.all():
        empty = curve.labels[int(np.argmin(totals))]
        raise InvalidInputError(f"{name}: no row of this curve is {empty!r}; it takes rows of both classes")
    return np.asarray(totals)
