"""Jacobians of any callable by finite differences, through `scipy.differentiate`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import numpy as np
from scipy.differentiate import derivative
from scipy.differentiate import jacobian as derivatives

from conjac._typing import AnyArray, BoolArray, FloatArray
from conjac.calculus.line import Line
from conjac.calculus.result import JacobianResult, warn_of_failure
from conjac.calculus.smoothness import constant_beside, refuse_kinks, refuse_steps
from conjac.calculus.values import as_value, as_value_elsewhere

METHOD = "scipy.differentiate.derivative"
EPS = float(np.finfo(np.float64).eps)
SEEK = {"rtol": 1e-10, "atol": 1e-12}
ENOUGH = 1e-7
"""Error at which an entry is taken to have converged, relative to the entry and to the function's size."""
NEARBY = 2.0**-4
"""Within how many units of the point the function's size is taken."""
QUICK = 2.0**-6
"""First step where f is trusted to be smooth."""
FLOOR = 4
"""Error of a difference by rounding, in units of the precision times the function's size over the least step."""


@contextmanager
def quiet() -> Iterator[None]:
    """Silence what f says off its domain, where differences are tried."""
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        yield


class Numerical:
    """A function and a point, differentiated by differences."""

    def __init__(self, f: Callable[[Any], Any], point: FloatArray, found: Any) -> None:
        self._f = f
        self.point = point
        self.value = self.output = as_value(found)
        self.n_evaluations = 1

    def elsewhere(self, point: FloatArray) -> Numerical:
        """Return the function at another point."""
        return Numerical(self._f, point, self._f(point.copy()))

    def evaluate(self, point: FloatArray) -> FloatArray:
        """Return f at another point, array of shape (v,); nan where f does not exist."""
        with quiet():
            return self._outputs(point)

    def _outputs(self, point: FloatArray) -> FloatArray:
        self.n_evaluations += 1
        try:
            found = self._f(point.copy())
        except (ValueError, ArithmeticError):  # math.log(-1): outside the domain, since f(x) itself was found
            return np.full_like(self.value, np.nan)
        return as_value_elsewhere(found, self.value, point)

    def jacobian(self) -> JacobianResult:
        """Return the Jacobian, column by column."""
        return self._along(np.eye(len(self.point)))

    def jvp(self, direction: FloatArray) -> FloatArray:
        """Return the product with a direction, from the derivative along it alone."""
        if not direction.any():
            return np.zeros_like(self.value)
        found = self._along(direction[None])
        warn_of_failure(found, stacklevel=4)
        return found.jacobian[:, 0]

    def vjp(self, cotangent: FloatArray) -> FloatArray:
        """Return a cotangent's product with the whole Jacobian, which one gradient would cost as well."""
        found = self.jacobian()
        warn_of_failure(found, stacklevel=4)
        return found.vjp(cotangent)

    def jacobians(self, points: FloatArray, values: FloatArray) -> tuple[FloatArray, BoolArray]:
        """Return the Jacobians at many points, and which converged: quickly, and trusting f to be smooth.

        Parameters
        ----------
        points : array of shape (n_points, u)
        values : array of shape (n_points, v)
            f there.

        Returns
        -------
        jacobians, success : arrays of shape (n_points, v, u), (n_points,)
        """

        def each(x: FloatArray) -> FloatArray:
            outputs = [self._outputs(point) for point in x.reshape(len(x), -1).T]
            return np.stack(outputs, axis=-1).reshape(-1, *x.shape[1:])

        with quiet():
            found = derivatives(each, points.T, tolerances=SEEK, initial_step=QUICK)
        matrices, errors = np.moveaxis(found.df, -1, 0), np.moveaxis(np.abs(found.error), -1, 0)
        sizes = np.abs(values)[:, :, None] / np.maximum(1, np.abs(points))[:, None, :]
        return matrices, np.asarray((errors <= ENOUGH * (np.abs(matrices) + sizes)).all(axis=(1, 2)))

    def _along(self, directions: FloatArray) -> JacobianResult:
        """Return the derivatives along directions, a column for each."""
        with quiet():
            columns = [_derivative(Line(self._outputs, self.point, self.value, along, EPS)) for along in directions]
        matrix, error, enough = (np.stack(part, axis=1) for part in zip(*columns, strict=True))
        return JacobianResult(matrix, self.value, error, bool(enough.all()), METHOD, self.n_evaluations)


def _derivative(line: Line) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return the derivative along a line, its error, and whether it converged; arrays of shape (v,).

    Of differences from wide to narrow, then to one side, each output keeps those of least error.
    """
    refuse_steps(line, constant_beside(line))
    refuse_kinks(line)
    size = line.largest(NEARBY)
    best, least = np.full_like(size, np.nan), np.full_like(size, np.inf)
    for side, width in product((0, 1, -1), line.widths.tolist()):
        slope, error = _differences(line, width, side)
        error = error + _doubt(line, slope, width, side)
        better = error < least
        best, least = np.where(better, slope, best), np.where(better, error, least)
        enough = least <= ENOUGH * (np.abs(best) + size)
        if enough.all():
            break
    return best * line.rate, least * line.rate, enough


def _differences(line: Line, width: float, side: int) -> tuple[FloatArray, FloatArray]:
    """Return the slope per unit and its error by differences whose first step is a width."""
    size = line.largest(width)
    scale = np.where(size > 0, size, 1.0)

    def along(displacement: AnyArray, output: AnyArray) -> FloatArray:
        pairs = zip(displacement.ravel().tolist(), np.broadcast_to(output, displacement.shape).flat, strict=True)
        return np.array([line.at(t)[i] / scale[i] for t, i in pairs]).reshape(displacement.shape)

    outputs = np.arange(len(size))
    found = derivative(along, 0.0 * outputs, args=(outputs,), tolerances=SEEK, initial_step=width, step_direction=side)
    slope = np.asarray(found.df * scale)
    least_step = width * 2.0 ** -(found.nit + 2)
    rounding = FLOOR * line.eps * (line.largest(width) + np.abs(slope) * width) / least_step
    return slope, np.asarray(np.abs(found.error) * scale + rounding)


def _doubt(line: Line, slope: FloatArray, width: float, side: int) -> FloatArray:
    """Return how far a slope is from those over closer looks, beyond what these change at the next closer one."""
    closer = line.widths < width
    slopes, rounding = line.slopes(side)[closer], FLOOR * line.rounding[closer]
    off = np.abs(slope - slopes[:-1]) - 2 * np.abs(np.diff(slopes, axis=0)) - rounding[:-1]
    off[np.isinf(slopes[:-1])] = np.inf
    return np.asarray(np.fmax.reduce(off, axis=0, initial=0.0))
