"""Derivatives by a library's own automatic differentiation: what PyTorch and JAX have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.calculus.line import Line, slanted
from conjac.calculus.linear import checked_vector
from conjac.calculus.numerical import quiet
from conjac.calculus.result import JacobianResult
from conjac.calculus.smoothness import refuse_kinks, refuse_silence, refuse_steps
from conjac.calculus.values import as_value, as_value_elsewhere
from conjac.errors import InvalidInputError


class Arrays(Protocol):
    """A library's arrays, of one dtype and on one device."""

    transforms: Any
    """The module with ``jacrev``, ``jacfwd``, ``jvp`` and ``vjp``."""
    dtype: str
    eps: float

    def of(self, array: AnyArray) -> Any:
        """Return NumPy's array as the library's."""
        ...

    def vector(self, found: Any) -> Any:
        """Return what a function returned (numbers of any dtype, or a list of them) as one vector of the dtype."""
        ...

    def to_numpy(self, array: Any) -> AnyArray:
        """Return the library's array as NumPy's."""
        ...


class AutoDiff:
    """A function of a library's arrays, at a point.

    Derivatives are the library's, and are looked at: it returns 0 for a step, one of many slopes for a kink, and 0
    for what it was told not to differentiate.

    Parameters
    ----------
    f : callable
    x : array of shape (u,), or a number
    arrays : Arrays
    """

    def __init__(self, f: Callable[[Any], Any], x: AnyArray, arrays: Arrays) -> None:
        self.point = checked_vector(x, "x")
        self._f, self._arrays, self._shape = f, arrays, np.shape(x)
        self.output = self._vector(self._like_x(self.point))
        self.value = as_value(arrays.to_numpy(self.output))
        self.n_evaluations = 1

    def elsewhere(self, point: FloatArray) -> AutoDiff:
        """Return the function at another point."""
        return AutoDiff(self._f, point.reshape(self._shape), self._arrays)

    def evaluate(self, point: FloatArray) -> FloatArray:
        """Return f elsewhere, array of shape (v,); nan where it does not exist."""
        self.n_evaluations += 1
        return as_value_elsewhere(self._numpy(self._vector(self._like_x(point))), self.value, point)

    def jacobian(self) -> JacobianResult:
        """Return the Jacobian: row by row where outputs are fewer than inputs, else column by column."""
        shape = (len(self.value), len(self.point))
        name = "jacrev" if shape[0] <= shape[1] else "jacfwd"
        differentiate = getattr(self._arrays.transforms, name)(self._vector)
        matrix = self._numpy(differentiate(self._like_x(self.point))).reshape(shape)
        self._look(self.evaluate, self.value, slanted(self.point), (matrix == 0).all(axis=1))
        for axis in np.flatnonzero((matrix == 0).any(axis=0)):
            self._look(self.evaluate, self.value, np.eye(shape[1])[axis], matrix[:, axis] == 0)
        method = f"{self._arrays.transforms.__name__}.{name}, {self._arrays.dtype}"
        error = self._arrays.eps * np.abs(matrix)
        return JacobianResult(matrix, self.value, error, bool(np.isfinite(matrix).all()), method, self.n_evaluations)

    def jvp(self, direction: FloatArray) -> FloatArray:
        """Return the Jacobian's product with a direction, array of shape (v,)."""
        x, tangent = self._like_x(self.point), self._like_x(direction)
        product = self._numpy(self._arrays.transforms.jvp(self._vector, (x,), (tangent,))[1])
        if direction.any():
            self._look(self.evaluate, self.value, direction, product == 0)
        return product

    def vjp(self, cotangent: FloatArray) -> FloatArray:
        """Return a cotangent's product with the Jacobian, array of shape (u,)."""
        _, pull = self._arrays.transforms.vjp(self._vector, self._like_x(self.point))
        (gradient,) = pull(self._arrays.of(cotangent))
        product = self._numpy(gradient).reshape(self.point.shape)
        if cotangent.any():
            weighted = np.atleast_1d(cotangent @ self.value)
            flat = np.atleast_1d(~product.any())
            self._look(lambda x: np.atleast_1d(cotangent @ self.evaluate(x)), weighted, slanted(self.point), flat)
        return product

    def _look(
        self, evaluate: Callable[[FloatArray], FloatArray], value: FloatArray, direction: FloatArray, flat: Any
    ) -> None:
        """Raise where f has no derivative along a direction, or one that the library keeps still about."""
        with quiet():
            line = Line(evaluate, self.point, value, direction, self._arrays.eps)
            refuse_steps(line, flat)
            refuse_kinks(line)
            refuse_silence(line, flat)

    def _like_x(self, point: FloatArray) -> Any:
        return self._arrays.of(point.reshape(self._shape))

    def _vector(self, x: Any) -> Any:
        found = self._f(x)
        if found is None or (isinstance(found, list | tuple) and any(np.shape(part) != () for part in found)):
            raise InvalidInputError(f"f(x) is {found}; expected a vector, a number, or a list of numbers")
        return self._arrays.vector(found)

    def _numpy(self, array: Any) -> FloatArray:
        return self._arrays.to_numpy(array).astype(np.float64)
