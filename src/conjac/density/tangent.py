r"""The tangent: a Gaussian kernel with a bandwidth for the point at hand, and a bias-corrected interval.

Bandwidth: the one with the smallest mean squared error at the cut,
:math:`h = [R(K) E[w^2|0] f(0) / g''(0)^2]^{1/5}` on the count scale, with g'' from a wider pilot.
The pilot's own variance is added to g''^2 and h is capped, since at an inflection g'' = 0 leaves h unbounded. Where
fewer than 10 effective rows would lie under the kernel, h is widened towards them, to at most 1.4 times.

Interval: centred on the estimate of the fourth-order kernel :math:`(3 - u^2) \phi(u) / 2` at the same h, with the
standard error of its terms (robust bias correction; Calonico, Cattaneo & Farrell 2018, JASA 113:767).
"""

from __future__ import annotations

import numpy as np

from conjac._typing import FloatArray
from conjac.coordinates import FLOOR
from conjac.density.flux import PENALTY, second_moments
from conjac.density.spread import Spread
from conjac.tally import Atoms, Tally

ROUGHNESS = 1 / (2 * np.sqrt(np.pi))
"""Integral of the squared Gaussian kernel."""
CAP = 1.5
"""Largest bandwidth, in units of the normal-reference one."""
CLIPPED = -np.log(FLOOR) - 1e-6
ENOUGH_ROWS = 10
WIDEST = 1.4
BINS_PER_BANDWIDTH = 32
AT_ONCE = 2**21


def tangent(tally: Tally, spreads: tuple[Spread, ...], cut: FloatArray) -> dict[str, FloatArray]:
    """Estimate both classes' densities at the cuts; arrays as in `conjac.density.Flux`."""
    classes = [_one_class(tally, true, spread, cut) for true, spread in enumerate(spreads)]
    return {name: np.stack([c[name] for c in classes], axis=1) for name in classes[0]}


def _one_class(tally: Tally, true: int, spread: Spread, cut: FloatArray) -> dict[str, FloatArray]:
    pilot = fitted(tally, true, spread.pilot)
    bandwidth = pointwise_bandwidth(pilot, spread, cut)
    steps = fitting_step(bandwidth)
    parts, places = [], []
    for step in np.unique(steps):
        atoms, here = tally.atoms(true, step=float(step)), np.flatnonzero(steps == step)
        for few in np.array_split(here, max(1, len(here) * len(atoms.position) // AT_ONCE)):
            parts.append(_at(atoms, cut[few], bandwidth[few]))
            places.append(few)
    order = np.argsort(np.concatenate(places))
    result = {name: np.concatenate([part[name] for part in parts])[order] for name in parts[0]}
    result["bandwidth"] = bandwidth
    result["drift"] = drift_at(pilot, spread, cut)
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


def spread_of(tally: Tally, true: int) -> Spread:
    """Return the spread of one class's margins, less the rows clipped to the end of the logit scale."""
    atoms = tally.atoms(true)
    if tally.scale == "logit":
        inside = np.abs(atoms.position) < CLIPPED
        if inside.any():
            atoms = Atoms(*(column[inside] for column in (atoms.position, atoms.rows, atoms.weight, atoms.weight2)))
    return Spread.of(atoms).sharpened(atoms, tally.step)


def pointwise_bandwidth(atoms: Atoms, spread: Spread, cut: FloatArray) -> FloatArray:
    """Return the plug-in bandwidth of least mean squared error at each cut; array of shape (n_points,)."""
    curvature, noise = curvature_at(atoms, spread, cut)
    reference = spread.reference
    density2 = _gauss((atoms.position - cut[:, None]) / reference) @ atoms.weight2 / reference
    density2 = np.maximum(density2, PENALTY * spread.weight2 / spread.sd)
    with np.errstate(divide="ignore", over="ignore"):  # no curvature, no limit but the cap
        plugged = (ROUGHNESS * density2 / (curvature**2 + noise)) ** 0.2
    capped = np.minimum(plugged, CAP * reference)
    rows = density2 / spread.weight2 * capped / ROUGHNESS
    return np.asarray(capped * np.clip(ENOUGH_ROWS / rows, 1, WIDEST))


def curvature_at(atoms: Atoms, spread: Spread, cut: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the density's second derivative at each cut, by the pilot, and that estimate's variance."""
    h = spread.pilot
    distance = (atoms.position - cut[:, None]) / h
    kernel = (distance**2 - 1) * _gauss(distance) / h**3
    return kernel @ atoms.weight.sum(axis=1), kernel**2 @ atoms.weight2


def drift_at(atoms: Atoms, spread: Spread, cut: FloatArray) -> FloatArray:
    """Return the density's first derivative at each cut, by the pilot."""
    distance = (atoms.position - cut[:, None]) / spread.pilot
    return np.asarray((distance * _gauss(distance) / spread.pilot**2) @ atoms.weight.sum(axis=1))


def fitted(tally: Tally, true: int, bandwidth: float) -> Atoms:
    """Return one class's atoms in bins as wide as this bandwidth allows."""
    return tally.atoms(true, step=float(fitting_step(np.asarray(bandwidth))))


def fitting_step(bandwidth: FloatArray) -> FloatArray:
    """Return the bin widths that are narrow enough for these bandwidths, whatever else is asked for beside them."""
    return np.asarray(2.0 ** np.floor(np.log2(bandwidth / BINS_PER_BANDWIDTH)))


def _gauss(u: FloatArray | float) -> FloatArray:
    return np.asarray(np.exp(-0.5 * np.square(u)) / np.sqrt(2 * np.pi))
