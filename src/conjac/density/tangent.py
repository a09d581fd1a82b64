r"""The tangent: a smooth guess, corrected by the rows near the cut.

All of it on the scale z of `conjac.density.normalizing`. With the guess g of `conjac.density.pilot` and the
log-quadratic functional T of `conjac.density.local`,

.. math:: \log \hat f = \log g + \delta, \qquad \delta = T_h(\text{rows}) - T_h(g),

which is unbiased where g is right, whatever h is, and else has T's bias for :math:`f / g`, of order :math:`h^4`.
The bandwidth is :math:`1.09\, n^{2/45}` times that of a kernel estimate with the guess's roughness, which is of order
:math:`n^{-1/5}`: it shrinks half-way between that and :math:`n^{-1/9}`, of least error for a bias of order
:math:`h^4`, at which the bias would not be small beside the standard error. Where the fixed point of Botev, Grotowski
& Kroese (`conjac.density.fixed_point`) is less than .6 of the plug-in, the rows show more than the guess resolves,
and the fixed point is taken in its place. Where fewer than 10 effective rows would lie under the kernel it is widened,
to at most 1.4 times.

Interval: centred on that estimate, with the standard error of the rows' influence on it.

Estimate: the correction shrunk by what of it may be noise, :math:`g + (1 - .7 \operatorname{Var}\hat f / c^2)_+ \,c`
with :math:`c = \hat f - g` (after the positive part of James & Stein 1961; .7 gives up little where g is right, and
little where it is not). Where the fixed point is taken g is known to be wrong, and nothing is shrunk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from conjac._typing import AnyArray, BoolArray, FloatArray
from conjac.coordinates import FLOOR
from conjac.density.binning import Binning, declumped
from conjac.density.fixed_point import finer_bandwidth
from conjac.density.flux import PENALTY
from conjac.density.local import REACH, Moments, gauss
from conjac.density.normalizing import Normalizing
from conjac.density.pilot import Pilot
from conjac.density.placed import Placed, Window
from conjac.density.spread import Spread, dispersion
from conjac.tally import Tally

WIDER, RATE = 1.09, 2 / 45
FINER = 0.6
NORMAL_REFERENCE = (4 / 3) ** (1 / 5)
CLIPPED = -np.log(FLOOR) - 1e-6
ENOUGH_ROWS = 10
WIDEST = 1.4
BINS_PER_BANDWIDTH = 8
"""Of the rows, which within a bin count by their mean and variance."""
AT_ONCE = 2**21
RESOLVED = 100
"""Effective rows from which what is finer than the guess is believed."""
FAR = 1e3
"""Where cuts past a hard edge are put, in z: no row is near."""
NOISE = 0.7
"""How much of the correction's variance it must exceed."""
MOST = 5.0
"""Largest difference in the logarithm that shapes under a kernel may make: of a few rows, neither is to be believed."""
PRIOR_ROWS = 1.0
"""Rows' worth of the guess that shape, not mass, is measured with, so that a single row is not taken for a spike."""
NODES, SHARES = np.polynomial.hermite_e.hermegauss(9)
SHARES = SHARES / SHARES.sum()


@dataclass(frozen=True, eq=False)
class Influence:
    """What a unit of weight adds to a density at one cut, by its margin.

    Attributes
    ----------
    normalizing : Normalizing
    z, bandwidth : float
        The cut and its kernel, in z.
    adds : array of shape (3,)
        What a unit of the kernel's mass, first and second moment adds, per unit of margin.
    """

    normalizing: Normalizing
    z: float
    bandwidth: float
    adds: FloatArray

    def __call__(self, margin: FloatArray) -> FloatArray:
        """Return what is added, array of shape (n_rows,)."""
        distance = (self.normalizing(margin) - self.z) / self.bandwidth
        kernel = np.where(np.abs(distance) < REACH, gauss(distance), 0.0) / self.bandwidth
        constant, linear, square = self.adds
        return np.asarray(kernel * (constant + distance * (linear + distance * square)))


class _Look(NamedTuple):
    """Rows under kernels, the guess there, and what it makes of them: arrays of shape (n_points,) but ``adds``, 3 x."""

    windows: list[Window]
    rows: Moments
    off: BoolArray
    guess: FloatArray
    peak: FloatArray
    center: FloatArray
    adds: FloatArray


