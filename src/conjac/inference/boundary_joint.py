r"""The joint covariance of the cells and of the fluxes across the facets of several classes.

As in `conjac.inference.covariance`: each figure is :math:`\sum_i w_i \psi(i)`, and with the total weight W known

.. math:: \mathrm{Var} = \sum_i w_i^2 (\psi(i) - \theta / W)^2,

within each true class where the class totals are fixed, and over blocks where rows come in clusters. The derivatives
of all cells are many figures, and a few sums over rows serve them all (`conjac.inference.slope_sums`). Those of one
metric are few: there what each row adds is written down.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from conjac._typing import FloatArray, IntArray, Normalize
from conjac.density import Boundary
from conjac.density.near import sums_by
from conjac.inference.cells import Cells
from conjac.inference.slope_sums import BlockSums, Column, RowSums, moved, of_blocks


@dataclass(frozen=True, eq=False)
class BoundaryJoint:
    """Cells and fluxes at one rule, with the covariance of figures of theirs.

    Attributes
    ----------
    cells : Cells
        At one point, arrays of shape (1, n_columns, n_columns).
    boundary : Boundary
    weight : array of shape (n_samples,) or None
    block : array of shape (n_samples,) or None
        Where rows come in clusters.
    """

    cells: Cells
    boundary: Boundary
    weight: FloatArray | None
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

    def slope_covariance(self, gradient: FloatArray, bent: FloatArray) -> FloatArray:
        """Return the covariance of one figure's derivatives by the offsets, array of shape (n_columns, n_columns).

        Parameters
        ----------
        gradient : array of shape (n_columns, n_columns)
            Of the figure in the cells.
        bent : array of shape (n_columns, n_columns, n_columns)
            What a unit of each cell adds to the derivative by each offset, in that it bends the gradient.
        """
        steps = gradient[:, None, :] - gradient[:, :, None]
        adds = self._crossing(steps)
        cells = self.cells.weight[0]
        figures = (gradient * self.derivative + bent * cells).sum(axis=2)
        total = cells.sum(axis=1)
        if self.cells.condition_on is None:
            figures, total = figures.sum(axis=1, keepdims=True), total.sum(keepdims=True)
        alone = bent - (figures / np.where(total > 0, total, 1.0))[:, :, None]
        adds += alone.reshape(self._n_columns, -1).T[self.boundary.cell]
        if self.weight is not None:
            adds *= self.weight[:, None]
        half_rows = (steps**2 * self.boundary.penalty).sum(axis=0)
        return np.asarray(self._products(adds) + np.diag(half_rows.sum(axis=0)) - half_rows)

    def _crossing(self, steps: FloatArray) -> FloatArray:
        """Return what a unit of each row adds to a figure's derivatives by crossing, shape (n_samples, n_columns).

        Parameters
        ----------
        steps : array of shape (n_columns, n_columns, n_columns)
            By how much the figure gains where a unit crosses, by true class, side and the class across.
        """
        n = self._n_columns
        found = np.zeros((len(self.boundary.cell), n))
        for row, side, adds in self.boundary.adds():
            found[row, side % n] = steps.ravel()[side] * adds
        found[np.arange(len(found)), self.boundary.facets.predicted] = -(found @ np.ones(n))
        return found

    def _products(self, adds: FloatArray) -> FloatArray:
        """Return sums over rows, or over blocks, of the products of what they add to figures."""
        if self.block is None or self.cells.by_block is None:
            return np.asarray(adds.T @ adds)
        blocks = self.cells.by_block[0]
        residual = np.stack([sums_by(self.block, one, blocks.shape[-1]) for one in adds.T])
        return np.asarray(residual @ residual.T * of_blocks(blocks))

    def _slope_variance(self, offset: int, how: Normalize | None) -> FloatArray:
        half_rows = np.abs(moved(self.boundary.penalty, offset))
        cells = self.cells.weight[0]
        if how == "pred":
            column = Column.of(cells, self.derivative[offset])
            rows = self._sums.of_shares(offset)
            half_rows = column.squared(half_rows) / column.total**2
            return np.asarray(np.maximum(rows, 0) + half_rows)
        rows = self._sums.of_cells(offset, how == "true" or self.cells.condition_on == "class")
        total = {None: np.ones(()), "true": cells.sum(axis=1, keepdims=True), "all": cells.sum()}[how]
        return np.asarray((np.maximum(rows, 0) + half_rows) / np.where(total > 0, total, 1.0) ** 2)

    @cached_property
    def _sums(self) -> RowSums | BlockSums:
        if self.block is None:
            return RowSums.of(self.cells, self.boundary, self.weight)
        return BlockSums.of(self.cells, self.boundary, self.weight, self.block)

    @property
    def _n_columns(self) -> int:
        return self.boundary.facets.n_columns
