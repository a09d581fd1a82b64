"""A Jacobian, and how it was found."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from conjac._typing import FloatArray
from conjac.calculus.linear import LinearMap
from conjac.errors import ConjacWarning
from conjac.readonly import locked


@dataclass(frozen=True, eq=False)
class JacobianResult(LinearMap):
    """The Jacobian of a vector function at a point; NumPy reads it as the array ``jacobian``.

    Attributes
    ----------
    jacobian : array of shape (v, u)
        Partial derivatives, output axes first: in units of each output per unit of each input.
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

    Notes
    -----
    How each library differentiates is with `jacobian` (differences: B. Fornberg 1988).

    Examples
    --------
    >>> from conjac.calculus import jacobian
    >>> found = jacobian(lambda x: x[0] * x[1], [2.0, 3.0])
    >>> found.jacobian.round(6), found.shape, found.success
    (array([[3., 2.]]), (1, 2), True)
    """

    output_ndim: ClassVar[int] = 1

    jacobian: FloatArray
    value: FloatArray
    error: FloatArray
    success: bool
    method: str
    n_evaluations: int

    def __post_init__(self) -> None:
        for name in ("jacobian", "value", "error"):
            object.__setattr__(self, name, locked(getattr(self, name)))

    @property
    def shape(self) -> tuple[int, int]:
        """Outputs, inputs."""
        return len(self.value), self.jacobian.shape[1]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.jacobian, dtype=dtype, copy=copy)


def warn_of_failure(result: JacobianResult, stacklevel: int) -> None:
    """Warn of the entry that is furthest from converged, where a Jacobian has not."""
    if result.success:
        return
    output, axis = np.unravel_index(np.argmax(np.nan_to_num(result.error, nan=np.inf)), result.shape)
    warnings.warn(
        f"the derivatives of f[{output}] in x[{axis}] do not converge: {result.jacobian[output, axis]:.6g} +- "
        f"{result.error[output, axis]:.2g}; result.success is False and result.error tells of each entry",
        ConjacWarning,
        stacklevel=stacklevel,
    )
