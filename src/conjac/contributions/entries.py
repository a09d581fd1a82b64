r"""What each row moves between two cells as a parameter moves, whatever it is that moves.

The slope of a cell is a sum over rows near the decision boundary. Under the tangent a row adds its influence on the
bias-corrected flux, :math:`w_i \varphi_i v`, from which standard errors are made as well: for a threshold and for
offsets v is the speed of the margin, for features :math:`w_i(\varphi_i \hat r + \hat f \ell_i e_i)`
(`conjac.inference.crossing_sums`). Under the secant a row that is counted on another side adds its weight over the
step.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from conjac._typing import AnyArray, BoolArray, FloatArray, IntArray, Scale
from conjac.contributions.nearest import Nearest
from conjac.coordinates import margins, scores_of
from conjac.density import density_of
from conjac.density.crossing import Crossing
from conjac.density.velocity import Known, Velocity
from conjac.engines.arrays import tally_rows
from conjac.engines.outcomes import Outcomes
from conjac.errors import NotSupportedError
from conjac.inference.crossing_adds import adds_of
from conjac.motion import (
    AdjointMotion,
    CellMotion,
    DriftMotion,
    MixMotion,
    Motion,
    OffsetMotion,
    PulledMotion,
    RecountedMotion,
    RefitMotion,
    WeightedMotion,
)

GONE = "the result was saved, and the model with its rows was not: make it again from them"
WAYS_OUT: dict[type, str] = {
    MixMotion: "a mix moves weights, and no row to another side: ask as the threshold, offsets or features move",
    PulledMotion: "as so many parameters move at once: ask J.along(direction) for its own, or for Parameters(..., "
    "method='dense')",
    AdjointMotion: "as training rows move: ask for influential_rows",
    WeightedMotion: "as training rows move: ask for influential_rows",
    RefitMotion: "as a model is fitted again, rows flip between models that are no longer there: ask as the threshold, "
    "offsets or features move, or pass Hyperparameters(..., method='implicit')",
}


class Entries(NamedTuple):
    """What moves between the cells of a row's true class, and which rows flip.

    Attributes
    ----------
    row : array of int of shape (n_entries,)
        A row may be near several boundaries.
    source, target : array of int of shape (n_entries,)
        Columns of the matrix: out of which, and into which.
    adds : array of shape (n_entries,)
        How much of it per unit of the parameter.
    rising, falling : array of shape (n_samples,)
        How far from flipping each row is as the parameter rises, and as it falls; infinite of one that does not.
    """

    row: IntArray
    source: IntArray
    target: IntArray
    adds: FloatArray
    rising: FloatArray
    falling: FloatArray

    def summed(self, gradient: FloatArray, true: AnyArray) -> FloatArray:
        """Return what each row adds to a figure, array of shape (n_samples,).

        Parameters
        ----------
        gradient : array of shape (n_columns, n_columns)
            What a unit of each cell adds to the figure.
        true : array of shape (n_samples,)
        """
        own = true[self.row]
        gained = self.adds * (gradient[own, self.target] - gradient[own, self.source])
        return np.asarray(np.bincount(self.row, gained, len(true)), dtype=np.float64)


def refuse(motion: CellMotion) -> None:
    """Raise where something moves whose rows are not known.

    Raises
    ------
    NotSupportedError
        And what to ask for instead.
    """
    for kind, way_out in WAYS_OUT.items():
        if isinstance(motion, kind):
            raise NotSupportedError(f"contributions: {way_out}")
    if isinstance(motion, DriftMotion) and motion.velocities is None:
        raise NotSupportedError(f"contributions: {GONE}")
    if isinstance(motion, RecountedMotion) and motion.turned is None:
        raise NotSupportedError(f"contributions: {GONE}")
    if isinstance(motion, Motion) and np.isfinite(motion.flux.calibration).all():
        raise NotSupportedError(
            "contributions: under assume_calibrated both slopes come from the rows of both classes; leave it out"
        )


def entries_of(motion: CellMotion, rows: Outcomes, nearest: Nearest, scale: Scale, cut: float, place: int) -> Entries:
    """Return what rows move as one parameter moves.

    Parameters
    ----------
    motion : Motion, OffsetMotion, DriftMotion or RecountedMotion
        As `refuse` lets pass.
    rows : Outcomes
        With their scores.
    nearest : Nearest
    scale : {"logit", "score"}
        Of the margins.
    cut : float
        Of a threshold, on the margin scale.
    place : int
        Of the parameter.
    """
    if isinstance(motion, Motion):
        return _of_threshold(motion, rows, nearest, scale, cut)
    if isinstance(motion, OffsetMotion):
        return _of_offset(motion, rows, nearest, place)
    if isinstance(motion, DriftMotion):
        return _of_drift(motion, rows, place)
    if isinstance(motion, RecountedMotion):
        return _of_recount(motion, rows, nearest, place)
    raise TypeError(type(motion).__name__)


def _of_threshold(motion: Motion, rows: Outcomes, nearest: Nearest, scale: Scale, cut: float) -> Entries:
    assert rows.score is not None
    true, margin = rows.true.astype(np.intp), margins(rows.score, scale)
    if motion.method == "tangent":
        block = None if rows.block is None else rows.block.astype(np.intp)
        tallied = partial(tally_rows, true, rows.score, rows.weight, block, scale)
        near = Crossing.of_threshold(density_of(tallied, scale, block is not None, False, None), cut, true, margin)
        row, adds = near.row, near.adds
    else:
        step, t = float(motion.flux.step[0]), float(scores_of(cut, scale))
        row = np.flatnonzero(np.abs(scores_of(margin, scale) - t) < step)
        adds = np.full(len(row), (t * (1 - t) if scale == "logit" else 1.0) / (2 * step))
    if motion.rate is not None:
        rate, loses = float(motion.rate[0]), rows.predicted == 1
    else:  # a share of rows rises as the threshold falls, and the fluxes are told as shares of their sum
        rate, loses = float(motion.counted.weight[0].sum() / motion.flux.center[0].sum()), rows.predicted == 0
    down, up = np.zeros(len(row), np.intp), np.ones(len(row), np.intp)
    return Entries(row, down, up, _weighted(adds * rate, rows, row), *_either(nearest, loses))


def _of_offset(motion: OffsetMotion, rows: Outcomes, nearest: Nearest, place: int) -> Entries:
    """Take the boundaries of one class: rows enter its column from their own, or leave it for the other's."""
    n, none = rows.n_columns, np.zeros(0, np.intp)
    parts: list[tuple[AnyArray, ...]] = [(none, none, np.zeros(0))]
    for row, side, adds in motion.joint.boundary.adds():
        own, other = side // n % n, side % n
        here = np.flatnonzero((own == place) | (other == place))
        parts.append((row[here].astype(np.intp), np.where(own == place, other, own)[here], adds[here]))
    row, source, adds = (np.concatenate(part) for part in zip(*parts, strict=True))
    target, adds = np.full_like(source, place), _weighted(adds, rows, row)
    return Entries(row, source, target, adds, *_either(nearest, rows.predicted != place))


