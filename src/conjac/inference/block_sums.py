"""The variance of the derivative of every cell by every offset, where rows come in clusters: from sums by block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import FloatArray, IntArray
from conjac.density import Boundary
from conjac.density.near import or_one
from conjac.inference.cells import Cells, used_blocks
from conjac.inference.moving import Column, moved, total_of


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
    def of(cls, cells: Cells, boundary: Boundary, block: IntArray) -> Self:
        """Sum over the rows near facets."""
        assert cells.by_block is not None
        shape = *boundary.value.shape, cells.by_block.shape[-1]
        sides = np.zeros((boundary.value.size, shape[-1]))
        for row, side, adds in boundary.adds():
            np.add.at(sides, (side, block[row]), boundary.weights.first(row, adds))
        value = sides.reshape(shape)
        return cls(cells, value + value.swapaxes(1, 2))

    def of_cells(self, offset: int, by_class: bool) -> FloatArray:
        """Do as `RowSums.of_cells`."""
        slope, blocks = moved(self.value, offset), self._blocks
        mean = slope.sum(axis=-1) / or_one(total_of(self.cells.weight[0], by_class))
        return self._variance(slope - mean[..., None] * total_of(blocks, by_class))

    def of_shares(self, offset: int) -> FloatArray:
        """Do as `RowSums.of_shares`."""
        weight, held = self.cells.weight[0], self._blocks
        slope = moved(self.value, offset)
        column = Column.of(weight, slope.sum(axis=-1))
        slope = slope - column.rate[:, None] * held
        if self.cells.condition_on:
            share = total_of(held, True) / or_one(total_of(weight, True))[..., None]
            slope = slope - slope.sum(axis=-1, keepdims=True) * share
            held = held - weight[..., None] * share
        told = slope - column.share[..., None] * slope.sum(axis=0) - column.slope[..., None] * held.sum(axis=0)
        return self._variance(told / column.total[:, None])

    def of_figure(self, gradient: FloatArray, alone: FloatArray) -> FloatArray:
        """Return the covariance of one figure's derivatives by the offsets, array of shape (n_columns, n_columns).

        Parameters
        ----------
        gradient : array of shape (n_columns, n_columns)
            Of the figure in the cells.
        alone : array of shape (n_columns, n_columns, n_columns)
            As for `RowSums.of_figure`.
        """
        slopes = [np.tensordot(gradient, moved(self.value, offset), 2) for offset in range(len(gradient))]
        residual = np.stack(slopes) + np.tensordot(alone, self._blocks, 2)
        return np.asarray(residual @ residual.T * of_blocks(self._blocks))

    def _variance(self, residual: FloatArray) -> FloatArray:
        return np.asarray((residual**2).sum(axis=-1) * of_blocks(self._blocks))

    @property
    def _blocks(self) -> FloatArray:
        assert self.cells.by_block is not None
        return np.asarray(self.cells.by_block[0])


def of_blocks(by_block: FloatArray) -> float:
    """Return what sums of squares over blocks are multiplied by."""
    used = used_blocks(by_block)
    return used / max(used - 1, 1)
