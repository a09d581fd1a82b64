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

from conjac._typing import FloatArray
from conjac.coordinates import scores_of
from conjac.density.flux import PENALTY, of_own_rows, second_moments
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
    points = [_at(classes, pooled, float(c), float(scores_of(c, tally.scale)), tally) for c in cut]
    return of_own_rows({name: np.stack([p[name] for p in points]) for name in points[0]})


@dataclass(frozen=True)
class _ByScore:
    """One class's atoms, with their positions on the scores' own scale."""

    atoms: Atoms
    score: FloatArray
    spread: Spread

    @classmethod
    def of(cls, atoms: Atoms, tally: Tally) -> _ByScore:
        score = scores_of(atoms.position, tally.scale)
        return cls(atoms, score, Spread.of(Atoms(score, atoms.rows, atoms.weight, atoms.weight2)))


def _at(classes: list[_ByScore], pooled: FloatArray, cut: float, t: float, tally: Tally) -> dict[str, FloatArray]:
    candidates = _candidates(pooled, t)
    slope = t * (1 - t) if tally.scale == "logit" else 1.0
    if not len(candidates):
        return _undefined(tally.n_blocks)
    errors, curvatures = zip(*(_mean_squared_error(c, t, candidates) for c in classes), strict=True)
    step = float(candidates[np.argmin(sum(errors))])
    result: dict[str, list[FloatArray]] = {}
    for c, curvature in zip(classes, curvatures, strict=True):
        inside = np.abs(c.score - t) < step
        contribution = np.asarray(slope * inside / (2 * step), dtype=np.float64)
        above = c.atoms.position >= just_below(np.array(cut))
        moments = second_moments(c.atoms, contribution[None, :], above[None, :])
        weight, weight2 = c.atoms.weight[inside].sum(), c.atoms.weight2[inside].sum()
        total = np.array(slope * weight / (2 * step))
        part = {name: values[0] for name, values in moments.items()} | {
            "value": total,
            "center": total,
            "n_eff": np.array(weight**2 / weight2 if weight2 else 0.0),
            "drift": np.array(0.0),
            "bias": np.array(slope * step**2 / 6 * curvature),
            "penalty": np.array(PENALTY * c.spread.weight2 * (slope / (2 * step)) ** 2),
        }
        for name, values in part.items():
            result.setdefault(name, []).append(values)
    return {name: np.stack(values) for name, values in result.items()} | {"step": np.array(step)}


def _undefined(n_blocks: int) -> dict[str, FloatArray]:
    shapes = {"by_block": (2, n_blocks), "cross": (2, 2), "step": ()}
    names = ("value", "center", "by_block", "square", "cross", "penalty", "drift", "bias", "step")
    return {name: np.full(shapes.get(name, (2,)), np.nan) for name in names} | {"n_eff": np.zeros(2)}


def _candidates(pooled: FloatArray, t: float) -> FloatArray:
    """Return the half-widths whose ends lie between atoms."""
    at = int(np.searchsorted(pooled, t))
    pooled = pooled[max(0, at - MAX_STEPS) : at + MAX_STEPS]
    at = int(np.searchsorted(pooled, t))
    near = pooled[max(0, at - NEIGHBOURS) : at + NEIGHBOURS]
    gaps = np.diff(near)
    if len(gaps) == 0:
        return np.zeros(0)
    lattice = _lattice_step(gaps)
    if lattice is not None:
        phase = (t - near[np.argmin(np.abs(near - t))]) / lattice
        between_atoms = abs(phase) >= 0.25
        widths = np.arange(2 if between_atoms else 1, MAX_STEPS, 2)
        reach = max(1.0, 2 * np.ptp(pooled) / lattice)
        return np.asarray(lattice / 2 * widths[widths <= reach + 1])
    middles = (pooled[1:] + pooled[:-1]) / 2
    nearest = np.sort(np.abs(middles - t))
    widths = nearest[nearest > 0][:MAX_STEPS]
    other_ends = np.concatenate([t - widths, t + widths]).reshape(2, -1)
    clear = np.abs(other_ends[..., None] - pooled).min(axis=(0, 2)) >= TOLERANCE / 2 * np.median(gaps)
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
    curvature = float(kernel @ c.atoms.weight.sum(axis=1))
    noise = float(kernel**2 @ c.atoms.weight2)
    density, density2 = (float(gauss @ weight / h) for weight in (c.atoms.weight.sum(axis=1), c.atoms.weight2))
    error = (steps**2 / 6) ** 2 * (curvature**2 + noise) + density2 / (2 * steps)
    return error / ((density**2 + density2 / h) or 1.0), curvature  # a class that is nowhere near has no say
