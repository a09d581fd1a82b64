"""What a curve's data are described by: rows, or sums of rows that nearly share a score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.coordinates import scores_of
from conjac.tally import Tally
from conjac.validation import Predictions


@dataclass(frozen=True, eq=False)
class Entries:
    """Rows, or sums of them.

    Attributes
    ----------
    true : array of shape (n_entries,)
        Index of the class.
    score : array of shape (n_entries,)
        Of sums, at the mean margin of their rows.
    rows : array of shape (n_entries,)
        How many there are.
    weight, weight2 : array of shape (n_entries,)
        Their weight, and the sum of its squares.
    block : array of shape (n_entries,) or None
        Of clusters; None where rows are independent.
    """

    true: IntArray
    score: AnyArray
    rows: IntArray
    weight: FloatArray
    weight2: FloatArray
    block: IntArray | None

    @classmethod
    def of_rows(cls, rows: Predictions) -> Self:
        """Take rows one by one."""
        ones = np.ones(len(rows.true), dtype=np.intp)
        weight = ones.astype(np.float64) if rows.weight is None else rows.weight
        return cls(rows.true, rows.score, ones, weight, weight**2, rows.block)

    @classmethod
    def of_tally(cls, tally: Tally) -> Self:
        """Take a tally's sums."""
        margin = tally.keys[:, 2] * tally.step + tally.offset / np.maximum(tally.rows, 1)
        return cls(
            tally.keys[:, 0],
            scores_of(margin, tally.scale),
            tally.rows,
            tally.weight.astype(np.float64),
            tally.weight2.astype(np.float64),
            tally.keys[:, 4] if tally.clustered else None,
        )

    @property
    def by_class(self) -> IntArray:
        """How many rows each class has, array of shape (2,)."""
        return np.bincount(self.true, self.rows, minlength=2).astype(np.intp)

    @property
    def separated(self) -> bool:
        """Whether every positive's score lies above every negative's."""
        positive = self.true == 1
        if not positive.any() or positive.all():
            return False
        return bool(self.score[positive].min() > self.score[~positive].max())
