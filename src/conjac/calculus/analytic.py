"""Derivatives of analytic functions by the complex step, many points at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray

STEP = 1e-30
SMALLEST = 1e-200
"""Size below which entries are taken as 0 by the step, so that it does not vanish."""


def complex_step(f: Callable[[AnyArray], AnyArray], points: Any) -> FloatArray:
    r"""Return the Jacobians of an analytic function at many points.

    Parameters
    ----------
    f : callable
        From an array of shape (..., u), complex, to one of shape (..., v): built of analytic functions alone (no
        absolute value, no comparison of complex numbers).
    points : array of shape (..., u)
        Where.

    Returns
    -------
    array of shape (..., v, u)
        In units of the output per unit of each input.

    Notes
    -----
    :math:`f'(x) = \mathrm{Im} f(x + i \epsilon) / \epsilon` is exact to rounding, since nothing is subtracted
    (Squire & Trapp 1998, SIAM Review 40:110).

    Examples
    --------
    >>> import numpy as np
    >>> complex_step(lambda x: x**2, np.array([[1.0], [3.0]])).ravel()
    array([2., 6.])
    """
    points, columns = np.asarray(points, dtype=np.float64), []
    size = np.abs(points)
    least = np.min(size, axis=-1, where=(size > 0) & np.isfinite(size), initial=1.0)
    step = STEP * np.maximum(least, SMALLEST)  # small beside every entry
    for j in range(points.shape[-1]):
        shifted = points.astype(np.complex128)
        shifted[..., j] += 1j * step
        columns.append(np.asarray(f(shifted)).imag / step[..., None])
    return np.stack(columns, axis=-1)


def along(f: Callable[[AnyArray], AnyArray], point: Any, directions: Any) -> FloatArray:
    """Return the derivatives of an analytic function at one point along directions, by the complex step.

    Parameters
    ----------
    f : callable
        As for `complex_step`, of arrays of shape (..., *point.shape).
    point : array of any shape
        Not negative.
    directions : array of shape (n_directions, *point.shape)

    Returns
    -------
    array of shape (n_directions, ...)

    Examples
    --------
    >>> import numpy as np
    >>> along(lambda x: x**2, np.array([1.0, 3.0]), np.array([[1.0, 0.0], [1.0, 2.0]]))
    array([[ 2.,  0.],
           [ 2., 12.]])
    """
    size = float(np.sum(point)) / max(float(np.abs(directions).max(initial=0.0)), SMALLEST)
    step = STEP * size if size > 0 else STEP  # small beside the point, whatever its unit
    return np.asarray(f(point + 1j * step * directions)).imag / step
