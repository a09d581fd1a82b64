"""One class's rows in equal bins of z, for the shape of their density."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import FloatArray
from conjac.density.normalizing import Normalizing
from conjac.density.spread import CELL, cells_of
from conjac.tally import Atoms

BINS = 2048
REACH = 8.0
"""Distance from the median, in z, beyond which rows are left out."""
ROOM = 0.1
"""Empty room on either side of the rows, as a share of their range."""
FEWEST = 4
"""Distinct margins below which a shape is not asked for."""
CLUMP = 3.0


@dataclass(frozen=True, eq=False)
class Binning:
    """Rows in equal bins.

    Attributes
    ----------
    lower, width : float
        Where the first bin begins, and how wide each is, in z.
    weight : array of shape (n_bins,)
    """

    lower: float
    width: float
    weight: FloatArray

    @classmethod
    def of(cls, position: FloatArray, weight: FloatArray, step: float, normalizing: Normalizing) -> Binning | None:
        """Bin one class's rows; None where too few of them differ.

        They are spread evenly over the tally's bin they are in: bins of z that held now two and now three of the
        tally's would show a comb, which a large sample resolves.

        Parameters
        ----------
        position, weight : array of shape (n_atoms,)
        step : float
            The tally's bin width, in units of margin.
        normalizing : Normalizing
        """
        begins = np.floor(position / step) * step
        ends = np.clip(normalizing(np.stack([begins, begins + step])), -REACH, REACH)
        near = (ends[0] < ends[1]) & (weight > 0)
        if np.count_nonzero(near) < FEWEST:
            return None
        begins, ends = ends[:, near]
        cumulative = np.concatenate([[0], np.cumsum(weight[near])])
        room = ROOM * (ends[-1] - begins[0])
        edges = np.linspace(begins[0] - room, ends[-1] + room, BINS + 1)
        known = np.stack([begins, ends], axis=1).ravel()
        below = np.interp(edges, known, np.stack([cumulative[:-1], cumulative[1:]], axis=1).ravel())
        return cls(float(edges[0]), float(edges[1] - edges[0]), np.diff(below))

    @property
    def upper(self) -> float:
        """Where the last bin ends."""
        return self.lower + self.width * len(self.weight)


def declumped(atoms: Atoms, step: float) -> FloatArray:
    """Return the weight of each bin, repeated rows down to three times the mean of their neighbourhood.

    A row that stands twenty times in a tail would be taken for a spike, and resolved.
    """
    cell, rows = cells_of(atoms, step)
    mean = rows[cell] / CELL
    weight = atoms.weight.sum(axis=1)
    return np.asarray(weight * np.minimum(1, np.maximum(1, CLUMP * mean) / np.maximum(atoms.rows, 1)))
