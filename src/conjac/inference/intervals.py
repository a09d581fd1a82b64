"""Intervals on the scale where a figure is nearly normal: Wilson for proportions, a link for the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple, overload

import numpy as np
from scipy import stats

from conjac._typing import AnyArray, BoolArray, FloatArray, Normalize
from conjac.errors import InvalidInputError
from conjac.inference.cells import Cells, used_blocks
from conjac.inference.delta import divide
from conjac.metrics import Metric

HALF_ROW = 0.5
"""Rows added to an empty cell, so that an interval of a metric never has length 0."""


class Interval(NamedTuple):
    """Lower and upper limits, arrays of one shape; it unpacks as ``lower, upper``.

    Attributes
    ----------
    lower, upper : array of shape (...)
        That of the figure; nan where too few rows are behind it.

    Examples
    --------
    >>> import conjac as cj
    >>> J = cj.confusion_jacobian([0, 0, 1, 1] * 50, [0.2, 0.6, 0.4, 0.9] * 50)
    >>> lower, upper = J.of("recall").value_confint()
    >>> bool(lower < 0.5 < upper)
    True
    """

    lower: FloatArray
    upper: FloatArray

    def __repr__(self) -> str:
        """Show plain numbers."""
        return f"Interval(lower={self.lower}, upper={self.upper})"


@dataclass(frozen=True, eq=False)
class Estimate:
    """A figure at several points, with its standard error.

    Attributes
    ----------
    value, stderr : array of shape (n_points,) or any other
        The figure, and its standard error.
    bound : array of shape ``value.shape``
        How far ``value`` can be from the exact count's: 0 where counts are exact.

    Examples
    --------
    >>> import conjac as cj
    >>> curve = cj.ConfusionCurve.from_predictions([0, 0, 1, 1] * 50, [0.2, 0.6, 0.4, 0.9] * 50)
    >>> found = curve.metric_at("recall", [0.3, 0.5])
    >>> found.value, found.confint().lower.shape
    (array([1. , 0.5]), (2,))
    """

    value: FloatArray
    stderr: FloatArray
    bound: FloatArray
    _limits: Callable[[float], Interval] = field(repr=False)

    def confint(self, level: float = 0.95) -> Interval:
        """Return pointwise limits.

        Parameters
        ----------
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        Interval
            Lower and upper limits, arrays of shape of the value.

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        """
        return self._limits(level)


@overload
def quantile(level: float, df: int | None = None) -> float: ...
@overload
def quantile(level: float, df: FloatArray | int | None) -> FloatArray | float: ...
def quantile(level: float, df: FloatArray | int | None = None) -> FloatArray | float:
    """Return the two-sided quantile: normal, or Student's t where the errors come from blocks or from refits.

    Raises
    ------
    InvalidInputError
        A level outside (0, 1).
    """
    if not 0 < level < 1:
        raise InvalidInputError(f"level={level}: expected a number between 0 and 1, such as .95")
    upper = (1 + level) / 2
    found = stats.norm.ppf(upper) if df is None else stats.t.ppf(upper, np.maximum(df, 1))
    return np.asarray(found) if isinstance(df, np.ndarray) else float(found)


@dataclass(frozen=True, eq=False)
class NormalBand:
    """The pointwise interval of an estimate with a normal error, at any level.

    Attributes
    ----------
    center, stderr : array
    df : int, array of their shape, or None
    """

    center: FloatArray
    stderr: FloatArray
    df: FloatArray | int | None

    def __call__(self, level: float) -> Interval:
        """Return the limits, arrays of the estimate's shape."""
        half = quantile(level, self.df) * self.stderr
        return Interval(self.center - half, self.center + half)


@dataclass(frozen=True, eq=False)
class LogBand:
    """The pointwise interval of a ratio whose sign is known, on the log scale, at any level.

    Attributes
    ----------
    rate, stderr : array
    df : int or None
    """

    rate: FloatArray
    stderr: FloatArray
    df: int | None

    def __call__(self, level: float) -> Interval:
        """Return the limits, arrays of the rate's shape; nan for a rate of 0, which has no logarithm."""
        relative = divide(self.stderr, np.abs(self.rate), np.nan)
        with np.errstate(over="ignore"):
            factor = np.exp(quantile(level, self.df) * relative)
        ends = np.stack([self.rate / factor, self.rate * factor])
        return Interval(ends.min(axis=0), ends.max(axis=0))


