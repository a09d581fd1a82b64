r"""The variance of figures of the cells and of the fluxes of features, together.

A figure is to first order :math:`\sum_f c_f g_f + \sum b\,C`: so much of each flux, so much of each cell. With
:math:`\psi` what rows add to it, and the total weight W known,
:math:`\mathrm{Var} = \sum_i (\psi_i - w_i \theta / W)^2`, as in `conjac.inference.boundary_joint`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import FloatArray
from conjac.density.near import or_one
from conjac.inference.block_sums import of_blocks
from conjac.inference.cells import Cells
from conjac.inference.crossing_sums import CrossingSums


@dataclass(frozen=True, eq=False)
class DriftJoint:
    """Cells at one rule and the fluxes of features.

    Attributes
    ----------
    cells : Cells
        At one point, arrays of shape (1, n_columns, n_columns).
    sums : CrossingSums
    """

    cells: Cells
    sums: CrossingSums

    def motion(self, flux: FloatArray) -> FloatArray:
        """Return the derivative of the cells, array of shape (n_parameters, n_columns, n_columns).

        Parameters
        ----------
        flux : array of shape (n_facets, n_parameters)
        """
        c = self.sums.crossing
        found = np.zeros((*self.cells.weight.shape[1:], flux.shape[1]))
        np.add.at(found, (c.true, c.upper), flux)
        np.add.at(found, (c.true, c.lower), -flux)
        return np.moveaxis(found, -1, 0)

    def crossing(self, gradient: FloatArray) -> FloatArray:
        """Return what figures gain where a unit crosses each facet upwards, array of shape (n_figures, n_facets).

        Parameters
        ----------
        gradient : array of shape (n_figures, n_columns, n_columns)
            Of the figures in the cells.
        """
        c = self.sums.crossing
        return np.asarray(gradient[:, c.true, c.upper] - gradient[:, c.true, c.lower])

    def variance(self, gradient: FloatArray, bent: FloatArray | None = None, by_class: bool = False) -> FloatArray:
        """Return the variance of the derivatives of figures, array of shape (n_parameters, n_figures).

        Parameters
        ----------
        gradient : array of shape (n_figures, n_columns, n_columns)
        bent : array of shape (n_parameters, n_figures, n_columns, n_columns), optional
            What a unit of each cell adds to the derivatives in that it bends the gradient.
        by_class : bool
            Take each class's weight as known, as where figures are shares of it.
        """
        steps = self.crossing(gradient)
        half_rows = (steps**2 @ self.sums.penalty).T
        mean, strata = self._means(steps, bent, by_class)
        of_rows = self._of_rows if self.cells.by_block is None else self._of_blocks
        return np.asarray(np.maximum(of_rows(steps, bent, mean, strata), 0) + half_rows)

    def standing(self, gradient: FloatArray, bent: FloatArray | None, by_class: bool) -> FloatArray:
        """Return what a unit of each cell adds to figures' derivatives by standing where it does, less the mean.

        Parameters
        ----------
        As for `variance`.

        Returns
        -------
        array of shape (n_parameters, n_figures, n_columns, n_columns)
        """
        mean, strata = self._means(self.crossing(gradient), bent, by_class)
        alone = np.broadcast_to(-(mean @ strata.T)[..., None], (*mean.shape[:2], *self.cells.weight.shape[1:]))
        return np.asarray(alone if bent is None else alone + bent)

    def _means(self, steps: FloatArray, bent: FloatArray | None, by_class: bool) -> tuple[FloatArray, FloatArray]:
        """Return figures' derivatives per unit of weight, (n_parameters, n_figures, n_strata), and classes' strata."""
        sums, cells = self.sums, self.cells.weight[0]
        fixed = by_class or self.cells.condition_on == "class"
        strata = np.eye(len(cells)) if fixed else np.ones((len(cells), 1))
        theta = np.einsum("gf,fp,fs->pgs", steps, sums.center, strata[sums.crossing.true], optimize=True)
        if bent is not None:
            theta += np.einsum("pgyk,yk,ys->pgs", bent, cells, strata, optimize=True)
        return theta / or_one(cells.sum(axis=1) @ strata), strata

    def _of_rows(self, steps: FloatArray, bent: FloatArray | None, mean: FloatArray, strata: FloatArray) -> FloatArray:
        sums, weight2 = self.sums, self.cells.weight2[0]
        total = (steps**2 @ sums.square).T
        first, second = steps[:, sums.pair[:, 0]], steps[:, sums.pair[:, 1]]
        total += 2 * ((first * second) @ sums.product).T
        both = np.einsum("gf,fsp,fz->pgz", steps, sums.sides, strata[sums.crossing.true], optimize=True)
        total -= 2 * (mean * both).sum(axis=2)
        total += mean**2 @ (weight2.sum(axis=1) @ strata)
        if bent is None:
            return np.asarray(total)
        c = sums.crossing
        sided = np.stack([bent[:, :, c.true, c.lower], bent[:, :, c.true, c.upper]], axis=-1)
        total += 2 * np.einsum("gf,fsp,pgfs->pg", steps, sums.sides, sided, optimize=True)
        total += np.einsum("pgyk,yk->pg", bent**2, weight2, optimize=True)
        total -= 2 * np.einsum("pgyk,yk,yz,pgz->pg", bent, weight2, strata, mean, optimize=True)
        return np.asarray(total)

    def _of_blocks(
        self, steps: FloatArray, bent: FloatArray | None, mean: FloatArray, strata: FloatArray
    ) -> FloatArray:
        assert self.sums.by_block is not None
        assert self.cells.by_block is not None
        blocks = self.cells.by_block[0]
        n_blocks = blocks.shape[-1]
        adds = np.einsum("gf,fpb->pgb", steps, self.sums.by_block[..., :n_blocks], optimize=True)
        adds -= np.einsum("pgz,ykb,yz->pgb", mean, blocks, strata, optimize=True)
        if bent is not None:
            adds += np.einsum("pgyk,ykb->pgb", bent, blocks, optimize=True)
        return np.asarray((adds**2).sum(axis=2) * of_blocks(blocks))
