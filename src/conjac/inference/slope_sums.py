r"""The variance of the derivative of every cell by every offset, from a few sums over rows.

With a share :math:`a_{im}` of what a unit of row i's weight adds to the flux between its own side and class m, offset l
moves :math:`s_i = -a_{il}` of the row's weight into its own cell, or :math:`\sum_m a_{im}` where l is the row's own
side, and :math:`a_{il}` into that of l. So for one class, offset and column the sums over rows of
:math:`w^2 s`, :math:`w^2 s^2` and, in their own cell, :math:`w^2 s` follow from those of :math:`w^2 a`,
:math:`w^2 a^2` and :math:`w^2 (\sum_m a_m)^2`, and no product of two fluxes is left to be summed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.density import Boundary
from conjac.density.near import sums_by
from conjac.inference.cells import Cells, used_blocks


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
    found = -sides[:, :, offset]
    found[:, offset] = sides[:, offset].sum(axis=1)
    return found


@dataclass(frozen=True, eq=False)
class RowSums:
    """Sums over independent rows; arrays of shape (n_columns, n_columns, n_columns), as for `moved`.

    Attributes
    ----------
    cells : Cells
        At one point.
    value : array
        Fluxes.
    first, second : array
        Sums of squared weight times what a unit of it adds, and times the square of that.
    together : array of shape (n_columns, n_columns)
        By cell, sums of the squares of what rows add to all fluxes together.
    """

    cells: Cells
    value: FloatArray
    first: FloatArray
    second: FloatArray
    together: FloatArray

    @classmethod
    def of(cls, cells: Cells, boundary: Boundary, weight: FloatArray | None) -> Self:
        """Sum over the rows near facets."""
        first, second = np.zeros((2, boundary.value.size))
        of_row = np.zeros(len(boundary.cell))
        for row, side, adds in boundary.adds():
            if weight is not None:
                adds *= weight[row]
            first += sums_by(side, adds if weight is None else adds * weight[row], first.size)
            second += sums_by(side, adds * adds, second.size)
            np.add.at(of_row, row, adds)
        shape = boundary.value.shape
        together = sums_by(boundary.cell, of_row * of_row, shape[0] * shape[1])
        return cls(cells, boundary.value, first.reshape(shape), second.reshape(shape), together.reshape(shape[:2]))

    def of_cells(self, offset: int, by_class: bool) -> FloatArray:
        """Return the variance of the cells' derivatives by an offset, array of shape (n_columns, n_columns).

        Parameters
        ----------
        offset : int
        by_class : bool
            Whether each class's total is fixed, or that of all.
        """
        total, total2 = (_total(weight[0], by_class) for weight in (self.cells.weight, self.cells.weight2))
        mean = moved(self.value, offset) / _or_one(total)
        return np.asarray(self._squares(offset) - 2 * mean * moved(self._both_first, offset) + mean**2 * total2)

    def of_shares(self, offset: int) -> FloatArray:
        """Return the variance of the derivatives of the cells as shares of their column, of the same shape.

        Of a row's s, and 1 where it is in the column or else 0, the squares and products are summed by class.
        """
        weight, weight2 = self.cells.weight[0], self.cells.weight2[0]
        slope = moved(self.value, offset)
        column = Column.of(weight, slope)
        own = moved(self.first, offset)
        squares = self._squares(offset) - 2 * column.rate * own + column.rate**2 * weight2
        products, counts = own - column.rate * weight2, weight2
        if self.cells.condition_on:
            total, total2 = _or_one(_total(weight, True)), _total(weight2, True)
            mean, held = (slope - column.rate * weight) / total, weight / total
            first = moved(self._both_first, offset) - column.rate * weight2
            squares = squares - 2 * mean * first + mean**2 * total2
            products = products - mean * weight2 - held * first + mean * held * total2
            counts = counts - 2 * held * weight2 + held**2 * total2
        found = column.squared(squares) - 2 * column.slope * (products - column.share * products.sum(axis=0))
        return np.asarray((found + column.slope**2 * counts.sum(axis=0)) / column.total**2)

    def _squares(self, offset: int) -> FloatArray:
        found = np.abs(moved(self._both_second, offset))
        found[:, offset] += self.together[:, offset] - self.second[:, offset].sum(axis=1)
        return found

    @cached_property
    def _both_first(self) -> FloatArray:
        return self.first + self.first.swapaxes(1, 2)

    @cached_property
    def _both_second(self) -> FloatArray:
        return self.second + self.second.swapaxes(1, 2)


@dataclass(frozen=True, eq=False)
class BlockSums:
    """Sums by block of clusters, as `RowSums`.

    Attributes
    ----------
    cells : Cells
        At one point, with ``by_block``.
    value : array of shape (n_columns, n_columns, n_columns, n_blocks)
        Each block's part of the fluxes.
    """

    cells: Cells
    value: FloatArray

    @classmethod
    def of(cls, cells: Cells, boundary: Boundary, weight: FloatArray | None, block: IntArray) -> Self:
        """Sum over the rows near facets."""
        assert cells.by_block is not None
        shape = *boundary.value.shape, cells.by_block.shape[-1]
        sides = np.zeros((boundary.value.size, shape[-1]))
        for row, side, adds in boundary.adds():
            np.add.at(sides, (side, block[row]), adds if weight is None else adds * weight[row])
        value = sides.reshape(shape)
        return cls(cells, value + value.swapaxes(1, 2))

    def of_cells(self, offset: int, by_class: bool) -> FloatArray:
        """Do as `RowSums.of_cells`."""
        slope, blocks = moved(self.value, offset), self._blocks
        mean = slope.sum(axis=-1) / _or_one(_total(self.cells.weight[0], by_class))
        return self._variance(slope - mean[..., None] * _total(blocks, by_class))

    def of_shares(self, offset: int) -> FloatArray:
        """Do as `RowSums.of_shares`."""
        weight, held = self.cells.weight[0], self._blocks
        slope = moved(self.value, offset)
        column = Column.of(weight, slope.sum(axis=-1))
        slope = slope - column.rate[:, None] * held
        if self.cells.condition_on:
            share = _total(held, True) / _or_one(_total(weight, True))[..., None]
            slope = slope - slope.sum(axis=-1, keepdims=True) * share
            held = held - weight[..., None] * share
        told = slope - column.share[..., None] * slope.sum(axis=0) - column.slope[..., None] * held.sum(axis=0)
        return self._variance(told / column.total[:, None])

    def _variance(self, residual: FloatArray) -> FloatArray:
        return np.asarray((residual**2).sum(axis=-1) * of_blocks(self._blocks))

    @property
    def _blocks(self) -> FloatArray:
        assert self.cells.by_block is not None
        return np.asarray(self.cells.by_block[0])


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
        total = _or_one(weight.sum(axis=0))
        rate = slope.sum(axis=0) / total
        return cls(total, rate, weight / total, slope / total - weight / total * rate)

    def squared(self, squares: FloatArray) -> FloatArray:
        """Return sums of squares over all classes, where a cell's share moves with its own class less all classes."""
        return np.asarray((1 - 2 * self.share) * squares + self.share**2 * squares.sum(axis=0))


def of_blocks(by_block: FloatArray) -> float:
    """Return what sums of squares over blocks are multiplied by."""
    used = used_blocks(by_block)
    return used / max(used - 1, 1)


def _total(values: AnyArray, by_class: bool) -> AnyArray:
    """Return each class's total, or that of all, in a shape to divide cells by."""
    return np.asarray(values.sum(axis=1 if by_class else (0, 1), keepdims=True))


def _or_one(total: AnyArray) -> FloatArray:
    """Return totals to divide by: 1 where there is nothing, so that its shares are 0."""
    return np.asarray(np.where(total > 0, total, 1.0))
