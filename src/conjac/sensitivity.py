"""A metric's value and its derivative, by the chain rule through the cells, with the covariance of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from conjac._typing import FloatArray
from conjac.errors import NotSupportedError
from conjac.inference import Cells, Interval, NormalBand, metric_interval, metric_stderr
from conjac.inference.delta import divide
from conjac.influence import InfluentialRows, influence
from conjac.metrics import Metric
from conjac.metrics.cells import figure
from conjac.metrics.rejection import resolve_outcomes
from conjac.motion import CellMotion, Exchange, Motion, OffsetMotion, Pair
from conjac.rules import outcomes_of


@dataclass(frozen=True)
class Sensitivity:
    """How a figure stands and how fast it moves.

    Attributes
    ----------
    metric : str
        Its name, or of an exchange rate both.
    value, value_stderr : float, or array of shape parameter_shape
        Where the figure stands, and its standard error; of an exchange rate, ``gradient`` and ``stderr`` again.
    gradient : array of shape parameter_shape
        Derivative per ``units``; shape () for the threshold.
    center : array of shape parameter_shape
        Bias-corrected derivative per ``units``, on which `confint` is centred.
    stderr : array of shape parameter_shape
        Standard error of ``center``; nan where too few rows are behind it.
    elasticity : array of shape parameter_shape
        Derivative of the metric's logarithm, per ``units``: ``gradient / value``.
    units : tuple of str
        What a step of 1 of each parameter is.

    Notes
    -----
    The chain rule through the cells: the metric's gradient in them times their slopes, with the covariance of both by
    the delta method; see :doc:`/design`.

    Examples
    --------
    >>> import conjac as cj
    >>> J = cj.confusion_jacobian([0, 0, 1, 1] * 50, [0.2, 0.6, 0.4, 0.9] * 50)
    >>> told = J.of("recall")
    >>> told.metric, told.value, told.units
    ('recall', 0.5, ('1.0 of probability',))
    """

    metric: str
    value: float | FloatArray
    value_stderr: float | FloatArray
    gradient: FloatArray
    center: FloatArray
    stderr: FloatArray
    units: tuple[str, ...]
    _limits: Callable[[float], Interval] = field(repr=False)
    _value_limits: Callable[[float], Interval] = field(repr=False)

    @property
    def elasticity(self) -> FloatArray:
        """Relative change of the metric per unit, array of shape parameter_shape; nan at a value of 0."""
        return divide(self.gradient, np.asarray(self.value), np.nan)

    def confint(self, level: float = 0.95) -> Interval:
        """Return the interval of the derivative: ``center`` -+ quantile x ``stderr``; of an exchange rate, its own.

        Parameters
        ----------
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        Interval
            Lower and upper limits, arrays of shape parameter_shape, per ``units``.

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        """
        return self._limits(level)

    def figures(self, level: float = 0.95) -> dict[str, FloatArray]:
        """Return the derivative with its errors and limits by name, arrays of shape parameter_shape.

        Parameters
        ----------
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        dict of str to array of shape parameter_shape
            "gradient", "center", "stderr", "lower" and "upper" among them, per ``units``.

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        """
        lower, upper = self.confint(level)
        return {
            "gradient": self.gradient,
            "center": self.center,
            "stderr": self.stderr,
            "lower": lower,
            "upper": upper,
            "elasticity": self.elasticity,
        }

    def value_confint(self, level: float = 0.95) -> Interval:
        """Return the interval of the value: Wilson for proportions, else on the metric's own scale.

        Parameters
        ----------
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        Interval
            Lower and upper limit, in the unit of the metric, arrays of shape ().

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        """
        return self._value_limits(level)


@dataclass(frozen=True, eq=False)
class MetricLimits:
    """The interval of a metric at one point, at any level."""

    row: Metric
    cells: Cells

    def __call__(self, level: float) -> Interval:
        """Return the limits, arrays of shape ()."""
        return Interval(*(side[0] for side in metric_interval(self.row, self.cells, level)))


def sensitivity(row: Metric, motion: CellMotion, units: tuple[str, ...]) -> Sensitivity:
    """Return a metric's value and derivative at the motion's one point."""
    cells = motion.counted
    slope, center, stderr, df = motion.metric_slope(row).mapped(motion.arranged)
    return Sensitivity(
        metric=row.name,
        value=float(row.value(cells.weight)[0]),
        value_stderr=float(metric_stderr(row, cells)[0]),
        gradient=slope,
        center=center,
        stderr=stderr,
        units=units,
        _limits=NormalBand(center, stderr, cells.df if df is None else df),
        _value_limits=MetricLimits(row, cells),
    )


def exchange_rate(paid: str | Metric, gained: str | Metric, motion: CellMotion, labels: tuple[Any, ...]) -> Sensitivity:
    """Return how much of one figure is paid for a unit of another, at the motion's one point.

    Raises
    ------
    NotSupportedError
        Something else moves than a threshold or offsets.
    UnknownMetricError
        Neither a metric nor a cell.
    """
    if not isinstance(motion, Motion | OffsetMotion):
        raise NotSupportedError("exchange_rate: as the threshold or the offsets move, and nothing else; leave out wrt")
    outcomes = outcomes_of(labels, motion.counted.weight.shape[-1])
    rows = figure(paid, outcomes, len(labels)), figure(gained, outcomes, len(labels))
    pair = Pair.of(rows, motion)
    rate = Exchange.between(rows, pair.at(0) if isinstance(motion, Motion) else pair)
    return Sensitivity(
        metric=f"{rows[0].name} per {rows[1].name}",
        value=rate.value[()],
        value_stderr=rate.stderr[()],
        gradient=rate.value,
        center=rate.center,
        stderr=rate.stderr,
        units=(f"{rows[1].name} gained",) * rate.value.size,
        _limits=rate.limits,
        _value_limits=rate.limits,
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
            Value, slope and both errors.

        Raises
        ------
        UnknownMetricError
            A metric that does not exist for these classes.
        """
        outcomes = outcomes_of(self.labels, self.cells.weight.shape[-1])
        return sensitivity(resolve_outcomes(metric, outcomes, len(self.labels)), self._motion, self.units)

    def influential_rows(self: Any, metric: str | Metric, errors: bool = False) -> InfluentialRows:
        """Return what each training row does to a metric or a cell, where ``wrt`` is "training_weights".

        Parameters
        ----------
        metric : str or Metric
            A name such as "recall", a cell such as "fn" or "cell[cat, dog]", or an object of `conjac.metrics`.
        errors : bool
            Make standard errors of networks with many parameters too, which takes some 66 times as long; else they are
            nan there. Of all others they are always told.

        Returns
        -------
        InfluentialRows
            A figure for each training row.

        Raises
        ------
        NotSupportedError
            Something else moves than training rows.
        UnknownMetricError
            Neither a metric nor a cell.
        """
        return influence(metric, self._motion, self.labels, errors)

    def exchange_rate(self: Any, paid: str | Metric = "fp", gained: str | Metric = "tp") -> Sensitivity:
        """Return how much of one cell or metric is paid for a unit of another when a parameter moves.

        Parameters
        ----------
        paid, gained : str or Metric
            A cell: "tn", "fp", "fn", "tp" of two classes, "cell[true, predicted]" of any; or a metric. By default:
            false positives per extra true positive.

        Returns
        -------
        Sensitivity
            Whose ``gradient`` is the rate, d paid / d gained: of shape () for the threshold, and (K,) for the offsets,
            each of which moves alone. The interval is on the log scale for two cells, else Fieller's set; nan where it
            rests on too few rows, or where the slope that is divided by is not told apart from 0.

        Raises
        ------
        UnknownMetricError
            Neither a metric nor a cell.
        NotSupportedError
            A mix moves.

        Notes
        -----
        A ratio of two slopes estimated from the same rows; Fieller 1954, Journal of the Royal Statistical
        Society B 16:175.
        """
        return exchange_rate(paid, gained, self._motion, self.labels)