def _of_drift(motion: DriftMotion, rows: Outcomes, place: int) -> Entries:
    """Take the rows near facets; those alone flip that move towards theirs."""
    assert motion.velocities is not None
    crossing = motion.joint.sums.crossing
    v = motion.velocities(place)
    if motion.fixed is None:
        velocity = Velocity.of(crossing, rows.weight, Known(v))
        weight = np.ones(len(v)) if rows.weight is None else rows.weight[crossing.row]
        adds = adds_of(crossing, velocity, slice(0, len(v)), weight, v[:, None])[:, 0]
    else:
        adds = motion.fixed.center * v
    lower, upper = crossing.lower[crossing.facet], crossing.upper[crossing.facet]
    with np.errstate(divide="ignore", invalid="ignore"):
        far = np.abs(crossing.margin / v)
    loses = np.where(rows.predicted[crossing.row] == upper, v < 0, v > 0)
    ahead = np.full((2, len(rows.true)), np.inf)
    for side, flips in zip(ahead, (loses, ~loses & (v != 0)), strict=True):
        np.minimum.at(side, crossing.row[flips], far[flips])
    return Entries(crossing.row, lower, upper, adds, *ahead)


def _of_recount(motion: RecountedMotion, rows: Outcomes, nearest: Nearest, place: int) -> Entries:
    """Take the rows that are predicted otherwise with the column moved, either way."""
    assert motion.turned is not None
    row, below, above = motion.turned(place)
    speed = float(motion.units[place] / (2 * motion.steps[place]))
    ahead = np.full((2, len(rows.true)), np.inf)
    for side, there in zip(ahead, (above, below), strict=True):
        flips = row[there != rows.predicted[row]]
        side[flips] = nearest.size[flips]
    adds = _weighted(np.full(len(row), speed), rows, row)
    return Entries(row, below.astype(np.intp), above.astype(np.intp), adds, *ahead)


def _either(nearest: Nearest, loses: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return how far rows are from flipping either way; some flip one way, and the rest the other."""
    return np.where(loses, nearest.size, np.inf), np.where(loses, np.inf, nearest.size)


def _weighted(adds: FloatArray, rows: Outcomes, row: IntArray) -> FloatArray:
    return adds if rows.weight is None else adds * rows.weight[row]
