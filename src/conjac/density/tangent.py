r"""The tangent: a Gaussian kernel with a bandwidth for the point at hand, and a bias-corrected interval.

Bandwidth: the one with the smallest mean squared error at the cut,
:math:`h = [R(K) E[w^2|0] f(0) / g''(0)^2]^{1/5}` on the count scale, with g'' from a wider normal-reference pilot.
The pilot's own variance is added to g''^2 and h is capped, since at an inflection g'' = 0 leaves h unbounded.

Interval: centred on the estimate of the fourth-order kernel :math:`(3 - u^2) \phi(u) / 2` at the same h, with the
standard error of its terms (robust bias correction; Calonico, Cattaneo & Farrell 2018, JASA 113:767).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import FloatArray
from conjac.density.flux import PENALTY, second_moments
from conjac.tally import Atoms, Tally

ROUGHNESS = 1 / (2 * np.sqrt(np.pi))
"""Integral of the squared Gaussian kernel."""
CAP = 1.5
"""Largest bandwidth, in units of the normal-reference one."""
BINS_PER_BANDWIDTH = 16
AT_ONCE = 2**21


def tangent(tally: Tally, cut: FloatArray) -> dict[str, FloatArray]:
    """Estimate both classes' densities at the cuts; arrays as in `conjac.density.Flux`."""
    classes = [_one_class(tally, true, cut) for true in (0, 1)]
    return {name: np.stack([c[name] for c in classes], axis=1) for name in classes[0]}


def _one_class(tally: Tally, true: int, cut: FloatArray) -> dict[str, FloatArray]:
    fine = tally.atoms(true)
    spread = Spread.of(fine)
    bandwidth = pointwise_bandwidth(fitted(tally, true, spread.pilot), spread, cut)
    atoms = fitted(tally, true, float(np.min(bandwidth)))
    chunks = max(1, len(cut) * len(atoms.position) // AT_ONCE)
    parts = [
        _at(atoms, c, h) for c, h in zip(np.array_split(cut, chunks), np.array_split(bandwidth, chunks), strict=True)
    ]
    result = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    result["bandwidth"] = bandwidth
    result["penalty"] = PENALTY * spread.weight2 * (1.5 * _gauss(0.0) / bandwidth) ** 2
    return result


def _at(atoms: Atoms, cut: FloatArray, bandwidth: FloatArray) -> dict[str, FloatArray]:
    distance = (atoms.position - cut[:, None]) / bandwidth[:, None]
    kernel = _gauss(distance) / bandwidth[:, None]
    moments = second_moments(atoms, (3 - distance**2) / 2 * kernel, distance >= 0)
    weight = atoms.weight.sum(axis=1)
    value = kernel @ weight
    with np.errstate(invalid="ignore", divide="ignore"):
        n_eff = np.nan_to_num(value**2 / (kernel**2 @ atoms.weight2))
    return {**moments, "value": value, "center": moments["by_block"].sum(axis=1), "n_eff": n_eff}


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
        """Measure the spread of weighted points."""
        weight = atoms.weight.sum(axis=1)
        total, total2 = weight.sum(), atoms.weight2.sum()
        if total == 0:
            return cls(1.0, 1.0, 1.0)
        mean = atoms.position @ weight / total
        sd = np.sqrt((atoms.position - mean) ** 2 @ weight / total)
        at = np.searchsorted(np.cumsum(weight), [0.25 * total, 0.75 * total])
        iqr = np.diff(atoms.position[np.minimum(at, len(weight) - 1)])[0] / 1.349
        known = [float(s) for s in (sd, iqr) if s > 0]
        return cls(min(known, default=1.0), float(total**2 / total2), float(total2 / atoms.rows.sum()))

    @property
    def pilot(self) -> float:
        """Normal-reference bandwidth for a second derivative."""
        return float(self.sd * (4 / 7) ** (1 / 9) * self.n ** (-1 / 9))

    @property
    def reference(self) -> float:
        """Normal-reference bandwidth for a density (Silverman 1986)."""
        return float(self.sd * (4 / 3) ** (1 / 5) * self.n ** (-1 / 5))


def pointwise_bandwidth(atoms: Atoms, spread: Spread, cut: FloatArray) -> FloatArray:
    """Return the plug-in bandwidth of least mean squared error at each cut; array of shape (n_points,)."""
    curvature, noise = curvature_at(atoms, spread, cut)
    reference = spread.reference
    density2 = _gauss((atoms.position - cut[:, None]) / reference) @ atoms.weight2 / reference
    density2 = np.maximum(density2, PENALTY * spread.weight2 / spread.sd)
    with np.errstate(divide="ignore"):
        plugged = (ROUGHNESS * density2 / (curvature**2 + noise)) ** 0.2
    return np.asarray(np.minimum(plugged, CAP * reference))


def curvature_at(atoms: Atoms, spread: Spread, cut: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the density's second derivative at each cut, by the pilot, and that estimate's variance."""
    h = spread.pilot
    distance = (atoms.position - cut[:, None]) / h
    kernel = (distance**2 - 1) * _gauss(distance) / h**3
    return kernel @ atoms.weight.sum(axis=1), kernel**2 @ atoms.weight2


def fitted(tally: Tally, true: int, bandwidth: float) -> Atoms:
    """Return one class's atoms in bins as wide as this bandwidth allows."""
    return tally.atoms(true, step=2.0 ** np.floor(np.log2(bandwidth / BINS_PER_BANDWIDTH)))


def _gauss(u: FloatArray | float) -> FloatArray:
    return np.asarray(np.exp(-0.5 * np.square(u)) / np.sqrt(2 * np.pi))
