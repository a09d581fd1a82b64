"""Rows near a facet as weighted points: what densities are estimated from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.tally.sums import Sums, group, sum_by


@dataclass(frozen=True)
class Atoms:
    """One class's rows near one facet, as weighted points.

    Attributes
    ----------
    position : array of shape (n_atoms,)
        Mean margin of the rows of each bin.
    rows : array of shape (n_atoms,)
    weight : array of shape (n_atoms, n_blocks)
    weight2 : array of shape (n_atoms,)
        Sums of squared weights.
    """

    position: FloatArray
    rows: IntArray
    weight: FloatArray
    weight2: FloatArray

    @classmethod
    def of(cls, sums: Sums, step: float, n_blocks: int) -> Atoms:
        """Gather the sums of each bin, on either side of each named threshold."""
        bins = np.stack(sums.columns[2:4], axis=1).astype(np.intp)
        index, first = group(bins)
        rows, weight2, offset = (sum_by(index, of, len(first)) for of in (sums.rows, sums.weight2, sums.offset))
        flat = index * n_blocks + sums.columns[4]
        weight = np.bincount(flat, sums.weight, len(first) * n_blocks)
        return cls(
            position=bins[first, 0] * step + offset / np.maximum(rows, 1),
            rows=rows,
            weight=weight.reshape(len(first), n_blocks).astype(np.float64),
            weight2=weight2.astype(np.float64),
        )

    def where(self, chosen: AnyArray) -> Atoms:
        """Return some of the atoms, by a mask or by their places."""
        return Atoms(self.position[chosen], self.rows[chosen], self.weight[chosen], self.weight2[chosen])
