r"""The tangent: a smooth guess, corrected by the rows near the cut.

With the guess g of `conjac.density.pilot` and the log-quadratic functional T of `conjac.density.local`,

.. math:: \log \hat f = \log g + \delta, \qquad \delta = T_h(\text{rows}) - T_h(g),

which is unbiased where g is right, whatever h is, and else has T's bias for :math:`f / g`, of order :math:`h^4`.
The bandwidth is 1.4 times the fixed point of Botev, Grotowski & Kroese (`conjac.density.spread`): T's variance is then
that of a kernel estimate at the fixed point. Where fewer than 10 effective rows would lie under the kernel it is
widened, to at most 1.4 times.

Interval: centred on that estimate, with the standard error of the rows' influence on it.

Estimate: the correction shrunk by what of it may be noise, :math:`g + (1 - .7 \operatorname{Var}\hat f / c^2)_+ \,c`
with :math:`c = \hat f - g` (after the positive part of James & Stein 1961; .7 gives up little where g is right, and
little where it is not).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import BoolArray, FloatArray, IntArray
from conjac.coordinates import FLOOR
from conjac.density.flux import PENALTY
from conjac.density.local import REACH, Moments, gauss
from conjac.density.pilot import Pilot
from conjac.density.spread import Spread
from conjac.tally import Atoms, Tally

WIDER = 1.4
CLIPPED = -np.log(FLOOR) - 1e-6
ENOUGH_ROWS = 10
WIDEST = 1.4
BINS_PER_BANDWIDTH = 8
AT_ONCE = 2**21
NOISE = 0.7
"""How much of the correction's variance it must exceed."""
MOST = 5.0
"""Largest difference in the logarithm that shapes under a kernel may make: of a few rows, neither is to be believed."""
PRIOR_ROWS = 1.0
"""Rows' worth of the guess that shape, not mass, is measured with, so that a single row is not taken for a spike."""
NODES, SHARES = np.polynomial.hermite_e.hermegauss(15)
SHARES = SHARES / SHARES.sum()


NO_ROWS = Atoms(np.zeros(1), np.zeros(1, dtype=np.intp), np.zeros((1, 1)), np.zeros(1))


