r"""The secant: count again on either side of the cut, over a step that is reported.

For scores on atoms there is no density. The estimand is the population's central difference quotient
:math:`[C(t + d) - C(t - d)] / 2d` at the reported step d, in units of score. The ends lie between atoms; on a
lattice 2d is a whole number of its steps. Of such steps, the one of least estimated mean squared error as a
derivative is taken, :math:`(d^2 g'' / 6)^2 + g / 2d`, relative to each class's squared density so that the larger class
does not decide alone; the bias that remains is reported.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import FloatArray, IntArray
from conjac.coordinates import scores_of
from conjac.density.flux import PENALTY, of_own_rows
from conjac.density.spread import Spread
from conjac.tally import Atoms, Tally, just_below

NEIGHBOURS = 16
"""Atoms on either side by which a lattice is recognised."""
MAX_STEPS = 200
TOLERANCE = 0.1


def secant(tally: Tally, cut: FloatArray) -> dict[str, FloatArray]:
    """Count both classes across each cut; arrays as in `conjac.density.Flux`."""
    pooled = scores_of(np.unique(tally.atoms().position), tally.scale)
    classes = [_ByScore.of(tally.atoms(true), tally) for true in (0, 1)]
    t = scores_of(cut, tally.scale)
    place = np.searchsorted(pooled, t)
    near = {int(at): _Near.of(pooled, int(at)) for at in np.unique(place)}
    chosen = [_chosen(classes, near[int(at)], float(one)) for at, one in zip(place, t, strict=True)]
    step, *curvatures = np.array(chosen).T
    slope = t * (1 - t) if tally.scale == "logit" else np.ones_like(t)
    rate = slope / (2 * step)
    counted = [c.between(t - step, t + step, cut) for c in classes]
    found = [
        {
            "value": rate * n.weight.sum(axis=1),
            "center": rate * n.weight.sum(axis=1),
            "by_block": rate[:, None] * n.weight,
            "square": rate**2 * n.weight2.sum(axis=1),
            "cross": rate[:, None] * n.weight2,
            "penalty": PENALTY * c.spread.weight2 * rate**2,
            "n_eff": n.effective,
            "drift": 0 * step,
            "bias": slope * step**2 / 6 * curvature,
        }
        for c, n, curvature in zip(classes, counted, curvatures, strict=True)
    ]
    return of_own_rows({name: np.stack([one[name] for one in found], axis=1) for name in found[0]}) | {"step": step}


@dataclass(frozen=True)
class _Counted:
    """What lies between two scores: weight by block, and squared weight below the cut and above it."""

    weight: FloatArray
    weight2: FloatArray

    @property
    def effective(self) -> FloatArray:
        weight2 = self.weight2.sum(axis=1)
        return np.asarray(self.weight.sum(axis=1) ** 2 / np.where(weight2 > 0, weight2, 1))


@dataclass(frozen=True)
class _ByScore:
    """One class's atoms, with their positions on the scores' own scale."""

    atoms: Atoms
    score: FloatArray
    weight: FloatArray
    spread: Spread

    @classmethod
    def of(cls, atoms: Atoms, tally: Tally) -> _ByScore:
        score = scores_of(atoms.position, tally.scale)
        spread = Spread.of(Atoms(score, atoms.rows, atoms.weight, atoms.weight2))
        return cls(atoms, score, atoms.weight.sum(axis=1), spread)

    def between(self, low: FloatArray, high: FloatArray, cut: FloatArray) -> _Counted:
        """Count between the scores ``low`` and ``high``; nothing where these are nan."""
        first, last = np.searchsorted(self.score, low, "right"), np.searchsorted(self.score, high, "left")
        middle = np.clip(np.searchsorted(self.atoms.position, just_below(cut)), first, last)
        weight2 = [_sums(self.atoms.weight2, *part) for part in ((first, middle), (middle, last))]
        return _Counted(_sums(self.atoms.weight, first, last), np.stack(weight2, axis=1))


def _sums(values: FloatArray, first: IntArray, last: IntArray) -> FloatArray:
    """Return sums of ``values[first:last]``, not by differences of a running sum: what is nothing stays exactly 0."""
    padded = np.concatenate([values, np.zeros_like(values, shape=(1, *values.shape[1:]))])
    found = np.add.reduceat(padded, np.stack([first, last], axis=1).ravel())[::2]
    found[first >= last] = 0
    return np.asarray(found)


def _chosen(classes: list[_ByScore], near: _Near, t: float) -> tuple[float, float, float]:
    """Return the step and, at it, the curvature of each class; nan where there is no step."""
    candidates = near.steps(t)
    if not len(candidates):
        return np.nan, np.nan, np.nan
    errors, curvatures = zip(*(_mean_squared_error(c, t, candidates) for c in classes), strict=True)
    return float(candidates[np.argmin(sum(errors))]), *curvatures


@dataclass(frozen=True)
class _Near:
    """The atoms of both classes around every cut between the same two of them.

    Attributes
    ----------
    atoms : array of shape (n_atoms,)
        As far as a step may reach.
    nearest : array of shape (n_nearest,)
        Those by which a lattice is recognised.
    lattice : float or None
        The step of which all gaps between these are whole multiples.
    clear : float
        How far the ends of a step should lie from atoms where there is no lattice.
    """

    atoms: FloatArray
    nearest: FloatArray
    lattice: float | None
    clear: float

    @classmethod
    def of(cls, pooled: FloatArray, at: int) -> _Near:
        """Look around the place ``at`` of a cut among all atoms."""
        atoms, nearest = (pooled[max(0, at - reach) : at + reach] for reach in (MAX_STEPS, NEIGHBOURS))
        gaps = np.diff(nearest)
        if len(gaps) == 0:
            return cls(atoms, nearest, None, np.nan)
        return cls(atoms, nearest, _lattice_step(gaps), float(TOLERANCE / 2 * np.median(gaps)))

    def steps(self, t: float) -> FloatArray:
        """Return the half-widths around a cut whose ends lie between atoms."""
        if len(self.nearest) < 2:
            return np.zeros(0)
        if self.lattice is not None:
            phase = (t - self.nearest[np.argmin(np.abs(self.nearest - t))]) / self.lattice
            between_atoms = abs(phase) >= 0.25
            widths = np.arange(2 if between_atoms else 1, MAX_STEPS, 2)
            reach = max(1.0, 2 * np.ptp(self.atoms) / self.lattice)
            return np.asarray(self.lattice / 2 * widths[widths <= reach + 1])
        middles = (self.atoms[1:] + self.atoms[:-1]) / 2
        nearest = np.sort(np.abs(middles - t))
        widths = nearest[nearest > 0][:MAX_STEPS]
        ends = np.stack([t - widths, t + widths])
        after = np.clip(np.searchsorted(self.atoms, ends), 1, len(self.atoms) - 1)
        to_atoms = np.minimum(np.abs(ends - self.atoms[after - 1]), np.abs(ends - self.atoms[after]))
        clear = to_atoms.min(axis=0) >= self.clear
        return np.asarray(widths[clear] if clear.any() else widths)


def _lattice_step(gaps: FloatArray) -> float | None:
    """Return the step of which all gaps are whole multiples, or None."""
    multiples = np.rint(gaps / gaps.min())
    step = float(gaps.sum() / multiples.sum())
    return step if np.abs(gaps - multiples * step).max() <= TOLERANCE * step else None


def _mean_squared_error(c: _ByScore, t: float, steps: FloatArray) -> tuple[FloatArray, float]:
    h = max(c.spread.pilot, float(steps[0]))
    distance = (c.score - t) / h
    gauss = np.exp(-0.5 * distance**2) / np.sqrt(2 * np.pi)
    kernel = (distance**2 - 1) * gauss / h**3
    curvature = float(kernel @ c.weight)
    noise = float(kernel**2 @ c.atoms.weight2)
    density, density2 = (float(gauss @ weight / h) for weight in (c.weight, c.atoms.weight2))
    error = (steps**2 / 6) ** 2 * (curvature**2 + noise) + density2 / (2 * steps)
    return error / ((density**2 + density2 / h) or 1.0), curvature  # a class that is nowhere near has no say
