"""The delta method, with derivatives by the complex step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.calculus.analytic import complex_step


def propagate(
    function: Callable[[AnyArray], AnyArray], point: FloatArray, covariance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return a smooth function's value and its standard error.

    Parameters
    ----------
    function : callable
        From an array of shape (..., p), perhaps complex, to one of shape (..., q), analytic.
    point : array of shape (..., p)
    covariance : array of shape (..., p, p)

    Returns
    -------
    value, stderr : arrays of shape (..., q)

    Examples
    --------
    >>> import numpy as np
    >>> value, stderr = propagate(lambda x: x**2, np.array([3.0]), np.array([[0.01]]))
    >>> value, stderr
    (array([9.]), array([0.6]))
    """
    value = np.asarray(function(point), dtype=np.float64)
    jacobian = complex_step(function, point)
    with np.errstate(over="ignore", invalid="ignore"):  # a rate over next to nothing has an error without bound
        variance = ((jacobian @ covariance) * jacobian).sum(axis=-1)
    return value, np.sqrt(np.maximum(variance, 0.0))


def divide(numerator: AnyArray, denominator: AnyArray, undefined: float) -> AnyArray:
    """Return the ratio, and ``undefined`` where the denominator is 0; complex arrays pass through."""
    empty = denominator == 0
    return np.asarray(np.where(empty, undefined, numerator / np.where(empty, 1, denominator)))


def normalized(cells: AnyArray, how: str | None) -> AnyArray:
    """Return the cells as shares of their row ("true"), column ("pred") or total ("all"); 0 where that is empty."""
    return cells if how is None else divide(cells, _total(cells, how), 0.0)


def normalized_slope(cells: AnyArray, slope: AnyArray, how: str | None) -> AnyArray:
    """Return the derivative of `normalized`, the denominator's own motion included."""
    if how is None:
        return slope
    total = _total(cells, how)
    share = divide(cells, total, np.nan)
    return divide(slope - share * _total(slope, how), total, np.nan)


def normalized_cotangent(cells: AnyArray, cotangent: FloatArray, how: str | None) -> FloatArray:
    """Return what a weighting of the cells as normalised is of the cells: the transpose of `normalized_slope`."""
    if how is None:
        return cotangent
    total = _total(cells, how)
    mean = _total(cotangent * divide(cells, total, np.nan), how)
    return np.asarray(divide(cotangent - mean, total, np.nan))


def _total(cells: AnyArray, how: str) -> AnyArray:
    axes = {"true": (-1,), "pred": (-2,), "all": (-2, -1)}[how]
    return np.broadcast_to(cells.sum(axis=axes, keepdims=True), cells.shape)
