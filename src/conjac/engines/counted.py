"""Exact counts of many rows: one pass over them for all thresholds that are asked for, without a sort."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.blocks import extremes, sums_by
from conjac.engines.binned import BinnedRows
from conjac.engines.ordered import Counts, SortedRows, both_sides
from conjac.rules import in_dtype_of
from conjac.tally.ranks import Ranks
from conjac.validation import Predictions

MOST_CUTS = 2**15
MOST_PASSES = 16


@dataclass(frozen=True, eq=False)
class CountedRows:
    """Rows that stay where they are; they are sorted once passes over them would cost more.

    Attributes
    ----------
    rows : Predictions
    named : BinnedRows or None
        Their tally, where thresholds were named, at which it is exact.
    """

    rows: Predictions
    named: BinnedRows | None = None

    @property
    def totals(self) -> AnyArray:
        """Weight of each class, array of shape (2,)."""
        return np.asarray(self.at(np.full(1, -np.inf)).weight[0].sum(axis=1))

    def at(self, threshold: FloatArray) -> Counts:
        """Count at thresholds on the scores' own scale, array of shape (...)."""
        if self.named is not None and np.isin(threshold, self.named.tally.thresholds).all():
            return self.named.at(threshold)
        cuts, place = np.unique(in_dtype_of(self.rows.score, threshold), return_inverse=True)
        if self._is_sorted(len(cuts)):
            return self.sorted.at(threshold)
        key = cuts.tobytes()
        if key not in self._counted:
            self._counted[key] = self._pass(cuts)
        weight, weight2 = (sides[place.reshape(np.shape(threshold)) + 1] for sides in self._counted[key])
        weight, weight2 = weight.swapaxes(-1, -2), weight2.swapaxes(-1, -2)
        return Counts(weight, weight2, np.zeros(weight.shape[:-1]))

    def cutoffs(self) -> FloatArray:
        """Return every threshold that alerts a different set, ascending; the last one alerts none."""
        return self.sorted.cutoffs()

    @cached_property
    def sorted(self) -> SortedRows:
        """The same rows in ascending order."""
        return SortedRows.of(self.rows)

    @cached_property
    def _counted(self) -> dict[bytes, tuple[AnyArray, AnyArray]]:
        return {}

    @cached_property
    def _range(self) -> tuple[float, float]:
        return extremes(self.rows.score)

    def _is_sorted(self, n_cuts: int) -> bool:
        return "sorted" in self.__dict__ or n_cuts > MOST_CUTS or len(self._counted) > MOST_PASSES

    def _pass(self, cuts: AnyArray) -> tuple[AnyArray, AnyArray]:
        """Return weight and squared weight below and from each cut on, arrays of shape (n_cuts + 2, 2, 2)."""
        ranks = Ranks.of(cuts, *self._range)
        sums = sums_by(
            lambda some: (ranks.at(self.rows.score[some]), None), len(cuts) + 1, self.rows.true, self.rows.weight
        )
        return both_sides(sums.weight), both_sides(sums.weight2)
