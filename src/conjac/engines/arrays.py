"""Exact counts at any threshold, from rows held in memory: two sorts and a look-up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import AnyArray, ConditionOn, FloatArray
from conjac.coordinates import Coordinate, margins
from conjac.inference import Cells
from conjac.rules import ThresholdRule, in_dtype_of
from conjac.tally import Tally, choose_step
from conjac.validation import N_BLOCKS, Predictions


def tally_of(predictions: Predictions, coordinate: Coordinate, thresholds: tuple[float, ...] = ()) -> Tally:
    """Return the tally of rows in memory, at a bin width that suits them."""
    step = choose_step(margins(predictions.score, coordinate.scale), coordinate.scale)
    empty = Tally.zero(coordinate.scale, step, thresholds=thresholds, clustered=predictions.block is not None)
    return empty.add(predictions.true, predictions.score, predictions.weight, predictions.block)


@dataclass(frozen=True, eq=False)
class Counts:
    """Weight alerted at thresholds.

    Attributes
    ----------
    alerts, alerts2 : array of shape (..., 2)
        Each class's weight, and squared weight, with a score at or above the threshold.
    bound : array of shape (..., 2)
        How far ``alerts`` can be from the rows': 0 where exact.
    """

    alerts: AnyArray
    alerts2: AnyArray
    bound: FloatArray


def count_at(rows: Predictions, score: float, condition_on: ConditionOn | None) -> Cells:
    """Count the cells at one threshold on the scores' own scale."""
    cell = 2 * rows.true + ThresholdRule(score).predict(rows.score)
    if rows.weight is None:
        cells = np.bincount(cell, minlength=4).astype(np.int64).reshape(1, 2, 2)
        cells2 = cells
    else:
        cells, cells2 = (np.bincount(cell, rows.weight**power, minlength=4).reshape(1, 2, 2) for power in (1, 2))
    if rows.block is None:
        return Cells(cells, cells2, None, condition_on)
    flat = np.bincount(cell * N_BLOCKS + rows.block, rows.weight, minlength=4 * N_BLOCKS)
    by_block = flat.reshape(1, 2, 2, N_BLOCKS)[..., : int(rows.block.max()) + 1].astype(np.float64)
    return Cells(cells, cells2, by_block, condition_on)


def as_cells(alerts: AnyArray, totals: AnyArray) -> AnyArray:
    """Return alerts, array of shape (..., 2), as confusion matrices, array of shape (..., 2, 2)."""
    return np.stack([totals - alerts, alerts], axis=-1)


@dataclass(frozen=True, eq=False)
class SortedRows:
    """Both classes' scores in ascending order, with the weight at or above each.

    Attributes
    ----------
    scores : tuple of array
        Sorted scores of the negatives and of the positives, in their own dtype.
    above, above2 : tuple of array
        Weight and squared weight of the rows from each place on; one longer than the scores.
    """

    scores: tuple[AnyArray, AnyArray]
    above: tuple[AnyArray, AnyArray]
    above2: tuple[AnyArray, AnyArray]

    @classmethod
    def of(cls, predictions: Predictions) -> SortedRows:
        """Sort the rows of each class."""
        scores: list[AnyArray] = []
        above: list[AnyArray] = []
        above2: list[AnyArray] = []
        for true in (0, 1):
            chosen = predictions.true == true
            score = predictions.score[chosen]
            if predictions.weight is None:
                scores.append(np.sort(score))
                counts = np.arange(len(score), -1, -1, dtype=np.int64)
                above.append(counts)
                above2.append(counts)
            else:
                order = np.argsort(score, kind="stable")
                weight = predictions.weight[chosen][order]
                scores.append(score[order])
                above.append(_from_here_on(weight))
                above2.append(_from_here_on(weight**2))
        return cls((scores[0], scores[1]), (above[0], above[1]), (above2[0], above2[1]))

    @property
    def totals(self) -> AnyArray:
        """Weight of each class, array of shape (2,)."""
        return np.array([above[0] for above in self.above])

    @property
    def totals2(self) -> AnyArray:
        """Squared weight of each class, array of shape (2,)."""
        return np.array([above[0] for above in self.above2])

    def at(self, threshold: FloatArray) -> Counts:
        """Count at thresholds on the scores' own scale, array of shape (...)."""
        places = [np.searchsorted(score, in_dtype_of(score, threshold), side="left") for score in self.scores]
        alerts, alerts2 = (
            np.stack([above[place] for above, place in zip(sums, places, strict=True)], axis=-1)
            for sums in (self.above, self.above2)
        )
        return Counts(alerts, alerts2, np.zeros(alerts.shape))

    def cutoffs(self) -> FloatArray:
        """Return every threshold that alerts a different set, ascending; the last one alerts none."""
        distinct = np.unique(np.concatenate(self.scores)).astype(np.float64)
        return np.append(distinct, np.inf)


def _from_here_on(weight: FloatArray) -> FloatArray:
    return np.concatenate([np.cumsum(weight[::-1])[::-1], [0.0]])