@dataclass(frozen=True, eq=False)
class Tangent:
    """The density of one class or of several together, at any cut.

    Attributes
    ----------
    normalizing : Normalizing
        From margins to z.
    placed : tuple of Placed
        Each class's rows, at their z.
    spread : Spread
    row : float
        Weight of an effective row.
    pilot : Pilot or None
    bandwidth : float
        In z, where there are enough rows.
    finer : bool
        Whether the rows show more than the guess resolves.
    """

    normalizing: Normalizing
    placed: tuple[Placed, ...]
    spread: Spread
    row: float
    pilot: Pilot | None
    bandwidth: float
    finer: bool

    @classmethod
    def of(cls, tally: Tally, *classes: int) -> Tangent:
        """Measure classes together; rows clipped to the end of the logit scale have no part in their shape."""
        parts = [tally.atoms(true) for true in classes]
        shape = tally.atoms(*classes) if len(classes) > 1 else parts[0]
        if tally.scale == "logit":
            inside = np.abs(shape.position) < CLIPPED
            shape = shape.where(inside) if inside.any() else shape
        spread = Spread.of(shape)
        n = spread.n / dispersion(shape, tally.step)
        row = float(shape.weight.sum() / n) or 1.0
        normalizing = Normalizing.of(shape, tally.step, n)
        bandwidth, finer = NORMAL_REFERENCE * n**-0.2, None
        binning = Binning.of(shape.position, shape.weight.sum(axis=1), tally.step, normalizing)
        pilot = None if binning is None else Pilot.of(binning, row)
        if pilot is not None:
            bandwidth = pilot.bandwidth(n)
            clear = Binning.of(shape.position, declumped(shape, tally.step), tally.step, normalizing)
            finer = None if clear is None else finer_bandwidth(clear, n, FINER * bandwidth)
        bandwidth = WIDER * n**RATE * (finer or bandwidth)
        placed = tuple(Placed.of(rows, normalizing(rows.position), bandwidth / BINS_PER_BANDWIDTH) for rows in parts)
        return cls(normalizing, placed, spread, row, pilot, bandwidth, finer is not None)

    def at(self, cut: FloatArray) -> dict[str, AnyArray]:
        """Estimate the density at cuts.

        Returns
        -------
        dict of arrays
            As in `conjac.density.Flux`, of one figure; ``cross`` has shape (n_points, n_classes, 2).
        """
        z = np.clip(self.normalizing(cut), -FAR, FAR)
        slope, bend = self.normalizing.slope(cut), self.normalizing.bend(cut)
        guess = np.zeros(len(cut)) if self.pilot is None else self.pilot.at(z)
        bandwidth = self._bandwidth(guess)
        windows = [placed.window(z, bandwidth) for placed in self.placed]
        reach = max(int((last - first).max(initial=0)) for first, last in windows)
        chunks = max(1, len(cut) * reach // AT_ONCE)
        parts = [
            self._estimate(z[few], guess[few], bandwidth[few]) for few in np.array_split(np.arange(len(cut)), chunks)
        ]
        found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        doubt = np.where(self.finer & (found["n_eff"] < RESOLVED), "finer", "")
        doubt = np.where(self._rows_to_an_edge(z) < ENOUGH_ROWS, "edge", doubt)
        return _per_margin(found, slope, bend) | {"doubt": doubt}

    def _rows_to_an_edge(self, z: FloatArray) -> FloatArray:
        """Return the rows between each cut and the nearest hard edge; infinite without one."""
        above = sum(placed.above2[np.searchsorted(placed.z, z)] for placed in self.placed) / self.spread.weight2
        below = sum(placed.above2[0] for placed in self.placed) / self.spread.weight2 - above
        lower, upper = (np.isfinite(edge) for edge in self.normalizing.edges)
        return np.minimum(below if lower else np.inf, above if upper else np.inf)

    def _bandwidth(self, guess: FloatArray) -> FloatArray:
        bandwidth = np.full(len(guess), self.bandwidth)
        if self.pilot is None:
            return bandwidth
        rows = guess / self.row * bandwidth * 2 * np.sqrt(np.pi)
        with np.errstate(divide="ignore"):
            return np.asarray(bandwidth * np.clip(ENOUGH_ROWS / rows, 1, WIDEST))

    def influence(self, cut: float) -> Influence:
        """Return what a unit of weight adds to ``center`` at one cut, by its margin."""
        at = np.array([cut])
        z = np.clip(self.normalizing(at), -FAR, FAR)
        guess = np.zeros(1) if self.pilot is None else self.pilot.at(z)
        bandwidth = self._bandwidth(guess)
        adds = self._look(z, guess, bandwidth).adds
        return Influence(self.normalizing, z[0], bandwidth[0], adds[:, 0] * self.normalizing.slope(at))

    def _look(self, z: FloatArray, guess: FloatArray, bandwidth: FloatArray) -> _Look:
        """Correct the guess by the rows under kernels."""
        windows = [Window.of(placed, z, bandwidth) for placed in self.placed]
        rows = Moments(*np.sum([window.moments for window in windows], axis=0))
        off = guess <= 0
        guessed = self._guessed(z, bandwidth, off)
        guess = np.where(off, 1.0, guess)
        peak = gauss(np.zeros(1)) / bandwidth
        shape = rows.plus(PRIOR_ROWS * self.row * peak / guessed.mass, guessed)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            curving = np.clip(shape.log_ratio() - guessed.log_ratio(), -MOST, MOST)
            center = rows.mass * np.exp(curving) * guess / guessed.mass
            constant, linear, square = shape.influence()
            adds = np.stack([constant + 1 / rows.mass, linear, square])
            adds = np.nan_to_num(adds * center / (adds * rows.all).sum(axis=0))
        return _Look(windows, rows, off, guess, peak, center, adds)

    def _estimate(self, z: FloatArray, guess: FloatArray, bandwidth: FloatArray) -> dict[str, FloatArray]:
        windows, rows, off, guess, peak, center, adds = self._look(z, guess, bandwidth)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            second = [window.second_moments(z, adds) for window in windows]
            variance = np.sum([part["square"] for part in second], axis=0)
            correction = center - guess
            kept = 1.0 if self.finer else np.nan_to_num(np.maximum(0, 1 - NOISE * variance / correction**2))
            n_eff = np.nan_to_num(rows.mass**2 / np.sum([window.squares for window in windows], axis=0))
        return {
            "by_block": np.sum([part["by_block"] for part in second], axis=0),
            "square": variance,
            "cross": np.stack([part["cross"] for part in second], axis=1),
            "value": np.where(off, center, guess + kept * correction),
            "center": center,
            "n_eff": n_eff,
            "bandwidth": bandwidth,
            "drift": np.zeros(len(z)) if self.pilot is None else self.pilot.drift(z),
            "penalty": PENALTY * self.spread.weight2 * (1.5 * peak) ** 2,
        }

    def _guessed(self, z: FloatArray, bandwidth: FloatArray, off: BoolArray) -> Moments:
        """Return the moments of the guess under the kernel; those of a flat one off it."""
        if self.pilot is None:
            return Moments(*np.broadcast_to([[1.0], [0.0], [1.0]], (3, len(z))))
        near = self.pilot.at(z[:, None] + bandwidth[:, None] * NODES) * SHARES
        moments = Moments(*((near * NODES**power).sum(axis=1) for power in (0, 1, 2)))
        flat = off | (moments.mass <= 0)
        return Moments(*(np.where(flat, one, m) for one, m in zip((1.0, 0.0, 1.0), moments.all, strict=True)))


def _per_margin(found: dict[str, FloatArray], slope: FloatArray, bend: FloatArray) -> dict[str, FloatArray]:
    """Return what was found per unit of z, per unit of margin."""
    for name in ("value", "center", "cross", "by_block"):
        found[name] = (found[name].T * slope).T
    for name in ("square", "penalty"):
        found[name] = found[name] * slope**2
    found["drift"] = found["value"] * (found["drift"] * slope + bend)
    found["bandwidth"] = np.divide(found["bandwidth"], slope, out=np.full(len(slope), np.nan), where=slope > 0)
    return found
