"""Derivatives by a library's own automatic differentiation: what PyTorch and JAX have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.calculus.linear import checked_vector
from conjac.calculus.numerical import as_value
from conjac.calculus.result import JacobianResult
from conjac.calculus.smoothness import refuse_flat_steps


class AutoDiff:
    """A function of a library's arrays, at a point.

    Parameters
    ----------
    f : callable
    x : array of the library
        A vector of shape (u,), or a number; of a floating dtype.
    transforms : module
        With ``jacrev``, ``jacfwd``, ``jvp`` and ``vjp``.
    to_numpy : callable
        From the library's array to NumPy's.
    like_x : callable
        From NumPy's array to the library's, of the dtype and device of ``x``.
    """

    def __init__(
        self,
        f: Callable[[Any], Any],
        x: Any,
        transforms: Any,
        to_numpy: Callable[[Any], AnyArray],
        like_x: Callable[[FloatArray], Any],
    ) -> None:
        self._f, self._x, self._transforms = f, x, transforms
        self._to_numpy, self._like_x = to_numpy, like_x
        told = to_numpy(x)
        self._precision = np.finfo(told.dtype)
        self.point = checked_vector(told, "x")
        self.value = as_value(to_numpy(f(x)))

    def evaluate(self, point: FloatArray) -> FloatArray:
        """Return f elsewhere, array of shape (v,)."""
        found = self._f(self._like_x(point.reshape(np.shape(self._x))))
        return np.atleast_1d(self._to_numpy(found)).astype(np.float64)

    def jacobian(self) -> JacobianResult:
        """Return the Jacobian: row by row where outputs are fewer than inputs, else column by column."""
        shape = (len(self.value), len(self.point))
        name = "jacrev" if shape[0] <= shape[1] else "jacfwd"
        matrix = self._to_numpy(getattr(self._transforms, name)(self._f)(self._x)).astype(np.float64).reshape(shape)
        looks = refuse_flat_steps(self.evaluate, self.point, self.value, matrix == 0, float(self._precision.eps))
        error = float(self._precision.eps) * np.abs(matrix)
        method = f"{self._transforms.__name__}.{name}, {self._precision.dtype}"
        return JacobianResult(matrix, self.value, error, bool(np.isfinite(matrix).all()), method, 2 + looks)

    def jvp(self, direction: FloatArray) -> FloatArray:
        """Return the Jacobian's product with a direction, array of shape (v,)."""
        tangent = self._like_x(direction.reshape(np.shape(self._x)))
        _, moved = self._transforms.jvp(self._f, (self._x,), (tangent,))
        return np.atleast_1d(self._to_numpy(moved)).astype(np.float64)

    def vjp(self, cotangent: FloatArray) -> FloatArray:
        """Return a cotangent's product with the Jacobian, array of shape (u,)."""
        value, pull = self._transforms.vjp(self._f, self._x)
        (gradient,) = pull(self._like_x(cotangent.reshape(np.shape(value))))
        return np.atleast_1d(self._to_numpy(gradient)).astype(np.float64)
