r"""The covariance of a figure's derivatives by coordinates of what moves, so that every direction has its error.

A row adds :math:`\psi_i`, a vector over the coordinates, to the derivatives of a figure: by the facets that it is near
and, as cells bend the figure, by where it stands. With the total weight known,
:math:`V = \sum_i (\psi_i - w_i \theta / W)(\psi_i - w_i \theta / W)^\top`, and a direction c has the variance
:math:`c^\top V c`. The diagonal of V is what `conjac.inference.drift_joint` tells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.density.near import or_one
from conjac.density.velocity import WIDEST, Speeds, Velocity, by_facet
from conjac.inference.block_sums import of_blocks
from conjac.inference.crossing_adds import adds_of
from conjac.inference.drift_joint import DriftJoint
from conjac.validation import N_BLOCKS


@dataclass(frozen=True, eq=False)
class Directions:
    """The fluxes of coordinates, with the rows behind them.

    Attributes
    ----------
    joint : DriftJoint
    speeds : Speeds
    velocity : Velocity
    place : array of shape (n_samples,)
        Of each row's cell in the flat matrix.
    weight, block : array of shape (n_samples,) or None
    """

    joint: DriftJoint
    speeds: Speeds
    velocity: Velocity
    place: AnyArray
    weight: FloatArray | None
    block: AnyArray | None

    def covariance(self, gradient: FloatArray, bent: FloatArray | None, by_class: bool = False) -> FloatArray:
        """Return the covariance of figures' derivatives, array of shape (n_figures, n_coordinates, n_coordinates).

        Parameters
        ----------
        As for `conjac.inference.drift_joint.DriftJoint.variance`; parameters are coordinates.
        """
        steps = self.joint.crossing(gradient)
        n_figures, r = len(steps), self.speeds.n_parameters
        alone = np.moveaxis(self.joint.standing(gradient, bent, by_class), 0, -1).reshape(n_figures, -1, r)
        crossing, half_row = self.joint.sums.crossing, self._half_row
        found, sided = np.zeros((n_figures, r, r)), np.zeros(alone.shape)
        by_block = np.zeros((n_figures, N_BLOCKS, r))
        for part, v in self.speeds.blocks():
            facet, row = crossing.facet[part], crossing.row[part]
            starts = np.flatnonzero(np.concatenate([[True], row[1:] != row[:-1]]))
            weight = np.ones(len(row)) if self.weight is None else self.weight[row]
            adds, rows = adds_of(crossing, self.velocity, part, weight, v), row[starts]
            for g, step in enumerate(steps):
                found[g] += v.T @ ((step[facet] ** 2 * half_row[part])[:, None] * v)
                psi = np.add.reduceat(step[facet, None] * adds, starts)
                if self.block is None:
                    found[g] += psi.T @ psi
                    sided[g] += by_facet(self.place[rows], weight[starts], alone.shape[1]) @ psi
                else:
                    by_block[g] += by_facet(self.block[rows], np.ones(len(rows)), N_BLOCKS) @ psi
        return found + self._standing(alone, sided, by_block)

    def _standing(self, alone: FloatArray, sided: FloatArray, by_block: FloatArray) -> FloatArray:
        """Return what is added to the covariance by where rows stand; by clusters, all but half rows.

        Parameters
        ----------
        alone : array of shape (n_figures, n_cells, n_coordinates)
            What a unit of each cell adds.
        sided : array of shape (n_figures, n_cells, n_coordinates)
            Sums of weight times what rows near facets add, by where they stand.
        by_block : array of shape (n_figures, n_blocks, n_coordinates)
            Sums of what they add, by blocks of clusters.
        """
        cells = self.joint.cells
        if cells.by_block is None:
            both = np.swapaxes(sided, 1, 2) @ alone
            own = np.swapaxes(alone, 1, 2) @ (cells.weight2[0].reshape(-1, 1) * alone)
            return np.asarray(both + np.swapaxes(both, 1, 2) + own)
        blocks = cells.by_block[0].reshape(alone.shape[1], -1)
        adds = by_block[:, : blocks.shape[1]] + blocks.T @ alone
        return np.asarray(np.swapaxes(adds, 1, 2) @ adds * of_blocks(cells.by_block[0]))

    @property
    def _half_row(self) -> FloatArray:
        """Share of each entry in the variance of half a row at its facet, array of shape (n_entries,)."""
        crossing, kernel = self.joint.sums.crossing, self.velocity.kernels[WIDEST]
        mass = np.bincount(crossing.facet, kernel, crossing.n_facets)
        return np.asarray((crossing.penalty / or_one(mass))[crossing.facet] * kernel)
