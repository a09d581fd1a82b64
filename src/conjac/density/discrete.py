"""Do the scores have a density near the cut, or do they sit on atoms? Asked of the tally, so it survives merging."""

from __future__ import annotations

import numpy as np

from conjac._typing import AnyArray, BoolArray, FloatArray, IntArray
from conjac.tally import Tally

CELL = 16
"""Bins to a cell: wide enough to average over, narrow enough that a density is flat within it."""
MIN_ROWS = 50
MIN_CELLS = 4
OCCUPANCY = 0.5


def is_discrete(tally: Tally, cut: FloatArray) -> BoolArray:
    """Tell where fewer than half of the bins are occupied that a density would occupy.

    N rows of a density, flat within a cell of B bins, occupy ``B (1 - exp(-N / B))`` of them on average; rows on a
    lattice wider than a bin, with more than about 1.6 rows to an atom, occupy less than half of that.

    Parameters
    ----------
    tally : Tally
    cut : array of shape (n_points,)
        Finite cuts, on the margin scale.

    Returns
    -------
    array of shape (n_points,)
        Judged on the nearest cells that hold 50 rows, and on at least 4 cells.
    """
    cells, rows_before, seen, expected = _cells(tally)
    first, last = _window(cells, rows_before, np.floor(cut / (CELL * tally.step)))
    return np.asarray((seen[last] - seen[first]) < OCCUPANCY * (expected[last] - expected[first]))


def occupancy(tally: Tally) -> float:
    """Return the bins that are occupied, as a share of those that a density would occupy; the end bins left out."""
    _, _, seen, expected = _cells(tally)
    inner = slice(1, -1) if len(seen) > 3 else slice(None)
    total = float(np.ptp(expected[inner]))
    return float(np.ptp(seen[inner])) / total if total else 1.0


def _cells(tally: Tally) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
    """Return the occupied cells, and before each the rows, the occupied bins, and those a density would occupy."""
    occupied_bins, index = np.unique(tally.keys[:, 2], return_inverse=True)
    rows = np.bincount(index, tally.rows)
    cells, which = np.unique(occupied_bins // CELL, return_inverse=True)
    cell_rows = np.bincount(which, rows)
    expected = CELL * -np.expm1(-cell_rows / CELL)
    return cells, _cumulative(cell_rows), _cumulative(np.bincount(which)), _cumulative(expected)


def _window(cells: IntArray, rows_before: FloatArray, at: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the range of cells around each point, doubled until it holds `MIN_ROWS` or everything."""
    half = np.full(len(at), MIN_CELLS // 2, dtype=np.float64)
    while True:
        first = np.searchsorted(cells, at - half)
        last = np.searchsorted(cells, at + half, side="right")
        short = (rows_before[last] - rows_before[first] < MIN_ROWS) & ((first > 0) | (last < len(cells)))
        if not short.any():
            return first, last
        half[short] *= 2


def _cumulative(values: AnyArray) -> FloatArray:
    return np.concatenate([[0.0], np.cumsum(values)])
