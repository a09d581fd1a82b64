r"""The matrix where several offsets are moved together: what each does alone is exact, the rest is from a sample.

With :math:`A = \sum_k (C(b_k) - C_0)` the sum of what the moves do one at a time, which is known, and :math:`\hat A`
and :math:`\hat T` what the sample tells of that and of the moves together,

.. math:: C(b) \approx C_0 + \beta A + \hat T - \beta \hat A, \qquad \beta = \frac{\sum D_T D_A}{\sum D_A^2},

with sums over cells of the deviations D of the sample's random groups: the regression estimator of surveys, with one
slope for all cells (W. G. Cochran 1977, Sampling Techniques, chapter 7). Of one move :math:`\beta = 1` and nothing is
left to estimate; of small moves it is near 1, and of moves that meet in the same rows it is less. It is what the page
computes, written as a reference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from conjac._typing import FloatArray, IntArray
from conjac.density.near import or_one, sums_by
from conjac.views.summary.scene.offsets import OffsetSheet
from conjac.views.summary.scene.sample import JointSample

UNSEEN = 0.2
"""Rows added to the variance of each cell, so that no error is small because nothing was seen."""


@dataclass(frozen=True, eq=False)
class JointMatrix:
    """An estimated matrix.

    Attributes
    ----------
    matrix : array of shape (K, K)
        Its rows sum to the totals of the classes.
    deviation : array of shape (R, K, K)
        Of each replicate: the squares of a linear figure's deviations add up to its variance.
    stderr : array of shape (K, K)
        0 where nothing is estimated; intervals are Student's, with R - 1 degrees of freedom.
    """

    matrix: FloatArray
    deviation: FloatArray
    stderr: FloatArray

    def figure(self, told: Callable[[FloatArray], float]) -> tuple[float, float]:
        """Return a function of the matrix, and its standard error."""
        value = told(self.matrix)
        return value, float(np.sqrt(sum((told(self.matrix + one) - value) ** 2 for one in self.deviation)))


def joint_matrix(sheet: OffsetSheet, steps: IntArray) -> JointMatrix:
    """Estimate the matrix at some step of each path.

    Parameters
    ----------
    sheet : OffsetSheet
    steps : array of shape (K,)
        A step of the path of each class.
    """
    base = np.asarray(sheet.tracks[0].matrix.value[sheet.tracks[0].base], dtype=np.float64)
    taken = list(zip(sheet.tracks, steps, strict=True))
    moves = np.array([track.at[step] - track.at[track.base] for track, step in taken])
    return moved_together(
        sheet.sample, moves, base, np.sum([track.matrix.value[step] - base for track, step in taken], axis=0)
    )


def moved_together(sample: JointSample, moves: FloatArray, base: FloatArray, alone: FloatArray) -> JointMatrix:
    """Estimate the matrix after several moves.

    Parameters
    ----------
    sample : JointSample
    moves : array of shape (K,)
        Of each offset.
    base, alone : array of shape (K, K)
        The matrix without them, and the sum of what each of them adds by itself.
    """
    eye, moved = np.eye(len(moves)), np.flatnonzero(moves)
    stays = eye[sample.score.argmax(axis=1)]
    together = eye[(sample.score + moves).argmax(axis=1)] - stays
    apart = np.zeros_like(together)
    for k in moved:
        apart += eye[(sample.score + moves[k] * eye[k]).argmax(axis=1)] - stays
    one, other = _deviation(sample, together), _deviation(sample, apart)
    noise = float((other**2).sum())
    slope = float((one * other).sum()) / noise if noise > 0 else 1.0
    found, deviation = _summed(sample, together - slope * apart), one - slope * other
    squares, total = (sums_by(sample.true, part, len(moves)) for part in (sample.spread**2, sample.weight))
    unseen = UNSEEN * (len(moved) > 1) * (squares / or_one(total)) ** 2
    stderr = np.sqrt((deviation**2).sum(axis=0) + unseen[:, None])
    return JointMatrix(base + slope * alone + found, deviation, stderr)


def _summed(sample: JointSample, rows: FloatArray) -> FloatArray:
    """Return sums of what a unit of each row adds to the cells of its class, array of shape (K, K)."""
    found = np.zeros((rows.shape[1],) * 2)
    np.add.at(found, sample.true, sample.weight[:, None] * rows)
    return found


def _deviation(sample: JointSample, rows: FloatArray) -> FloatArray:
    """Return the deviations of these sums, array of shape (R, K, K)."""
    total = np.bincount(sample.stratum, sample.weight)
    mean = np.stack([np.bincount(sample.stratum, sample.weight * column) for column in rows.T], axis=1) / total[:, None]
    found = np.zeros((sample.n_replicates, rows.shape[1], rows.shape[1]))
    np.add.at(found, (sample.replicate, sample.true), sample.spread[:, None] * (rows - mean[sample.stratum]))
    return found
