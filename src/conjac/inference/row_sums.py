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

from conjac._typing import FloatArray
from conjac.density import Boundary
from conjac.density.near import or_one, sums_by
from conjac.inference.cells import Cells
from conjac.inference.moving import Column, moved, total_of


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
    def of(cls, cells: Cells, boundary: Boundary) -> Self:
        """Sum over the rows near facets."""
        first, second = np.zeros((2, boundary.value.size))
        of_row = np.zeros(len(boundary.cell))
        for row, side, adds in boundary.adds():
            first += sums_by(side, boundary.weights.second(row, adds), first.size)
            second += sums_by(side, boundary.weights.second(row, adds * adds), second.size)
            np.add.at(of_row, row, adds)
        shape = boundary.value.shape
        together = _squares_by_cell(boundary, of_row)
        return cls(cells, boundary.value, first.reshape(shape), second.reshape(shape), together)

    def of_cells(self, offset: int, by_class: bool) -> FloatArray:
        """Return the variance of the cells' derivatives by an offset, array of shape (n_columns, n_columns).

        Parameters
        ----------
        offset : int
        by_class : bool
            Whether each class's total is fixed, or that of all.
        """
        total, total2 = (total_of(weight[0], by_class) for weight in (self.cells.weight, self.cells.weight2))
        mean = moved(self.value, offset) / or_one(total)
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
            total, total2 = or_one(total_of(weight, True)), total_of(weight2, True)
            mean, held = (slope - column.rate * weight) / total, weight / total
            first = moved(self._both_first, offset) - column.rate * weight2
            squares = squares - 2 * mean * first + mean**2 * total2
            products = products - mean * weight2 - held * first + mean * held * total2
            counts = counts - 2 * held * weight2 + held**2 * total2
        found = column.squared(squares) - 2 * column.slope * (products - column.share * products.sum(axis=0))
        return np.asarray((found + column.slope**2 * counts.sum(axis=0)) / column.total**2)

    def of_figure(self, steps: FloatArray, alone: FloatArray, together: FloatArray) -> FloatArray:
        """Return the variance of one figure's derivatives by the offsets, array of shape (n_columns,).

        Parameters
        ----------
        steps : array of shape (n_columns, n_columns, n_columns)
            By how much the figure gains where a unit crosses, by true class, side and the class across.
        alone : array of shape (n_columns, n_columns, n_columns)
            What a unit of each cell adds besides crossing, by offset.
        together : array of shape (n_columns, n_columns)
            From `squares_by_cell`.
        """
        first, second = steps * self.first, steps**2 * self.second
        own = np.arange(len(first))
        first[:, own, own], second[:, own, own] = -first.sum(axis=2), together
        by_offset = np.moveaxis(first, 2, 0)
        return np.asarray(
            second.sum(axis=(0, 1)) + (2 * alone * by_offset + alone**2 * self.cells.weight2[0]).sum(axis=(1, 2))
        )

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


def squares_by_cell(boundary: Boundary, steps: FloatArray) -> FloatArray:
    """Return, by cell, sums of the squares of what rows add to a figure by all facets together.

    Parameters
    ----------
    boundary : Boundary
    steps : array of shape (n_columns, n_columns, n_columns)
        As for `RowSums.of_figure`.
    """
    of_row = np.zeros(len(boundary.cell))
    for row, side, adds in boundary.adds():
        np.add.at(of_row, row, steps.ravel()[side] * adds)
    return _squares_by_cell(boundary, of_row)


def _squares_by_cell(boundary: Boundary, of_row: FloatArray) -> FloatArray:
    shape = boundary.value.shape[:2]
    squares = boundary.weights.second(slice(None), of_row * of_row)
    return sums_by(boundary.cell, squares, shape[0] * shape[1]).reshape(shape)
