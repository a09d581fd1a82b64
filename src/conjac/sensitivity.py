"""A metric's value and its derivative, by the chain rule through the cells, with the covariance of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.inference import Cells, Interval, LogBand, metric_interval, metric_stderr, propagate, quantile
from conjac.metrics import Metric
from conjac.metrics.rejection import resolve_outcomes
from conjac.motion import CellMotion, Motion
from conjac.rules import outcomes_of

CELLS = {"tn": (0, 0), "fp": (0, 1), "fn": (1, 0), "tp": (1, 1)}


@dataclass(frozen=True)
class Sensitivity:
    """How a figure stands and how fast it moves.

    Attributes
    ----------
    metric : str
    value, value_stderr : float
    gradient : array of shape parameter_shape
        Derivative per ``units``; shape () for the threshold.
    center : array of shape parameter_shape
        Bias-corrected derivative, on which `confint` is centred.
    stderr : array of shape parameter_shape
        Standard error of ``center``; nan where too few rows are behind it.
    elasticity : array of shape parameter_shape
        Derivative of the metric's logarithm: ``gradient / value``.
    units : tuple of str
    """

    metric: str
    value: float
    value_stderr: float
    gradient: FloatArray
    center: FloatArray
    stderr: FloatArray
    units: tuple[str, ...]
    _cells: Cells
    _row: Metric | None = None

    @property
    def elasticity(self) -> FloatArray:
        """Relative change of the metric per unit; nan at a value of 0."""
        return self.gradient / self.value if self.value else np.full_like(self.gradient, np.nan)

    def confint(self, level: float = 0.95) -> Interval:
        """Return the interval of the derivative: ``center`` -+ quantile x ``stderr``; log scale for exchange rates."""
        if self._row is None and self.center > 0:
            return LogBand(self.center, self.stderr, self._cells.df)(level)
        q = quantile(level, self._cells.df)
        return Interval(self.center - q * self.stderr, self.center + q * self.stderr)

    def value_confint(self, level: float = 0.95) -> Interval:
        """Return the interval of the value: Wilson for proportions, else on the metric's own scale."""
        if self._row is None:
            return self.confint(level)
        return Interval(*(side[0] for side in metric_interval(self._row, self._cells, level)))


def sensitivity(row: Metric, motion: CellMotion, units: tuple[str, ...]) -> Sensitivity:
    """Return a metric's value and derivative at the motion's one point."""
    cells = motion.counted
    slope, center, stderr = (motion.arranged(part) for part in motion.metric_slope(row))
    return Sensitivity(
        metric=row.name,
        value=float(row.value(cells.weight)[0]),
        value_stderr=float(metric_stderr(row, cells)[0]),
        gradient=slope,
        center=center,
        stderr=stderr,
        units=units,
        _cells=cells,
        _row=row,
    )


def exchange_rate(paid: str, gained: str, motion: CellMotion) -> Sensitivity:
    """Return how many of one cell are paid for one more of another, at the motion's one point.

    Raises
    ------
    InvalidInputError
        A name that is not a cell.
    NotSupportedError
        Something else moves than the threshold of two classes.
    """
    if not isinstance(motion, Motion):
        raise NotSupportedError("exchange_rate: of the cells of two classes as their threshold moves")
    for name in (paid, gained):
        if name not in CELLS:
            raise InvalidInputError(f"{name!r} is not a cell: expected one of {sorted(CELLS)}")

    def rate(point: AnyArray) -> AnyArray:
        slope = motion.slope(point)
        return (slope[..., *CELLS[paid]] / slope[..., *CELLS[gained]])[..., None]

    with np.errstate(invalid="ignore", divide="ignore"):
        value = rate(motion.point)[0, 0]
        center, stderr = propagate(rate, motion.center, motion.joint.covariance)
    trusted = motion.trusted.all()
    return Sensitivity(
        metric=f"{paid} per {gained}",
        value=float(value),
        value_stderr=float(stderr[0, 0]) if trusted else np.nan,
        gradient=np.asarray(value),
        center=np.asarray(center[0, 0]),
        stderr=np.asarray(stderr[0, 0] if trusted else np.nan),
        units=(f"{gained} gained",),
        _cells=motion.joint.cells,
    )


class Sensed:
    """How metrics and exchange rates of a Jacobian stand and move."""

    def of(self: Any, metric: str | Metric) -> Sensitivity:
        """Return a metric's value and its derivative, by the chain rule through the cells.

        Parameters
        ----------
        metric : str or Metric
            A name such as "f1" or "recall[spam]", or an object of `conjac.metrics`.

        Returns
        -------
        Sensitivity
        """
        outcomes = outcomes_of(self.labels, self.cells.weight.shape[-1])
        return sensitivity(resolve_outcomes(metric, outcomes, len(self.labels)), self._motion, self.units)

    def exchange_rate(self: Any, paid: str = "fp", gained: str = "tp") -> Sensitivity:
        """Return how many of one cell are paid for one more of another when the parameter moves.

        Parameters
        ----------
        paid, gained : {"tn", "fp", "fn", "tp"}
            Cells. By default: false positives per extra true positive.

        Returns
        -------
        Sensitivity
            Whose ``gradient`` is the rate, with an interval on the log scale.
        """
        return exchange_rate(paid, gained, self._motion)
