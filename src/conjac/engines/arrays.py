"""Exact counts and the tally of rows held in memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from conjac._typing import AnyArray, ConditionOn, FloatArray, IntArray, Scale
from conjac.blocks import MANY, Placed, sums_by
from conjac.coordinates import Coordinate, margins
from conjac.engines.binned import BinnedRows
from conjac.engines.counted import CountedRows
from conjac.engines.ordered import SortedRows
from conjac.inference import Cells
from conjac.rules import ThresholdRule
from conjac.tally import BINS, KEPT_BINS, Tally, choose_step
from conjac.validation import N_BLOCKS, Predictions

FINE = 2**20
"""Rows beyond which bins are those of a tally that is kept."""
SAMPLED = 2**16
"""Rows by which a bin width is chosen."""


def counter_of(rows: Predictions, named: Tally | None = None) -> SortedRows | CountedRows:
    """Return what counts rows at thresholds: many of them are not sorted unless it pays.

    Parameters
    ----------
    rows : Predictions
    named : Tally, optional
        Theirs, with named thresholds.
    """
    if len(rows.score) <= MANY:
        return SortedRows.of(rows)
    return CountedRows(rows, None if named is None else BinnedRows.of(named))


def tally_of(predictions: Predictions, coordinate: Coordinate, thresholds: tuple[float, ...] = ()) -> Tally:
    """Return the tally of rows in memory, at a bin width that suits them."""
    rows = predictions
    return tally_rows(rows.true, rows.score, rows.weight, rows.block, coordinate.scale, thresholds, rows.labels)


def tally_rows(
    true: IntArray,
    score: AnyArray,
    weight: FloatArray | None,
    block: IntArray | None,
    scale: Scale,
    thresholds: tuple[float, ...] = (),
    labels: tuple[Any, Any] = (0, 1),
) -> Tally:
    """Do as `tally_of`, column by column; of more than a million rows, in the wider bins of a tally that is kept."""
    some = score[:: max(1, len(score) // SAMPLED)]
    step = choose_step(margins(some, scale), scale, KEPT_BINS if len(score) > FINE else BINS)
    empty = Tally.zero(scale, step, thresholds=thresholds, clustered=block is not None, labels=labels)
    return empty.add(true, score, weight, block)


def count_at(rows: Predictions, score: float, condition_on: ConditionOn | None) -> Cells:
    """Count the cells at one threshold on the scores' own scale."""
    predicted = ThresholdRule(score).predict(rows.score)
    return count_cells(rows.true, predicted, (2, 2), rows.weight, rows.block, condition_on)


def count_cells(
    true: IntArray,
    predicted: AnyArray,
    shape: tuple[int, int],
    weight: FloatArray | None,
    block: IntArray | None,
    condition_on: ConditionOn | None,
) -> Cells:
    """Count the cells of predictions, at one point.

    Parameters
    ----------
    true, predicted : array of shape (n_samples,)
        Indices of classes.
    shape : tuple of int
        Of the matrix: rows true, columns predicted.
    weight, block : array of shape (n_samples,) or None
    condition_on : {"class", None}
    """
    n_true, n_predicted = shape
    sums = sums_by(lambda some: (predicted[some].astype(np.intp), None), n_predicted, true, weight, n_true)
    cells, cells2 = (counted.T.reshape(1, *shape) for counted in (sums.weight, sums.weight2))
    if block is None:
        return Cells(cells, cells2, None, condition_on)

    def place_of(some: slice) -> Placed:
        return predicted[some] * np.intp(N_BLOCKS) + block[some], None

    apart = sums_by(place_of, n_predicted * N_BLOCKS, true, weight, n_true)
    by_block = apart.weight.T.reshape(1, *shape, N_BLOCKS)[..., : int(block.max()) + 1].astype(np.float64)
    return Cells(cells, cells2, by_block, condition_on)
