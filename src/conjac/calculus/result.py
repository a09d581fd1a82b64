"""A Jacobian, and how it was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from conjac._typing import FloatArray
from conjac.calculus.linear import LinearMap


@dataclass(frozen=True, eq=False)
class JacobianResult(LinearMap):
    """The Jacobian of a vector function at a point; NumPy reads it as the array ``jacobian``.

    Attributes
    ----------
    jacobian : array of shape (v, u)
        Partial derivatives: output axes first.
    value : array of shape (v,)
        The function there.
    error : array of shape (v, u)
        Estimated absolute error of each entry; rounding alone where the derivative is not numerical.
    success : bool
        Whether every entry's error is small.
    method : str
        What differentiated.
    n_evaluations : int
        Calls of the function.
    """

    output_ndim: ClassVar[int] = 1

    jacobian: FloatArray
    value: FloatArray
    error: FloatArray
    success: bool
    method: str
    n_evaluations: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Outputs, inputs."""
        return self.jacobian.shape

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.jacobian, dtype=dtype, copy=copy)
