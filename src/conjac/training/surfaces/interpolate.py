"""Between the nodes of a grid, by values and gradients: bicubic Hermite interpolation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from scipy.interpolate import CubicHermiteSpline, NdPPoly, PchipInterpolator

from conjac._typing import FloatArray


@dataclass(frozen=True, eq=False)
class Interpolant:
    r"""A surface between its nodes.

    On each rectangle it is the bicubic polynomial that has the nodes' values, gradients and cross derivatives. These
    last are differences of neighbouring gradients. Where a gradient is not known, slopes are those of PCHIP through the
    values along that line, which follow them without overshooting.

    Attributes
    ----------
    poly : NdPPoly

    Notes
    -----
    Fritsch, F. N., J. Butland 1984, SIAM Journal on Scientific and Statistical Computing 5:300, for PCHIP.

    Examples
    --------
    >>> import numpy as np
    >>> u = np.array([0.0, 1.0, 2.0])
    >>> value, slope = u[:, None] ** 2 + u, np.stack([2 * u[:, None] + 0 * u, np.ones((3, 3))], axis=-1)
    >>> found = Interpolant.of(u, u, value, slope)
    >>> found.value(0.5, 1.5), found.gradient(0.5, 1.5)
    (array(1.75), array([1., 1.]))
    """

    poly: NdPPoly

    @classmethod
    def of(cls, first: FloatArray, second: FloatArray, value: FloatArray, gradient: FloatArray) -> Self:
        """Make the polynomials.

        Parameters
        ----------
        first, second : array of shape (n_first,), (n_second,)
            Where the nodes lie, increasing.
        value : array of shape (n_first, n_second)
            nan where it is not defined: so are the rectangles around.
        gradient : array of shape (n_first, n_second, 2)
            nan where it is not known.
        """
        undefined = ~np.isfinite(value)
        f = np.where(undefined, 0.0, value)
        (fu, known_u), (fv, known_v) = _filled(first, f, gradient[..., 0], 0), _filled(second, f, gradient[..., 1], 1)
        cross = _cross((first, second), (fu, fv), (known_u, known_v))
        rows, moved = (CubicHermiteSpline(first, *pair, axis=0).c for pair in ((f, fu), (fv, cross)))
        both = CubicHermiteSpline(second, np.moveaxis(rows, -1, 0), np.moveaxis(moved, -1, 0), axis=0).c
        coefficients = np.transpose(both, (2, 0, 3, 1)).copy()
        corners = undefined[:-1] | undefined[1:]
        coefficients[:, :, corners[:, :-1] | corners[:, 1:]] = np.nan
        return cls(NdPPoly(coefficients, (first, second)))

    def value(self, first: FloatArray | float, second: FloatArray | float) -> FloatArray:
        """Return values at points, array of their shape; nan outside."""
        return self._at(first, second, (0, 0))

    def gradient(self, first: FloatArray | float, second: FloatArray | float) -> FloatArray:
        """Return gradients at points, array of their shape and a last axis of 2; nan outside."""
        return np.stack([self._at(first, second, order) for order in ((1, 0), (0, 1))], axis=-1)

    def _at(self, first: FloatArray | float, second: FloatArray | float, order: tuple[int, int]) -> FloatArray:
        points = np.stack(np.broadcast_arrays(first, second), axis=-1).astype(np.float64)
        found = self.poly(points.reshape(-1, 2), nu=order, extrapolate=False)
        return np.asarray(found.reshape(points.shape[:-1]))


def _filled(at: FloatArray, value: FloatArray, slope: FloatArray, axis: int) -> tuple[FloatArray, bool]:
    """Return slopes along an axis, those that are not known by the neighbouring values; and whether any is known."""
    missing = ~np.isfinite(slope)
    if not missing.any():
        return slope, True
    return np.where(missing, _by_values(at, value, axis), slope), not bool(missing.all())


def _by_values(at: FloatArray, value: FloatArray, axis: int) -> FloatArray:
    """Return slopes at nodes from values alone, without overshooting."""
    return np.asarray(PchipInterpolator(at, value, axis=axis).derivative()(at))


def _cross(
    at: tuple[FloatArray, FloatArray], slopes: tuple[FloatArray, FloatArray], known: tuple[bool, bool]
) -> FloatArray:
    """Return cross derivatives at nodes: the mean of differences of both gradients, or of the one that is known."""
    found = []
    for axis in (0, 1):
        across = slopes[1 - axis]
        if known[axis]:
            edge: Literal[1, 2] = 2 if len(at[axis]) > 2 else 1
            found.append(np.asarray(np.gradient(across, at[axis], axis=axis, edge_order=edge)))
        else:
            found.append(_by_values(at[axis], across, axis))
    use = [part for part, told in zip(found, reversed(known), strict=True) if told] or found
    return np.asarray(np.mean(use, axis=0))
