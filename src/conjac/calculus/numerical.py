"""Jacobians of any callable by finite differences, through `scipy.differentiate`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np
from scipy.differentiate import derivative
from scipy.differentiate import jacobian as derivatives

from conjac._typing import AnyArray, BoolArray, FloatArray
from conjac.calculus.linear import checked_vector
from conjac.calculus.result import JacobianResult
from conjac.calculus.smoothness import NEAR, moved, refuse_flat_steps, refuse_kinks
from conjac.errors import ConjacWarning, InvalidInputError

STEPS = (0.5, 2.0**-6, 2.0**-11, 2.0**-16)
"""First steps, tried in turn until the differences converge within the function's domain."""
SEEK = {"rtol": 1e-10, "atol": 1e-12}
ENOUGH = 1e-7
"""Error at which an entry is taken to have converged, relative to the entry and to the function's size over x's."""


@contextmanager
def quiet() -> Iterator[None]:
    """Silence what f says off its domain, where differences are tried."""
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        yield


class Numerical:
    """A function and a point, differentiated by differences."""

    def __init__(self, f: Callable[[Any], Any], point: FloatArray, value: Any) -> None:
        self._f = f
        self.point = point
        self.value = as_value(value)
        self.n_evaluations = 1

    def evaluate(self, point: FloatArray) -> FloatArray:
        """Return f at another point, array of shape (v,); nan where f does not exist."""
        with quiet():
            return self._outputs(point)

    def _outputs(self, point: FloatArray) -> FloatArray:
        self.n_evaluations += 1
        try:
            found = np.atleast_1d(np.asarray(self._f(point), dtype=np.float64))
        except (ValueError, ArithmeticError):  # math.log(-1): outside the domain, since f(x) itself was found
            return np.full_like(self.value, np.nan)
        if found.shape != self.value.shape:
            raise InvalidInputError(f"f returns shape {self.value.shape} at x, and {found.shape} at {point.tolist()}")
        return np.where(np.isfinite(found), found, np.nan)

    def jacobian(self) -> JacobianResult:
        """Return the Jacobian; warn where differences do not converge."""
        columns = [self._column(axis) for axis in range(len(self.point))]
        matrix, error, enough = (np.stack(part, axis=1) for part in zip(*columns, strict=True))
        if not enough.all():
            output, axis = np.argwhere(~enough)[0]
            warnings.warn(
                f"the difference quotients of f[{output}] in x[{axis}] do not converge: {matrix[output, axis]:.6g} "
                f"+- {error[output, axis]:.2g}; result.success is False and result.error tells of each entry",
                ConjacWarning,
                stacklevel=4,
            )
        return JacobianResult(
            matrix, self.value, error, bool(enough.all()), "scipy.differentiate.derivative", self.n_evaluations
        )

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
            found = derivatives(each, points.T, tolerances=SEEK, initial_step=STEPS[1])
        matrices, errors = np.moveaxis(found.df, -1, 0), np.moveaxis(np.abs(found.error), -1, 0)
        sizes = np.abs(values)[:, :, None] / np.maximum(1, np.abs(points))[:, None, :]
        return matrices, np.asarray((errors <= ENOUGH * (np.abs(matrices) + sizes)).all(axis=(1, 2)))

    def jvp(self, direction: FloatArray) -> FloatArray:
        """Return the product with a direction, from the derivative along it alone."""
        length = float(np.linalg.norm(direction))
        if length == 0:
            return np.zeros_like(self.value)
        along = Numerical(lambda s: self.evaluate(self.point + s * direction / length), np.zeros(1), self.value)
        return np.asarray(length * along.jacobian().jacobian[:, 0])

    def vjp(self, cotangent: FloatArray) -> FloatArray:
        """Return a cotangent's product, from the gradient of the weighted outputs."""
        weighted = Numerical(lambda x: cotangent @ self.evaluate(x), self.point, cotangent @ self.value)
        return np.asarray(weighted.jacobian().jacobian[0])

    def _column(self, axis: int) -> tuple[FloatArray, FloatArray, AnyArray]:
        found = _Column(self, axis)
        found.refuse_roughness()
        return found.derivative()


class _Column:
    """The outputs along one input."""

    def __init__(self, function: Numerical, axis: int) -> None:
        self.function, self.axis = function, axis
        self.unit = max(1.0, abs(function.point[axis]))
        self._seen: dict[float, FloatArray] = {0.0: function.value}

    def at(self, displacement: float) -> FloatArray:
        if displacement not in self._seen:
            self._seen[displacement] = self.function.evaluate(moved(self.function.point, self.axis, displacement))
        return self._seen[displacement]

    @cached_property
    def size(self) -> FloatArray:
        """Magnitude of each output nearby, array of shape (v,)."""
        near = [self.function.value, self.at(-STEPS[1]), self.at(STEPS[1])]
        return np.asarray(np.nanmax(np.abs(near), axis=0))

    def refuse_roughness(self) -> None:
        value, near = self.function.value, NEAR * self.unit
        left, right = self.at(-near), self.at(near)
        flat = np.zeros((len(value), len(self.function.point)), dtype=bool)
        flat[:, self.axis] = (left == value) & (right == value)
        refuse_flat_steps(self.function.evaluate, self.function.point, value, flat)
        if not flat[:, self.axis].all():
            refuse_kinks(self.function.evaluate, self.function.point, value, self.axis, self.size, near)

    def derivative(self) -> tuple[FloatArray, FloatArray, AnyArray]:
        """Return derivatives, errors, and which of them converged; arrays of shape (v,)."""
        best, least = np.full_like(self.size, np.nan), np.full_like(self.size, np.inf)
        enough = np.zeros(self.size.shape, dtype=bool)
        for step, side in self._ways():
            found, error = self._differences(step, side)
            better = np.isfinite(found) & (error < least)
            best, least = np.where(better, found, best), np.where(better, error, least)
            enough = least <= ENOUGH * (np.abs(np.nan_to_num(best)) + self.size / self.unit)
            if enough.all():
                break
        return best, least, enough

    def _ways(self) -> list[tuple[float, int]]:
        own = abs(self.function.point[self.axis])
        wide = [0.1 * own] if own > 10 * STEPS[0] else []
        narrow = [own / 4] if 0 < own < 1 else []
        central = [*STEPS[:1], *narrow, *wide, *STEPS[1:]]
        return [(step, 0) for step in central] + [(step, side) for side in (1, -1) for step in STEPS[1:]]

    def _differences(self, step: float, side: int) -> tuple[FloatArray, FloatArray]:
        def along(displacement: AnyArray, output: AnyArray) -> FloatArray:
            pairs = zip(displacement.ravel().tolist(), np.broadcast_to(output, displacement.shape).flat, strict=True)
            return np.array([self.at(d)[i] / scale[i] for d, i in pairs]).reshape(displacement.shape)

        outputs = np.arange(len(self.size))
        scale = np.where(self.size > 0, self.size, 1.0)
        with quiet():
            found = derivative(
                along, 0.0 * outputs, args=(outputs,), tolerances=SEEK, initial_step=step, step_direction=side
            )
        return np.asarray(found.df * scale), np.asarray(np.abs(found.error) * scale)


def as_value(found: Any) -> FloatArray:
    """Return what a function returned as a finite vector.

    Raises
    ------
    InvalidInputError
        A value that is no number, not finite, complex or of more than one axis.
    """
    if np.iscomplexobj(found):
        raise InvalidInputError("f(x) is complex; expected real numbers: return its real and imaginary parts")
    return checked_vector(found, "f(x)")