@dataclass(frozen=True, eq=False)
class Tangent:
    """One class's density, at any cut.

    Attributes
    ----------
    atoms : Atoms
        The class's rows, in bins as wide as the bandwidth allows.
    spread : Spread
    pilot : Pilot or None
    """

    atoms: Atoms
    spread: Spread
    pilot: Pilot | None

    @classmethod
    def of(cls, tally: Tally, true: int) -> Tangent:
        """Measure one class; the rows clipped to the end of the logit scale have no part in its shape."""
        atoms = tally.atoms(true)
        shape = atoms
        if tally.scale == "logit":
            inside = np.abs(atoms.position) < CLIPPED
            shape = atoms.where(inside) if inside.any() else atoms
        spread = Spread.of(shape).sharpened(shape, tally.step)
        step = 2.0 ** np.floor(np.log2(WIDER * spread.reference / BINS_PER_BANDWIDTH))
        atoms = tally.atoms(true, step=step)
        return cls(atoms if len(atoms.position) else NO_ROWS, spread, Pilot.of(shape, spread))

    def at(self, cut: FloatArray) -> dict[str, FloatArray]:
        """Estimate the density at cuts; arrays as in `conjac.density.Flux`, without the axis of classes."""
        guess = np.zeros(len(cut)) if self.pilot is None else self.pilot.at(cut)
        bandwidth = self._bandwidth(guess)
        first, last = (np.searchsorted(self.atoms.position, cut + side * REACH * bandwidth) for side in (-1, 1))
        chunks = max(1, len(cut) * int((last - first).max(initial=0)) // AT_ONCE)
        parts = [
            self._estimate(cut[few], guess[few], bandwidth[few], first[few], last[few])
            for few in np.array_split(np.arange(len(cut)), chunks)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _bandwidth(self, guess: FloatArray) -> FloatArray:
        bandwidth = np.full(len(guess), WIDER * self.spread.reference)
        if self.pilot is None:
            return bandwidth
        rows = guess / self.spread.row * bandwidth * 2 * np.sqrt(np.pi)
        with np.errstate(divide="ignore"):
            return np.asarray(bandwidth * np.clip(ENOUGH_ROWS / rows, 1, WIDEST))

    def _estimate(
        self, cut: FloatArray, guess: FloatArray, bandwidth: FloatArray, first: IntArray, last: IntArray
    ) -> dict[str, FloatArray]:
        place = first[:, None] + np.arange(max(1, int((last - first).max(initial=0))))
        near = np.minimum(place, len(self.atoms.position) - 1)
        distance = (self.atoms.position[near] - cut[:, None]) / bandwidth[:, None]
        kernel = np.where(place < last[:, None], gauss(distance), 0.0) / bandwidth[:, None]
        powers = distance, distance**2
        weight = self.atoms.weight.sum(axis=1)[near]
        rows = Moments(*_sums(kernel * weight, powers))
        off = guess <= 0
        guessed = self._guessed(cut, bandwidth, off)
        guess = np.where(off, 1.0, guess)
        peak = gauss(np.zeros(1)) / bandwidth
        shape = rows.plus(PRIOR_ROWS * self.spread.row * peak / guessed.mass, guessed)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            curving = np.clip(shape.log_ratio() - guessed.log_ratio(), -MOST, MOST)
            center = rows.mass * np.exp(curving) * guess / guessed.mass
            constant, linear, square = shape.influence()
            adds = np.stack([constant + 1 / rows.mass, linear, square])
            adds = np.nan_to_num(adds * center / (adds * rows.all).sum(axis=0))
            moments = _moments(adds, kernel, powers, self.atoms.weight2[near])
            correction = center - guess
            kept = np.nan_to_num(np.maximum(0, 1 - NOISE * moments["square"] / correction**2))
            value = guess + kept * correction
            n_eff = np.nan_to_num(rows.mass**2 / (kernel**2 * self.atoms.weight2[near]).sum(axis=1))
        return {
            **moments,
            "by_block": self._by_block(adds, kernel, powers, near, center),
            "value": np.where(off, center, value),
            "center": center,
            "n_eff": n_eff,
            "bandwidth": bandwidth,
            "drift": value * (0.0 if self.pilot is None else self.pilot.drift(cut)),
            "penalty": PENALTY * self.spread.weight2 * (1.5 * peak) ** 2,
        }

    def _by_block(
        self,
        adds: FloatArray,
        kernel: FloatArray,
        powers: tuple[FloatArray, FloatArray],
        near: IntArray,
        center: FloatArray,
    ) -> FloatArray:
        if self.atoms.weight.shape[1] == 1:
            return center[:, None]
        contribution = kernel * (adds[0][:, None] + adds[1][:, None] * powers[0] + adds[2][:, None] * powers[1])
        return np.asarray((contribution[:, None, :] @ self.atoms.weight[near])[:, 0, :])

    def _guessed(self, cut: FloatArray, bandwidth: FloatArray, off: BoolArray) -> Moments:
        """Return the moments of the guess under the kernel; those of a flat one off it."""
        if self.pilot is None:
            return Moments(*np.broadcast_to([[1.0], [0.0], [1.0]], (3, len(cut))))
        near = self.pilot.at(cut[:, None] + bandwidth[:, None] * NODES) * SHARES
        moments = Moments(*((near * NODES**power).sum(axis=1) for power in (0, 1, 2)))
        flat = off | (moments.mass <= 0)
        return Moments(*(np.where(flat, one, m) for one, m in zip((1.0, 0.0, 1.0), moments.all, strict=True)))


def _moments(
    adds: FloatArray, kernel: FloatArray, powers: tuple[FloatArray, FloatArray], weight2: FloatArray
) -> dict[str, FloatArray]:
    """Return the second moments of a kernel times a quadratic, arrays as in `conjac.density.Flux`."""
    constant, linear, square = adds
    weighted = kernel * weight2
    above = _sums(weighted * (powers[0] >= 0), powers)
    both = _sums(weighted, powers)
    doubled = weighted * kernel
    s0, s1, s2 = _sums(doubled, powers)
    s3, s4 = (np.einsum("ij,ij,ij->i", doubled, powers[1], power) for power in powers)
    over = (adds * above).sum(axis=0)
    return {
        "square": constant**2 * s0
        + 2 * constant * linear * s1
        + (linear**2 + 2 * constant * square) * s2
        + 2 * linear * square * s3
        + square**2 * s4,
        "cross": np.stack([(adds * both).sum(axis=0) - over, over], axis=1),
    }


def _sums(weighted: FloatArray, powers: tuple[FloatArray, FloatArray]) -> FloatArray:
    """Return the sums of weights, and of weights times distance and its square, array of shape (3, n_points)."""
    return np.stack([weighted.sum(axis=1), *(np.einsum("ij,ij->i", weighted, power) for power in powers)])
