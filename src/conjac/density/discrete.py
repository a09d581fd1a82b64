"""Do the scores have a density near the cut, or do they sit on atoms? Asked of the tally, so it survives merging."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import AnyArray, BoolArray, FloatArray, IntArray
from conjac.tally import Tally

CELL = 16
"""Bins to a cell: wide enough to average over, narrow enough that a density is flat within it."""
MIN_ROWS = 50
MIN_CELLS = 4
OCCUPANCY = 0.5


@dataclass(frozen=True, eq=False)
class Occupancy:
    """How many bins are occupied, and how many a density would occupy.

    N rows of a density, flat within a cell of B bins, occupy ``B (1 - exp(-N / B))`` of them on average; rows on a
    lattice wider than a bin, with more than about 1.6 rows to an atom, occupy less than half of that.

    Attributes
    ----------
    width : float
        Of a cell, in units of margin.
    cells : array of shape (n_cells,)
        The occupied ones, ascending.
    rows, seen, expected : array of shape (n_cells + 1,)
        Before each cell: rows, occupied bins, and those a density would occupy.
    """

    width: float
    cells: IntArray
    rows: FloatArray
    seen: FloatArray
    expected: FloatArray

    @classmethod
    def of(cls, tally: Tally) -> Self:
        """Look at a tally's bins, of all classes."""
        bins, index = np.unique(tally.keys[:, 2], return_inverse=True)
        cells, which = np.unique(bins // CELL, return_inverse=True)
        rows = np.bincount(which, np.bincount(index, tally.rows))
        expected = CELL * -np.expm1(-rows / CELL)
        return cls(CELL * tally.step, cells, _cumulative(rows), _cumulative(np.bincount(which)), _cumulative(expected))

    def is_discrete(self, cut: FloatArray) -> BoolArray:
        """Tell where fewer than half of the bins are occupied that a density would occupy.

        Parameters
        ----------
        cut : array of shape (n_points,)
            Finite cuts, on the margin scale.

        Returns
        -------
        array of shape (n_points,)
            Judged on the nearest cells that hold 50 rows, and on at least 4 cells.
        """
        first, last = self._window(np.floor(cut / self.width))
        return np.asarray(
            (self.seen[last] - self.seen[first]) < OCCUPANCY * (self.expected[last] - self.expected[first])
        )

    @property
    def share(self) -> float:
        """Bins that are occupied, as a share of those that a density would occupy; the end cells left out."""
        inner = slice(1, -1) if len(self.seen) > 3 else slice(None)
        total = float(np.ptp(self.expected[inner]))
        return float(np.ptp(self.seen[inner])) / total if total else 1.0

    def _window(self, at: FloatArray) -> tuple[IntArray, IntArray]:
        """Return the range of cells around each point, doubled until it holds `MIN_ROWS` or everything."""
        half = np.full(len(at), MIN_CELLS // 2, dtype=np.float64)
        while True:
            first = np.searchsorted(self.cells, at - half)
            last = np.searchsorted(self.cells, at + half, side="right")
            partial = (first > 0) | (last < len(self.cells))
            short = (self.rows[last] - self.rows[first] < MIN_ROWS) & partial
            if not short.any():
                return first, last
            half[short] *= 2


def _cumulative(values: AnyArray) -> FloatArray:
    return np.concatenate([[0.0], np.cumsum(values)])
