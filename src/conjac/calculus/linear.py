"""A Jacobian as a linear map: what it does to a direction, and to a weighting of the outputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.sparse.linalg import LinearOperator

from conjac._typing import FloatArray
from conjac.errors import InvalidInputError
from conjac.reading import as_array, as_float


class LinearMap(ABC):
    """Products with a Jacobian: output axes first, parameter axes last."""

    output_ndim: ClassVar[int]
    """How many axes the output has: 1 for a vector, 2 for a matrix of cells."""

    if TYPE_CHECKING:  # for the type checker alone: at run time it would hide the field of a dataclass

        @property
        @abstractmethod
        def jacobian(self) -> FloatArray:
            """The Jacobian, array of shape (*output_shape, *parameter_shape)."""

    def jvp(self, direction: Any = 1.0) -> FloatArray:
        """Return the motion of the output along a direction in the parameter.

        Parameters
        ----------
        direction : array of shape parameter_shape
            A step in units of the parameter.

        Returns
        -------
        array of shape output_shape
            In units of the output.

        Raises
        ------
        InvalidInputError
            A direction of another shape, or not finite.
        """
        step = checked(direction, self.jacobian.shape[self.output_ndim :], "direction")
        return np.asarray(np.tensordot(self.jacobian, step, axes=step.ndim))

    def vjp(self, cotangent: Any) -> FloatArray:
        """Return the derivative of a weighted sum of the outputs, ``sum(cotangent * output)``.

        Parameters
        ----------
        cotangent : array of shape output_shape
            Weights of the outputs.

        Returns
        -------
        array of shape parameter_shape
            Per unit of the parameter.

        Raises
        ------
        InvalidInputError
            A cotangent of another shape, or not finite.
        """
        weights = checked(cotangent, self.jacobian.shape[: self.output_ndim], "cotangent")
        return np.asarray(np.tensordot(weights, self.jacobian, axes=weights.ndim))

    def as_linear_operator(self) -> LinearOperator:
        """Return the Jacobian as a SciPy operator, from the flat parameter to the flat output, both in C order.

        Returns
        -------
        scipy.sparse.linalg.LinearOperator
            Of shape (n_outputs, n_parameters).
        """
        dense = self.jacobian.reshape(int(np.prod(self.jacobian.shape[: self.output_ndim])), -1)
        return LinearOperator(
            dense.shape,
            matvec=lambda step: dense @ np.ravel(step),
            rmatvec=lambda weights: dense.T @ np.ravel(weights),
            dtype=np.float64,
        )


def checked(values: Any, shape: tuple[int, ...], name: str) -> FloatArray:
    """Return finite numbers of one shape, or an error that names the argument."""
    array = as_float(as_array(values, name), name).astype(np.float64)
    if array.shape != shape:
        raise InvalidInputError(f"{name} has shape {array.shape}; expected {shape}")
    return _finite(array, name)


def checked_vector(values: Any, name: str) -> FloatArray:
    """Return a finite vector; one number is a vector of length 1.

    Raises
    ------
    InvalidInputError
        More than one axis, no entry, or an entry that is missing or infinite.
    """
    array = as_float(as_array(values, name), name).astype(np.float64)
    if array.ndim > 1 or array.size == 0:
        raise InvalidInputError(f"{name} has shape {array.shape}; expected a vector of shape (n,): ravel it first")
    return _finite(np.atleast_1d(array), name)


def checked_matrix(values: Any, shape: tuple[int, int], name: str) -> FloatArray:
    """Return a finite matrix of one shape; where it has one row or one column, a vector or a number will do."""
    array = as_float(as_array(values, name), name).astype(np.float64)
    if array.ndim < 2 and min(shape) == 1 and array.size == max(shape):
        array = array.reshape(shape)
    return checked(array, shape, name)


def _finite(array: FloatArray, name: str) -> FloatArray:
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        index = ", ".join(map(str, bad[0]))
        raise InvalidInputError(
            f"{name}[{index}] is {array[tuple(bad[0])]}; expected finite numbers: move x into f's domain"
        )
    return array
