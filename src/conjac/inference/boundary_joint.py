r"""The joint covariance of the cells and of the fluxes across the facets of several classes.

As in `conjac.inference.covariance`: each figure is :math:`\sum_i w_i \psi(i)`, and with the total weight W known

.. math:: \mathrm{Var} = \sum_i w_i^2 (\psi(i) - \theta / W)^2,

within each true class where the class totals are fixed, and over blocks where rows come in clusters. A few sums serve
the derivatives of all cells: over rows (`conjac.inference.row_sums`), or by block (`conjac.inference.block_sums`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from conjac._typing import FloatArray, IntArray, Normalize
from conjac.density import Boundary
from conjac.density.near import or_one
from conjac.inference.block_sums import BlockSums, of_blocks
from conjac.inference.cells import Cells
from conjac.inference.moving import Column, moved
from conjac.inference.row_sums import RowSums, squares_by_cell


@dataclass(frozen=True, eq=False)
class BoundaryJoint:
    """Cells and fluxes at one rule, with the covariance of figures of theirs.

    Attributes
    ----------
    cells : Cells
        At one point, arrays of shape (1, n_columns, n_columns).
    boundary : Boundary
    block : array of shape (n_samples,) or None
        Where rows come in clusters.
    """

    cells: Cells
    boundary: Boundary
    block: IntArray | None

    @cached_property
    def derivative(self) -> FloatArray:
        """Derivative of the cells by each offset, array of shape (n_columns, n_columns, n_columns)."""
        return np.stack([moved(self.boundary.value, offset) for offset in range(self._n_columns)])

    def slope_variance(self, how: Normalize | None) -> FloatArray:
        """Return the variance of the derivative of the matrix as normalised, of the shape of `derivative`."""
        return np.stack([self._slope_variance(offset, how) for offset in range(self._n_columns)])

    def covariance(self, of_cells: FloatArray) -> FloatArray:
        """Return the covariance of figures of the cells alone, array of shape (n_figures, n_figures).

        Parameters
        ----------
        of_cells : array of shape (n_figures, n_columns, n_columns)
            What a unit of each cell adds to each figure.
        """
        centred = self.cells.centred(of_cells).reshape(len(of_cells), -1)
        if self.cells.by_block is None:
            return np.asarray((centred * self.cells.weight2.ravel()) @ centred.T)
        blocks = self.cells.by_block[0]
        residual = centred @ blocks.reshape(centred.shape[1], -1)
        return np.asarray(residual @ residual.T * of_blocks(blocks))

    def figure_variance(self, gradient: FloatArray, bent: FloatArray) -> FloatArray:
        """Return the variance of one figure's derivatives by the offsets, array of shape (n_columns,).

        Parameters
        ----------
        gradient : array of shape (n_columns, n_columns)
            Of the figure in the cells.
        bent : array of shape (n_columns, n_columns, n_columns)
            What a unit of each cell adds to the derivative by each offset, in that it bends the gradient.
        """
        if self.block is not None:
            return np.diag(self.figure_covariance(gradient, bent))
        steps, alone = _steps(gradient), self._alone(gradient, bent)
        half_rows = (steps**2 * self.boundary.penalty).sum(axis=(0, 2))
        together = squares_by_cell(self.boundary, steps)
        return np.asarray(np.maximum(self._row_sums.of_figure(steps, alone, together), 0) + half_rows)

    def figure_covariance(self, gradient: FloatArray, bent: FloatArray) -> FloatArray:
        """Return the covariance of one figure's derivatives by the offsets, array of shape (n_columns, n_columns).

        Parameters
        ----------
        gradient, bent
            As for `figure_variance`.
        """
        steps, alone = _steps(gradient), self._alone(gradient, bent)
        half_rows = (steps**2 * self.boundary.penalty).sum(axis=0)
        rows = self._of_rows(steps, alone) if self.block is None else self._block_sums.of_figure(gradient, alone)
        return np.asarray(rows + np.diag(half_rows.sum(axis=0)) - half_rows)

    def _alone(self, gradient: FloatArray, bent: FloatArray) -> FloatArray:
        """Return what a unit of each cell adds besides crossing, less the mean over what the design fixes."""
        cells = self.cells.weight[0]
        figures, total = (gradient * self.derivative + bent * cells).sum(axis=2), cells.sum(axis=1)
        if self.cells.condition_on is None:
            figures, total = figures.sum(axis=1, keepdims=True), total.sum(keepdims=True)
        return np.asarray(bent - (figures / or_one(total))[:, :, None])

    def _of_rows(self, steps: FloatArray, alone: FloatArray) -> FloatArray:
        """Return sums over rows of the products of what they add to a figure's derivatives."""
        n, cell = self._n_columns, self.boundary.cell
        adds = np.zeros((len(cell), n))
        for row, side, added in self.boundary.adds():
            adds[row, side % n] = steps.ravel()[side] * added
        adds[np.arange(len(cell)), self.boundary.facets.predicted] = -(adds @ np.ones(n))
        adds += alone.reshape(n, -1).T[cell]
        return np.asarray(adds.T @ self.boundary.weights.second(slice(None), adds))

    def _slope_variance(self, offset: int, how: Normalize | None) -> FloatArray:
        sums = self._row_sums if self.block is None else self._block_sums
        half_rows = np.abs(moved(self.boundary.penalty, offset))
        cells = self.cells.weight[0]
        if how == "pred":
            column = Column.of(cells, self.derivative[offset])
            half_rows = column.squared(half_rows) / column.total**2
            return np.asarray(np.maximum(sums.of_shares(offset), 0) + half_rows)
        rows = sums.of_cells(offset, how == "true" or self.cells.condition_on == "class")
        total = {None: np.ones(()), "true": cells.sum(axis=1, keepdims=True), "all": cells.sum()}[how]
        return np.asarray((np.maximum(rows, 0) + half_rows) / or_one(total) ** 2)

    @cached_property
    def _row_sums(self) -> RowSums:
        return RowSums.of(self.cells, self.boundary)

    @cached_property
    def _block_sums(self) -> BlockSums:
        assert self.block is not None
        return BlockSums.of(self.cells, self.boundary, self.block)

    @property
    def _n_columns(self) -> int:
        return self.boundary.facets.n_columns


def _steps(gradient: FloatArray) -> FloatArray:
    """Return by how much a figure gains where a unit crosses, by true class, side and the class across."""
    return np.asarray(gradient[:, None, :] - gradient[:, :, None])
