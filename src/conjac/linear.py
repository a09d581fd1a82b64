"""A Jacobian as a linear map: what it does to a direction, and to a weighting of the cells."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator

from conjac._typing import FloatArray
from conjac.errors import InvalidInputError
from conjac.reading import as_array, as_float


class LinearMap(ABC):
    """Products with a Jacobian of shape (K, K, *parameter_shape)."""

    @property
    @abstractmethod
    def jacobian(self) -> FloatArray:
        """The Jacobian, array of shape (K, K, *parameter_shape)."""

    def jvp(self, direction: Any = 1.0) -> FloatArray:
        """Return the motion of the matrix along a direction in the parameter.

        Parameters
        ----------
        direction : array of shape parameter_shape

        Returns
        -------
        array of shape (K, K)
        """
        step = self._checked(direction, self.jacobian.shape[2:], "direction")
        return np.asarray(np.tensordot(self.jacobian, step, axes=step.ndim))

    def vjp(self, cotangent: Any) -> FloatArray:
        """Return the derivative of a weighted sum of cells, ``sum(cotangent * matrix)``.

        Parameters
        ----------
        cotangent : array of shape (K, K)

        Returns
        -------
        array of shape parameter_shape
        """
        weights = self._checked(cotangent, self.jacobian.shape[:2], "cotangent")
        return np.asarray(np.tensordot(weights, self.jacobian, axes=2))

    def as_linear_operator(self) -> LinearOperator:
        """Return the Jacobian as a SciPy operator, from the flat parameter to the K*K cells in row order."""
        n_cells = self.jacobian.shape[0] * self.jacobian.shape[1]
        dense = self.jacobian.reshape(n_cells, -1)
        return LinearOperator(
            dense.shape,
            matvec=lambda step: dense @ np.ravel(step),
            rmatvec=lambda weights: dense.T @ np.ravel(weights),
            dtype=np.float64,
        )

    @staticmethod
    def _checked(values: Any, shape: tuple[int, ...], name: str) -> FloatArray:
        array = as_float(as_array(values, name), name).astype(np.float64)
        if array.shape != shape:
            raise InvalidInputError(f"{name} has shape {array.shape}; expected {shape}")
        return array
