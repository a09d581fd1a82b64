"""How many of some cuts each score has reached: `numpy.searchsorted`, by one look-up for most rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import AnyArray, IntArray

CELLS = 2**16


@dataclass(frozen=True, eq=False)
class Ranks:
    """Equal cells between the least and the largest score, most of which hold no cut.

    A score's cell never falls as the score rises, however it is rounded: a cut in another cell than a score's needs no
    comparison with it.

    Attributes
    ----------
    cuts : array of shape (n_cuts,)
        Ascending, in the scores' own dtype.
    low, per_unit : float
        Where the first cell begins, and how many cells there are to a unit of score; 0 where one cell holds all.
    reached : array of shape (n_cells,)
        Cuts in the cells below; -1 where the cell itself holds any.

    Examples
    --------
    >>> import numpy as np
    >>> Ranks.of(np.array([0.25, 0.5]), 0.0, 1.0).at(np.array([0.1, 0.25, 0.3, 0.5, 0.9])).tolist()
    [0, 1, 1, 2, 2]
    """

    cuts: AnyArray
    low: float
    per_unit: float
    reached: IntArray

    @classmethod
    def of(cls, cuts: AnyArray, low: float, high: float) -> Self:
        """Lay cells over scores.

        Parameters
        ----------
        cuts : array of shape (n_cuts,)
            Ascending, none missing.
        low, high : float
            The least and the largest score.
        """
        first, last = np.searchsorted(cuts, [low, high], side="right")
        low = 0.0 if 0 <= low < high / 2 else float(low)  # saves a subtraction a row
        with np.errstate(over="ignore", divide="ignore"):
            per_unit = (CELLS - 1) / (np.float64(high) - np.float64(low))
        if not 0 < per_unit < np.finfo(np.float32).max:
            return cls(cuts, low, 0.0, np.full(1, first if first == last else -1))
        held = np.bincount(_cells(cuts[first:last], low, per_unit), minlength=CELLS)
        reached = first + np.cumsum(held) - held
        reached[held > 0] = -1
        return cls(cuts, low, per_unit, reached.astype(np.int32))

    def at(self, score: AnyArray) -> IntArray:
        """Return the number of cuts at or below each score.

        Parameters
        ----------
        score : array of shape (n_rows,)
            Between the least and the largest, of the dtype of the cuts.
        """
        rank = self.reached.take(_cells(score, self.low, self.per_unit))
        beside = np.flatnonzero(rank < 0)
        if len(beside):
            rank[beside] = np.searchsorted(self.cuts, score[beside], side="right")
        return rank


def _cells(score: AnyArray, low: float, per_unit: float) -> IntArray:
    if not per_unit:
        return np.zeros(len(score), dtype=np.intp)
    wide = score if score.dtype.itemsize > 2 and score.dtype.kind == "f" else score.astype(np.float64)
    above = wide - wide.dtype.type(low) if low else wide
    return np.asarray((above * wide.dtype.type(per_unit)).astype(np.intp))