def wilson(share: AnyArray, stderr: AnyArray, n_if_certain: AnyArray, q: FloatArray | float) -> Interval:
    """Return Wilson's interval of a share whose standard error is known.

    Parameters
    ----------
    share, stderr : array
    n_if_certain : array
        Effective rows where the share is 0 or 1, and its standard error therefore 0.
    q : float or array
        Quantile.

    Notes
    -----
    Wilson 1927, JASA 22:209, with ``n = share (1 - share) / stderr^2``, which is the number of rows for a simple
    sample, and the effective number for weights and clusters.
    """
    share = np.asarray(share, dtype=np.float64)
    variance = np.square(stderr)
    certain = (variance <= 0) | (share <= 0) | (share >= 1)
    n = np.where(certain, n_if_certain, share * (1 - share) / np.where(certain, 1.0, variance))
    n = np.maximum(n, 1e-12)
    spread = q * np.sqrt(share * (1 - share) / n + q**2 / (4 * n**2))
    middle = share + q**2 / (2 * n)
    scale = 1 + q**2 / n
    lower, upper = np.clip((middle - spread) / scale, 0, 1), np.clip((middle + spread) / scale, 0, 1)
    return Interval(np.where(share <= 0, 0.0, lower), np.where(share >= 1, 1.0, upper))


def cells_interval(cells: Cells, stderr: FloatArray, normalize: Normalize | None, level: float) -> Interval:
    """Return Wilson's interval of each cell.

    Parameters
    ----------
    cells : Cells
    stderr : array of shape (n_points, K, K)
        Of the cells as normalised.
    normalize : {"true", "pred", "all", None}
    level : float

    Returns
    -------
    Interval
        Arrays of shape (n_points, K, K), on the scale of the matrix as normalised; nan where its denominator is empty.
    """
    how = normalize or ("true" if cells.condition_on else "all")
    axes = {"true": (-1,), "pred": (-2,), "all": (-2, -1)}[how]
    weight, weight2 = (np.asarray(w, dtype=np.float64) for w in (cells.weight, cells.weight2))
    total, total2 = (np.broadcast_to(w.sum(axis=axes, keepdims=True), w.shape) for w in (weight, weight2))
    known = total > 0
    safe = np.where(known, total, 1.0)
    scale = 1.0 if normalize else safe
    n_if_certain = safe**2 / np.where(known, total2, 1.0)
    limits = wilson(weight / safe, stderr / scale, n_if_certain, quantile(level, cells.df))
    return Interval(*(np.where(known, side * scale, np.nan) for side in limits))


def metric_stderr(metric: Metric, cells: Cells) -> FloatArray:
    """Return the standard error of a metric's value by the delta method, array of shape (n_points,)."""
    drawn = cells.weight.sum(axis=-1, keepdims=True) > 0  # nobody is of a class without rows
    gradient = np.where(drawn, metric.gradient(cells.weight), 0.0)
    gradient = np.where(np.isnan(metric.value(cells.weight))[:, None, None], np.nan, gradient)
    if cells.covariance is not None:
        flat = gradient.reshape(len(gradient), 1, -1)
        return np.asarray(np.sqrt(np.maximum(flat @ cells.covariance @ flat.swapaxes(1, 2), 0))[:, 0, 0])
    influence = cells.centred(gradient)
    if cells.by_block is None:
        return np.asarray(np.sqrt((cells.weight2 * influence**2).sum(axis=(-2, -1))))
    residual = (cells.by_block * influence[..., None]).sum(axis=(1, 2))
    used = used_blocks(cells.by_block)
    return np.asarray(np.sqrt((residual**2).sum(axis=-1) * used / max(used - 1, 1)))


