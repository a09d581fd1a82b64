"""Functions that bring their own Jacobian."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conjac._typing import FloatArray
from conjac.calculus.linear import checked_matrix, checked_vector
from conjac.calculus.numerical import EPS, Numerical
from conjac.calculus.result import JacobianResult
from conjac.errors import InvalidInputError


class ClosedForm:
    """A function with a method ``jacobian``, at a point.

    Parameters
    ----------
    f : callable
        Its method returns a matrix, or a `JacobianResult` that tells of its errors.
    x : array of shape (u,), or a number
    like_x : callable
        From NumPy's array to one of x's library.
    """

    def __init__(self, f: Any, x: Any, like_x: Callable[[FloatArray], Any]) -> None:
        self._f, self._like_x = f, like_x
        self.point = checked_vector(x, "x")
        self.output = f(like_x(self.point))
        self._elsewhere = Numerical(lambda point: f(like_x(point)), self.point, self.output)
        self.value = self._elsewhere.value

    def elsewhere(self, point: FloatArray) -> ClosedForm:
        """Return the function at another point."""
        return ClosedForm(self._f, point, self._like_x)

    def evaluate(self, point: FloatArray) -> FloatArray:
        """Return f at another point, array of shape (v,); nan where f does not exist."""
        return self._elsewhere.evaluate(point)

    def jacobian(self) -> JacobianResult:
        """Return what the function brings."""
        told = self._f.jacobian(self._like_x(self.point))
        if isinstance(told, JacobianResult):
            return told
        if not np.isfinite(matrix := np.asarray(told, dtype=np.float64)).all():
            raise InvalidInputError(f"f.jacobian is not finite at x={self.point.tolist()}: {matrix.tolist()}")
        matrix = checked_matrix(matrix, (len(self.value), len(self.point)), "f.jacobian")
        return JacobianResult(matrix, self.value, EPS * np.abs(matrix), True, "f.jacobian", 1)

    def jvp(self, direction: FloatArray) -> FloatArray:
        """Return the Jacobian's product with a direction, array of shape (v,)."""
        return self.jacobian().jvp(direction)

    def vjp(self, cotangent: FloatArray) -> FloatArray:
        """Return a cotangent's product with the Jacobian, array of shape (u,)."""
        return self.jacobian().vjp(cotangent)
