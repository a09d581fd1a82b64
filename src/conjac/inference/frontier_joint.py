"""The variances of the slopes of cells and figures by the offset of one class, at many values of it at once.

They are those of `conjac.inference.boundary_joint`, of one offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from conjac._typing import FloatArray
from conjac.density.near import or_one
from conjac.inference.block_sums import of_blocks
from conjac.inference.cells import Cells
from conjac.inference.frontier_sums import FrontierBlocks, FrontierRows


@dataclass(frozen=True, eq=False)
class FrontierJoint:
    """Cells and the fluxes between one class and the others.

    Attributes
    ----------
    column : int
        Of the class.
    cells : Cells
        At ``n_values`` points.
    value, penalty, noise : array of shape (n_values, n_columns, n_columns)
        As of `Frontier`, at each point.
    sums : FrontierRows or FrontierBlocks
    """

    column: int
    cells: Cells
    value: FloatArray
    penalty: FloatArray
    noise: FloatArray
    sums: FrontierRows | FrontierBlocks

    @cached_property
    def derivative(self) -> FloatArray:
        """Derivative of the cells by the offset, array of shape (n_values, n_columns, n_columns)."""
        return self.entering(-self.value, self.value)

    def entering(self, across: FloatArray, toward: FloatArray) -> FloatArray:
        """Return figures of each cell: of the classes across, and in the class's own column a sum over them."""
        found = 0.0 + across  # no negative zeros
        found[:, :, self.column] = toward.sum(axis=2)
        return found

    def cells_variance(self) -> FloatArray:
        """Return the variance of the cells, array of shape (n_values, n_columns, n_columns)."""
        weight2 = self.cells.weight2
        return self._about_mean(self.cells.weight, weight2, weight2, self.cells.by_block)

    def slope_variance(self) -> FloatArray:
        """Return the variance of `derivative`, array of its shape."""
        half_rows, rows = self.entering(self.penalty, self.penalty), self.sums
        if isinstance(rows, FrontierBlocks):
            none = np.zeros_like(half_rows)
            by_block = self.entering(-rows.value, rows.value)
            return np.asarray(self._about_mean(self.derivative, none, none, by_block) + half_rows)
        own = np.diagonal(rows.products, axis1=2, axis2=3)
        squares = self.entering(rows.lost_second + own, rows.lost_second + rows.products.sum(axis=3))
        first = rows.lost_first + rows.won_first
        return np.asarray(self._about_mean(self.derivative, squares, self.entering(-first, first), None) + half_rows)

    def _about_mean(
        self, value: FloatArray, squares: FloatArray, first: FloatArray, by_block: FloatArray | None
    ) -> FloatArray:
        """Return the variance of figures of each cell, less their mean over what the design fixes.

        Parameters
        ----------
        value, squares, first : array of shape (n_values, n_columns, n_columns)
            The figures, and sums of squared weight times the square of what a unit of it adds, and times that in the
            figure's own cell.
        by_block : array of shape (n_values, n_columns, n_columns, n_blocks) or None
            Each block's part of the figures, in place of these sums.
        """
        axes = 2 if self.cells.condition_on == "class" else (1, 2)
        total, total2 = (part.sum(axis=axes, keepdims=True) for part in (self.cells.weight, self.cells.weight2))
        mean = value / or_one(total)
        if by_block is None:
            return np.asarray(np.maximum(squares - 2 * mean * first + mean**2 * total2, 0))
        return self._squared(by_block - mean[..., None] * self._blocks.sum(axis=axes, keepdims=True))

    def figure_variance(self, gradient: FloatArray, bent: FloatArray) -> FloatArray:
        """Return the variance of a figure's derivatives, array of shape (n_values,).

        Parameters
        ----------
        gradient : array of shape (n_values, n_columns, n_columns)
            Of the figure in the cells.
        bent : array of shape (n_values, n_columns, n_columns)
            What a unit of each cell adds to the derivative, in that it bends the gradient.
        """
        steps = gradient[:, :, self.column, None] - gradient
        half_rows = (steps**2 * self.penalty).sum(axis=(1, 2))
        alone = self._alone(gradient, bent)
        if isinstance(self.sums, FrontierBlocks):
            crossed, stayed = self.entering(-self.sums.value, self.sums.value), self._blocks
            return np.asarray(self._squared(_summed(gradient, crossed) + _summed(alone, stayed)) + half_rows)
        rows = self.sums
        second = (steps**2 * rows.lost_second).sum(axis=(1, 2))
        second += (steps[:, :, None, :] @ rows.products @ steps[:, :, :, None]).sum(axis=(1, 2, 3))
        first = self.entering(steps * rows.lost_first, steps * rows.won_first)
        rest = (2 * alone * first + alone**2 * self.cells.weight2).sum(axis=(1, 2))
        return np.asarray(np.maximum(second + rest, 0) + half_rows)

    def _alone(self, gradient: FloatArray, bent: FloatArray) -> FloatArray:
        """Return what a unit of each cell adds besides crossing, less the mean over what the design fixes."""
        cells = self.cells.weight
        figures, total = (gradient * self.derivative + bent * cells).sum(axis=2), cells.sum(axis=2)
        if self.cells.condition_on is None:
            figures, total = figures.sum(axis=1, keepdims=True), total.sum(axis=1, keepdims=True)
        return np.asarray(bent - (figures / or_one(total))[:, :, None])

    def _squared(self, residual: FloatArray) -> FloatArray:
        return np.asarray((residual**2).sum(axis=-1) * of_blocks(self._blocks[0]))

    @property
    def _blocks(self) -> FloatArray:
        assert self.cells.by_block is not None
        return self.cells.by_block


def _summed(of_cells: FloatArray, by_block: FloatArray) -> FloatArray:
    """Return figures by block, array of shape (n_values, n_blocks)."""
    n = len(of_cells)
    return np.asarray((of_cells.reshape(n, 1, -1) @ by_block.reshape(n, -1, by_block.shape[-1]))[:, 0])
