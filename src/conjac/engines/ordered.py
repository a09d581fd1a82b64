"""Exact counts at any threshold, from rows held in memory: two sorts and a look-up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.rules import in_dtype_of
from conjac.validation import Predictions


@dataclass(frozen=True, eq=False)
class Counts:
    """Confusion matrices at thresholds.

    Attributes
    ----------
    weight, weight2 : array of shape (..., 2, 2)
        Weight and squared weight. Each cell is summed by itself: as the total less the others, a small weight beside
        large ones would be lost.
    bound : array of shape (..., 2)
        How far each class's cells can be from the rows': 0 where exact.
    """

    weight: AnyArray
    weight2: AnyArray
    bound: FloatArray


@dataclass(frozen=True, eq=False)
class SortedRows:
    """Both classes' scores in ascending order, with the weight at or above each.

    Attributes
    ----------
    scores : tuple of array
        Sorted scores of the negatives and of the positives, in their own dtype.
    sides, sides2 : tuple of array of shape (n_samples + 1, 2), or None
        Weight and squared weight of the rows before each place, and of those from it on; None where a row counts 1.
    """

    scores: tuple[AnyArray, AnyArray]
    sides: tuple[AnyArray, AnyArray] | None = None
    sides2: tuple[AnyArray, AnyArray] | None = None

    @classmethod
    def of(cls, predictions: Predictions) -> SortedRows:
        """Sort the rows of each class."""
        chosen = [predictions.true == true for true in (0, 1)]
        if predictions.weight is None:
            negatives, positives = (np.sort(predictions.score[rows]) for rows in chosen)
            return cls((negatives, positives))
        parts = [_sorted(predictions.score[rows], predictions.weight[rows]) for rows in chosen]
        return cls(*((a, b) for a, b in zip(*parts, strict=True)))

    @property
    def totals(self) -> AnyArray:
        """Weight of each class, array of shape (2,)."""
        if self.sides is None:
            return np.array([len(score) for score in self.scores])
        return np.array([sides[0, 1] for sides in self.sides])

    def at(self, threshold: FloatArray) -> Counts:
        """Count at thresholds on the scores' own scale, array of shape (...)."""
        places = [np.searchsorted(score, in_dtype_of(score, threshold), side="left") for score in self.scores]
        if self.sides is None or self.sides2 is None:
            weight = weight2 = np.empty((*threshold.shape, 2, 2), dtype=np.int64)
            for true, (score, place) in enumerate(zip(self.scores, places, strict=True)):
                weight[..., true, 0], weight[..., true, 1] = place, len(score) - place
        else:
            weight, weight2 = (_taken(sides, places) for sides in (self.sides, self.sides2))
        return Counts(weight, weight2, np.zeros(weight.shape[:-1]))

    def cutoffs(self) -> FloatArray:
        """Return every threshold that alerts a different set, ascending; the last one alerts none."""
        ordered = np.sort(np.concatenate(self.scores), kind="stable")  # merges what is sorted already
        distinct = ordered[np.concatenate([[True], ordered[1:] > ordered[:-1]])]
        return np.append(distinct.astype(np.float64), np.inf)


def _taken(sides: tuple[AnyArray, AnyArray], places: list[IntArray]) -> AnyArray:
    """Return both classes' sums at their places, array of shape (..., 2, 2)."""
    found = np.empty((*places[0].shape, 2, 2), dtype=sides[0].dtype)
    for true, (sums, place) in enumerate(zip(sides, places, strict=True)):
        found[..., true, :] = sums[place]
    return found


def _sorted(score: AnyArray, weight: FloatArray) -> tuple[AnyArray, AnyArray, AnyArray]:
    order = np.argsort(score, kind="stable")
    return score[order], both_sides(weight[order]), both_sides(weight[order] ** 2)


def both_sides(values: AnyArray) -> AnyArray:
    """Return sums before each place and from it on, array of shape (len(values) + 1, 2, ...)."""
    empty = np.zeros((1, *values.shape[1:]), dtype=values.dtype)
    before = np.concatenate([empty, values.cumsum(axis=0)])
    after = np.concatenate([values[::-1].cumsum(axis=0)[::-1], empty])
    return np.stack([before, after], axis=1)
