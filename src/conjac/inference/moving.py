"""How a matrix moves with one offset: its cells, and as shares of its columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.density.near import or_one


def moved(sides: AnyArray, offset: int) -> FloatArray:
    """Return what a step of one offset adds to the cells, array of shape (n_columns, n_columns, ...).

    Parameters
    ----------
    sides : array of shape (n_columns, n_columns, n_columns, ...)
        What crosses, by true class, side and the class across.
    offset : int

    Examples
    --------
    >>> import numpy as np
    >>> moved(np.array([[[0.0, 2.0, 3.0], [2.0, 0.0, 5.0], [3.0, 5.0, 0.0]]]), 1)
    array([[-2.,  7., -5.]])
    """
    found = 0.0 - sides[:, :, offset]  # no negative zeros
    found[:, offset] = sides[:, offset].sum(axis=1)
    return found


@dataclass(frozen=True, eq=False)
class Column:
    """The columns of a matrix that moves, arrays of shape (n_columns,) or (n_columns, n_columns).

    Attributes
    ----------
    total : array of shape (n_columns,)
        1 where a column is empty.
    rate : array of shape (n_columns,)
        By how much of itself a column grows.
    share, slope : array of shape (n_columns, n_columns)
        Each cell as a share of its column, and the derivative of that.
    """

    total: FloatArray
    rate: FloatArray
    share: FloatArray
    slope: FloatArray

    @classmethod
    def of(cls, weight: AnyArray, slope: FloatArray) -> Self:
        """Look at cells and their derivatives, arrays of shape (n_columns, n_columns)."""
        total = or_one(weight.sum(axis=0))
        rate = slope.sum(axis=0) / total
        return cls(total, rate, weight / total, slope / total - weight / total * rate)

    def squared(self, squares: FloatArray) -> FloatArray:
        """Return sums of squares over all classes, where a cell's share moves with its own class less all classes."""
        return np.asarray((1 - 2 * self.share) * squares + self.share**2 * squares.sum(axis=0))


def total_of(values: AnyArray, by_class: bool) -> AnyArray:
    """Return each class's total, or that of all, in a shape to divide cells by."""
    return np.asarray(values.sum(axis=1 if by_class else (0, 1), keepdims=True))
