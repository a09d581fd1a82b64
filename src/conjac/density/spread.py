"""Size and scale of one class's margins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import FloatArray, IntArray
from conjac.tally import Atoms

CELL = 16
"""Bins to a neighbourhood."""
CHANCE = 3.0
"""Standard errors by which rows must be dispersed more than independent ones."""


@dataclass(frozen=True)
class Spread:
    """Size and scale of one class's margins.

    Attributes
    ----------
    sd : float
        The smaller of standard deviation and IQR / 1.349, in units of margin; never 0.
    n : float
        Kish's effective number of rows.
    weight2 : float
        Mean squared weight of a row.
    """

    sd: float
    n: float
    weight2: float

    @classmethod
    def of(cls, atoms: Atoms) -> Spread:
        """Measure a class."""
        weight = atoms.weight.sum(axis=1)
        total, total2 = weight.sum(), atoms.weight2.sum()
        if total == 0:
            return cls(1.0, 1.0, 1.0)
        mean = atoms.position @ weight / total
        sd = np.sqrt((atoms.position - mean) ** 2 @ weight / total)
        low, high = _quantiles(atoms.position, weight, np.array([0.25, 0.75]))
        scale = min([float(s) for s in (sd, (high - low) / 1.349) if s > 0], default=1.0)
        return cls(scale, float(total**2 / total2), float(total2 / atoms.rows.sum()))

    @property
    def pilot(self) -> float:
        """Normal-reference bandwidth for a second derivative."""
        return float(self.sd * (4 / 7) ** (1 / 9) * self.n ** (-1 / 9))


def dispersion(atoms: Atoms, step: float) -> float:
    """Return the variance of the rows to a bin over their mean, less what chance makes of it.

    1 for independent rows, 2 for rows that stand twice.
    """
    cell, rows = cells_of(atoms, step)
    mean = rows / CELL
    squares = np.bincount(cell, atoms.rows.astype(np.float64) ** 2)
    freedom = CELL - 1
    found = float((squares - CELL * mean**2).sum() / (freedom * max(mean.sum(), 1.0 / CELL)))
    chance = np.sqrt(2 * (mean @ mean) / freedom + mean.sum() / CELL) / mean.sum() if mean.any() else 0.0
    return max(1.0, found - CHANCE * float(chance))


def cells_of(atoms: Atoms, step: float) -> tuple[IntArray, FloatArray]:
    """Return the neighbourhood of each bin, and the rows of each neighbourhood."""
    place = np.floor(atoms.position / (CELL * step))
    cell = np.cumsum(np.diff(place, prepend=place[:1]) > 0).astype(np.intp)
    return cell, np.bincount(cell, atoms.rows).astype(np.float64)


def _quantiles(position: FloatArray, weight: FloatArray, share: FloatArray) -> FloatArray:
    cumulative = np.cumsum(weight)
    at = np.searchsorted(cumulative, share * cumulative[-1])
    return np.asarray(position[np.minimum(at, len(position) - 1)])
