r"""Size and scale of one class's margins: what a first bandwidth is chosen from.

The scale is the standard deviation of the normal density that would ask for the same bandwidth. For scores far from
normal (long tails of log-odds, several modes) the plain standard deviation is many times that, so the bandwidth is
found without a normal reference: as the fixed point of Botev, Grotowski & Kroese 2010 (Annals of Statistics 38:2916),

.. math:: t = \xi\, \gamma^{[l]}(t), \qquad h = \sqrt{t},

in which each stage estimates the roughness of one derivative from that of the next, in the cosine transform of the
binned margins.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.fft import dct
from scipy.optimize import brentq

from conjac._typing import FloatArray
from conjac.tally import Atoms

BINS = 4096
STAGES = 7
SMALLEST = 1e-12
UNDERFLOW = 750.0
REACH = 20.0
"""Margins further than this many spreads from the median are left out of the transform."""
MARGIN = 0.1
"""Empty room on either side of the binned margins, as a share of their range."""
FEWEST = 10
"""Distinct margins below which a shape is not asked for."""
CELL = 16
"""Bins to a neighbourhood."""
CLUMP = 3.0
NORMAL_REFERENCE = (4 / 3) ** (1 / 5)


@dataclass(frozen=True)
class Spread:
    """Size and scale of one class's margins.

    Attributes
    ----------
    sd : float
        In units of margin; never 0.
    n : float
        Kish's effective number of rows.
    weight2 : float
        Mean squared weight of a row.
    row : float
        Weight of an effective row.
    median : float
    plain_sd : float
        As `sd`, before it was sharpened.
    """

    sd: float
    n: float
    weight2: float
    row: float = 1.0
    median: float = 0.0
    plain_sd: float = 1.0

    @classmethod
    def of(cls, atoms: Atoms) -> Spread:
        """Measure the smaller of standard deviation and IQR / 1.349."""
        weight = atoms.weight.sum(axis=1)
        total, total2 = weight.sum(), atoms.weight2.sum()
        if total == 0:
            return cls(1.0, 1.0, 1.0)
        mean = atoms.position @ weight / total
        sd = np.sqrt((atoms.position - mean) ** 2 @ weight / total)
        low, median, high = _quantiles(atoms.position, weight, np.array([0.25, 0.5, 0.75]))
        scale = min([float(s) for s in (sd, (high - low) / 1.349) if s > 0], default=1.0)
        mean_square = float(total2 / atoms.rows.sum())
        return cls(scale, float(total**2 / total2), mean_square, float(total2 / total), float(median), scale)

    def sharpened(self, atoms: Atoms, step: float) -> Spread:
        """Return this spread with the smaller scale that the shape of the density asks for, if it does.

        Parameters
        ----------
        atoms : Atoms
        step : float
            Their bin width.
        """
        thinned = replace(self, n=self.n / max(_dispersion(atoms, step), 1.0))
        bandwidth = fixed_point_bandwidth(atoms.position, _declumped(atoms, step), thinned, step)
        if bandwidth is None:
            return self
        return replace(self, sd=min(self.sd, bandwidth / (NORMAL_REFERENCE * self.n ** (-1 / 5))))

    @property
    def pilot(self) -> float:
        """Normal-reference bandwidth for a second derivative."""
        return float(self.sd * (4 / 7) ** (1 / 9) * self.n ** (-1 / 9))

    @property
    def reference(self) -> float:
        """Normal-reference bandwidth for a density (Silverman 1986)."""
        return float(self.sd * NORMAL_REFERENCE * self.n ** (-1 / 5))


def fixed_point_bandwidth(position: FloatArray, weight: FloatArray, spread: Spread, step: float) -> float | None:
    """Return the bandwidth of Botev, Grotowski & Kroese; None where there is no fixed point.

    Parameters
    ----------
    position, weight : array of shape (n_atoms,)
    spread : Spread
    step : float
        Bin width of the atoms. The transform's bins are whole multiples of it: others would hold now two and now three
        of the atoms' bins, a comb that a large sample resolves.
    """
    if len(position) < FEWEST or weight.sum() == 0:
        return None
    median = _quantiles(position, weight, np.array([0.5]))[0]
    near = np.abs(position - median) <= REACH * spread.sd
    position, weight = position[near], weight[near]
    room = np.ptp(position) * (1 + 2 * MARGIN) if len(position) else 0.0
    if room == 0 or weight.sum() == 0:
        return None
    width = step * 2.0 ** np.ceil(np.log2(max(room / (BINS * step), 1)))
    place = np.floor(position / width).astype(np.intp)
    place += (BINS - (place[0] + place[-1])) // 2
    shares = np.bincount(place, weight, BINS) / weight.sum()
    energy = (dct(shares)[1:] / 2) ** 2
    squares = np.arange(1, BINS, dtype=np.float64) ** 2
    powers = {order: 2 * np.pi ** (2 * order) * squares**order * energy for order in range(2, STAGES + 1)}

    def roughness(order: int, time: float) -> np.float64:
        few = min(BINS - 1, int(np.sqrt(UNDERFLOW / time) / np.pi) + 1)  # the rest underflows
        return np.float64(powers[order][:few] @ np.exp(-squares[:few] * (np.pi**2 * time)))

    def gap(time: float) -> float:
        found = roughness(STAGES, time)
        for order in range(STAGES - 1, 1, -1):
            odd = np.prod(np.arange(1, 2 * order, 2)) / np.sqrt(2 * np.pi)
            constant = (1 + 0.5 ** (order + 0.5)) / 3
            found = roughness(order, (2 * constant * odd / (spread.n * found)) ** (2 / (3 + 2 * order)))
        return time - float((2 * spread.n * np.sqrt(np.pi) * found) ** (-2 / 5))

    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):  # where the roughness vanishes, no gap is found
        below = gap(SMALLEST)
        for largest in 10.0 ** np.arange(-5, 0, 0.5):
            if below * gap(largest) < 0:
                return float(np.sqrt(brentq(gap, SMALLEST, largest, rtol=1e-10)) * BINS * width)
    return None


def _declumped(atoms: Atoms, step: float) -> FloatArray:
    """Return the rows of each bin, repeated ones down to three times the mean of their neighbourhood.

    The transform takes a row that stands twenty times in a tail for a spike, and would resolve it.
    """
    _, cell = np.unique(np.floor(atoms.position / (CELL * step)), return_inverse=True)
    mean = np.bincount(cell, atoms.rows)[cell] / CELL
    weight = atoms.weight.sum(axis=1)
    return np.asarray(weight * np.minimum(1, np.maximum(1, CLUMP * mean) / np.maximum(atoms.rows, 1)))


def _dispersion(atoms: Atoms, step: float) -> float:
    """Return the variance of the rows to a bin over their mean: 1 for independent rows, 2 for rows that stand twice."""
    _, cell = np.unique(np.floor(atoms.position / (CELL * step)), return_inverse=True)
    mean = np.bincount(cell, atoms.rows) / CELL
    if not mean.sum():
        return 1.0
    squares = np.bincount(cell, atoms.rows.astype(np.float64) ** 2)
    return float((squares - CELL * mean**2).sum() / ((CELL - 1) * mean.sum()))


def _quantiles(position: FloatArray, weight: FloatArray, share: FloatArray) -> FloatArray:
    cumulative = np.cumsum(weight)
    at = np.searchsorted(cumulative, share * cumulative[-1])
    return np.asarray(position[np.minimum(at, len(position) - 1)])
