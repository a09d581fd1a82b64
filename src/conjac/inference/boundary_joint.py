r"""The joint covariance of the cells and of the fluxes across the facets of several classes.

As in `conjac.inference.covariance`: each figure is :math:`\sum_i w_i \psi(i)`, and with the total weight W known

.. math:: \mathrm{Var} = \sum_i w_i^2 (\psi(i) - \theta / W)^2,

within each true class where the class totals are fixed, and over blocks where rows come in clusters. A row adds to one
cell and to the few facets it is near, so that the sums over rows are sparse.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from conjac._typing import FloatArray, IntArray, Sparse
from conjac.density import Boundary
from conjac.inference.cells import Cells, used_blocks


@dataclass(frozen=True, eq=False)
class BoundaryJoint:
    """Cells and fluxes at one rule, with the covariance of any linear figure of theirs.

    Attributes
    ----------
    cells : Cells
        At one point, arrays of shape (1, n_classes, n_columns).
    boundary : Boundary
    weight : array of shape (n_samples,) or None
    block : array of shape (n_samples,) or None
        Where rows come in clusters.
    """

    cells: Cells
    boundary: Boundary
    weight: FloatArray | None
    block: IntArray | None

    def variance(self, of_cells: FloatArray, of_fluxes: Sparse) -> FloatArray:
        """Return the variance of linear figures, array of shape (n_figures,).

        Parameters
        ----------
        of_cells : array of shape (n_figures, n_classes, n_columns)
            What a unit of each cell adds to each figure.
        of_fluxes : array or sparse array of shape (n_figures, n_fluxes)
            What a unit of each flux adds.
        """
        fluxes = sparse.csr_array(of_fluxes)
        added = fluxes.power(2) @ self.boundary.penalty
        sums = self._of_rows if self.cells.by_block is None else self._of_blocks
        return np.asarray(np.maximum(sums(of_cells.reshape(len(of_cells), -1), fluxes), 0) + added)

    def covariance(self, of_cells: FloatArray, of_fluxes: Sparse) -> FloatArray:
        """Return the covariance of linear figures, from the variances of their sums and differences.

        Parameters
        ----------
        of_cells, of_fluxes
            As for `variance`.

        Returns
        -------
        array of shape (n_figures, n_figures)
        """
        first, second = np.triu_indices(len(of_cells))
        fluxes = sparse.csr_array(of_fluxes)
        plus, minus = (
            self.variance(of_cells[first] + side * of_cells[second], fluxes[first] + side * fluxes[second])
            for side in (1, -1)
        )
        found = np.empty((len(of_cells), len(of_cells)))
        found[first, second] = found[second, first] = (plus - minus) / 4
        return found

    def _of_rows(self, of_cells: FloatArray, of_fluxes: Sparse) -> FloatArray:
        weight, weight2 = (w[0].ravel() for w in (self.cells.weight, self.cells.weight2))
        crossed = self._crossed
        squared = (
            (of_cells**2 * weight2).sum(axis=1)
            + 2 * ((of_fluxes @ crossed) * of_cells).sum(axis=1)
            + (of_fluxes @ self._squares).multiply(of_fluxes).sum(axis=1)
        )
        groups = self._fixed_totals
        first = (of_cells * weight2) @ groups + of_fluxes @ (crossed @ groups)
        total, total2 = weight @ groups, weight2 @ groups
        mean = self._figures(of_cells, of_fluxes) / np.where(total > 0, total, 1)
        return np.asarray(squared - (2 * mean * first - mean**2 * total2).sum(axis=1))

    def _of_blocks(self, of_cells: FloatArray, of_fluxes: Sparse) -> FloatArray:
        by_block = self.cells.by_block
        assert by_block is not None
        cells = by_block[0].reshape(of_cells.shape[1], -1)
        groups = self._fixed_totals
        mean = self._figures(of_cells, of_fluxes) / np.maximum(self.cells.weight[0].ravel() @ groups, 1e-300)
        residual = of_cells @ cells + of_fluxes @ self._flux_by_block - mean @ (groups.T @ cells)
        used = used_blocks(by_block)
        return np.asarray((residual**2).sum(axis=1) * used / max(used - 1, 1))

    def _figures(self, of_cells: FloatArray, of_fluxes: Sparse) -> FloatArray:
        """Return each figure's part from each set of rows whose total is fixed, shape (n_figures, n_groups)."""
        groups = self._fixed_totals
        of_class = groups.reshape(len(self.cells.weight[0]), -1, groups.shape[1])[:, 0]
        by_flux = self.boundary.value[:, None] * of_class[self._true_of_flux]
        return np.asarray((of_cells * self.cells.weight[0].ravel()) @ groups + of_fluxes @ by_flux)

    @cached_property
    def _fixed_totals(self) -> FloatArray:
        """Which cells share a total that the design fixes, array of shape (n_cells, n_groups)."""
        n_classes, n_columns = self.cells.weight[0].shape
        if self.cells.condition_on is None:
            return np.ones((n_classes * n_columns, 1))
        return np.repeat(np.eye(n_classes), n_columns, axis=0)

    @property
    def _true_of_flux(self) -> IntArray:
        return np.asarray(self.boundary.code // self.boundary.facets.n_columns**2)

    @cached_property
    def _weighted(self) -> FloatArray:
        """What each row near a facet adds to the flux across it, its weight included."""
        adds = self.boundary.adds
        return adds if self.weight is None else adds * self.weight[self._row]

    @cached_property
    def _row(self) -> IntArray:
        return np.asarray(self.boundary.facets.row[self.boundary.entry])

    @cached_property
    def _squares(self) -> Sparse:
        """Sums over rows of squared weight times what they add to two fluxes, sparse (n_fluxes, n_fluxes)."""
        shape = (len(self.boundary.true), len(self.boundary.code))
        adds = sparse.csr_array((self._weighted, (self._row, self.boundary.flux)), shape=shape)
        return sparse.csr_array(adds.T @ adds)

    @cached_property
    def _crossed(self) -> FloatArray:
        """Sums over rows of squared weight times what they add to a flux and to a cell, (n_fluxes, n_cells)."""
        size = self.cells.weight[0].size
        predicted = self.boundary.facets.predicted[self._row]
        cell = self.boundary.true[self._row] * self.boundary.facets.n_columns + predicted
        weighted = self._weighted if self.weight is None else self._weighted * self.weight[self._row]
        flat = np.bincount(self.boundary.flux * size + cell, weighted, len(self.boundary.code) * size)
        return np.asarray(flat.reshape(-1, size), dtype=np.float64)

    @cached_property
    def _flux_by_block(self) -> FloatArray:
        assert self.cells.by_block is not None
        assert self.block is not None
        n = self.cells.by_block.shape[-1]
        flat = np.bincount(self.boundary.flux * n + self.block[self._row], self._weighted, len(self.boundary.code) * n)
        return np.asarray(flat.reshape(-1, n), dtype=np.float64)