def metric_interval(metric: Metric, cells: Cells, level: float) -> Interval:
    """Return the interval of a metric's value.

    Parameters
    ----------
    metric : Metric
    cells : Cells
    level : float

    Returns
    -------
    Interval
        Arrays of shape (n_points,). Wilson for proportions; else the delta method on the metric's own scale, with
        half a row in empty cells. Of more than two classes the empty cells of a true class share it, and it widens the
        interval without moving it: there may be hundreds, and half a row in each were hundreds of errors that nobody
        made. nan where the metric is undefined.
    """
    return metric_limits(metric, cells, quantile(level, cells.df))


def metric_limits(metric: Metric, cells: Cells, q: FloatArray | float, stderr: FloatArray | None = None) -> Interval:
    """Return `metric_interval` at a quantile; of one point at several, arrays of the quantiles' shape.

    Parameters
    ----------
    metric : Metric
    cells : Cells
    q : float or array
    stderr : array of shape (n_points,), optional
        What `metric_stderr` tells, where it is known.
    """
    stderr = metric_stderr(metric, cells) if stderr is None else stderr
    if metric.denominator is not None:
        return _of_proportion(metric, metric.denominator, cells, stderr, q)
    value = np.asarray(metric.value(cells.weight), dtype=np.float64)
    middle, spread = value.copy(), stderr.copy()
    odd = np.flatnonzero(_empty(cells).any(axis=(-2, -1)) | (stderr == 0))
    if len(odd) and np.ndim(metric.value(cells.weight[0])):  # each point has a metric of its own
        middle[odd], spread[odd] = (each[odd] for each in _with_half_rows(metric, cells, stderr))
    elif len(odd):
        middle[odd], spread[odd] = _with_half_rows(metric, cells.take(odd), stderr[odd])
    domain = metric.domain
    if cells.weight.shape[-1] > 2:
        with np.errstate(divide="ignore", invalid="ignore"):
            middle = np.where((stderr > 0) & np.isfinite(domain.link(value)), value, middle)
    with np.errstate(invalid="ignore"):  # at an end of its range, of a class without rows: nothing is known
        half = q * spread * domain.derivative(middle)
    known = ~np.isnan(value)
    lower = np.minimum(domain.inverse(domain.link(middle) - half), value)  # half a row may carry it past the value
    upper = np.maximum(domain.inverse(domain.link(middle) + half), value)
    return Interval(np.where(known, lower, np.nan), np.where(known, upper, np.nan))


def _of_proportion(
    metric: Metric, denominator: AnyArray, cells: Cells, stderr: FloatArray, q: FloatArray | float
) -> Interval:
    rows = (denominator * cells.weight).sum(axis=(-2, -1))
    rows2 = (denominator * cells.weight2).sum(axis=(-2, -1))
    known = rows > 0
    n_if_certain = np.where(known, rows**2 / np.where(known, rows2, 1), 0)
    value = np.where(known, metric.value(cells.weight), 0.5)
    limits = wilson(value, np.where(known, stderr, 0.0), n_if_certain, q)
    return Interval(*(np.where(known, side, np.nan) for side in limits))


def _empty(cells: Cells) -> BoolArray:
    """Tell which cells hold nothing, of classes that have rows."""
    return np.asarray((cells.weight == 0) & (cells.weight.sum(axis=-1, keepdims=True) > 0))


def _with_half_rows(metric: Metric, cells: Cells, stderr: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a metric's value and standard error with half a row in empty cells."""
    empty = _empty(cells)
    wrong = np.eye(*empty.shape[-2:]) == 0
    share = HALF_ROW / np.where(wrong, np.maximum((empty & wrong).sum(axis=-1, keepdims=True), 1), 1)
    unit = cells.weight2.sum(axis=(-2, -1), keepdims=True) / cells.weight.sum(axis=(-2, -1), keepdims=True)
    weight, weight2 = cells.weight + empty * share * unit, cells.weight2 + empty * share * unit**2
    spread = metric_stderr(metric, Cells(weight, weight2, condition_on=cells.condition_on))
    if cells.by_block is not None or cells.covariance is not None:  # their part, from the cells as they are
        simple = metric_stderr(metric, replace(cells, by_block=None, covariance=None))
        known = (simple > 0) & (stderr > 0)
        spread = spread * np.where(known, stderr / np.where(known, simple, 1.0), 1.0)
    return np.asarray(metric.value(weight), dtype=np.float64), spread
