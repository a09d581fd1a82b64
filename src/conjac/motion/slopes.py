"""A derivative with its error: what every motion gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, Self

import numpy as np

from conjac._typing import FloatArray, Normalize
from conjac.inference import Cells
from conjac.metrics import Metric

MIN_ROWS = 5
"""Effective rows behind a slope below which its interval is nan."""


class Slopes(NamedTuple):
    """Derivatives, arrays of one shape; the parameter, or the point, is the first axis.

    Attributes
    ----------
    value : array of shape (n_points, ...)
        The estimate of least mean squared error.
    center : array of shape (n_points, ...)
        The bias-corrected one, on which intervals are centred.
    stderr : array of shape (n_points, ...)
        Standard error of ``center``; nan where too few rows are behind it.
    df : array of shape (n_points, ...) or None
        Degrees of freedom of each error, where they are not those of the cells'.

    Examples
    --------
    >>> Slopes(np.array([2.0]), np.array([1.5]), np.array([0.5])).mapped(np.negative).center
    array([-1.5])
    """

    value: FloatArray
    center: FloatArray
    stderr: FloatArray
    df: FloatArray | None = None

    def mapped(self, function: Callable[[FloatArray], FloatArray]) -> Self:
        """Return what a function makes of each array.

        Parameters
        ----------
        function : callable
            From an array to an array.

        Returns
        -------
        Slopes
            Of what it returns.
        """
        value, center, stderr = map(function, self[:3])
        return type(self)(value, center, stderr, None if self.df is None else function(self.df))


def with_shape(values: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Return figures whose first axis is the parameter with the parameters' own axes last.

    Parameters
    ----------
    values : array of shape (n_parameters, ...)
    shape : tuple of int
        Of the parameters: (-1,) of a list of them, that of an image of its pixels.

    Examples
    --------
    >>> with_shape(np.zeros((6, 2, 2)), (2, 3)).shape
    (2, 2, 2, 3)
    """
    last = np.moveaxis(values, 0, -1)
    return last.reshape(*last.shape[:-1], *shape)


class CellMotion(Protocol):
    """How cells move, whatever moves them: what a Jacobian and a sensitivity ask for."""

    @property
    def counted(self) -> Cells:
        """Exact counts at one point."""
        ...

    @property
    def derivative(self) -> FloatArray:
        """Derivative of the cells; the parameter is the first axis."""
        ...

    @property
    def method(self) -> str:
        """Which estimator served."""
        ...

    def cells_stderr(self, how: Normalize | None) -> FloatArray:
        """Return the standard error of each cell as normalised."""
        ...

    def arranged(self, values: FloatArray) -> FloatArray:
        """Return figures with the parameter as their last axis."""
        ...

    def slopes(self, how: Normalize | None) -> Slopes:
        """Return the derivative of the matrix as normalised."""
        ...

    def metric_slope(self, row: Metric) -> Slopes:
        """Return a metric's derivative."""
        ...
