"""From the sums of a query to those of tallies: what engines leave to NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray, Scale
from conjac.coordinates import margins
from conjac.engines.frames.cuts import Cuts
from conjac.engines.frames.steps import Binned
from conjac.engines.frames.sums import Sums
from conjac.rules import in_dtype_of
from conjac.tally import MOMENTS, Tally, bins_of, moment_columns


@dataclass(frozen=True, eq=False)
class Placed(Sums):
    """The sums of a frame's rows.

    Attributes
    ----------
    sums : mapping of str to array
        Columns as `conjac.engines.frames.staged.Rows.binned` names them.
    dtype : dtype
        Of the scores.
    scale : {"logit", "score"}
    step : float
    cuts : Cuts
    """

    dtype: Any
    scale: Scale
    step: float
    cuts: Cuts

    @cached_property
    def binned(self) -> Binned:
        """Rows without a fault in bins, of all groups."""
        bins, rows, offset = self._bins[self.valid], self.of("rows"), self._offset[self.valid]
        distinct, index = np.unique(bins, return_inverse=True)
        count = np.bincount(index, rows)
        position = distinct * self.step + np.bincount(index, offset) / count
        return Binned(distinct.astype(np.intp), count.astype(np.intp), position)

    def exact(self, value: float, places: IntArray) -> int:
        """Return how many of some sums' rows have a score of exactly 0 or 1."""
        return int(self._tally_sums["rows"][places][self._valid_at[places] == value].sum())

    def tally(self, places: IntArray, velocities: tuple[str, ...] = ()) -> Tally:
        """Return the tally of some of the valid sums, with velocities by the names of what moves."""
        moments = [column[places] for column in self._moments]
        moving = dict(zip(moment_columns(velocities), moments, strict=True))
        return Tally.of_sums(
            self.scale,
            self.step,
            self._tally_keys[places],
            {name: column[places] for name, column in self._tally_sums.items()} | moving,
            thresholds=self.cuts.thresholds,
            clustered=self.clustered,
            velocities=velocities,
        )

    @cached_property
    def _tally_keys(self) -> IntArray:
        keys = np.zeros((int(self.valid.sum()), 5), dtype=np.intp)
        keys[:, 0] = self.of("true")
        keys[:, 2] = self._bins[self.valid]
        if self.cuts.thresholds:
            keys[:, 3] = self._sides[self.valid]
        if self.clustered:
            keys[:, 4] = self.blocks
        return keys

    @cached_property
    def _tally_sums(self) -> dict[str, AnyArray]:
        rows = self.of("rows").astype(np.int64)
        weights = {name: self.of(name) if name in self.sums else rows for name in ("weight", "weight2")}
        return {"rows": rows, **weights, "offset": self._offset[self.valid]}

    @cached_property
    def _moments(self) -> list[AnyArray]:
        places = range(sum(name.startswith(f"{MOMENTS[0]} ") for name in self.sums))
        return [self.of(f"{moment} {k}") for k in places for moment in MOMENTS]

    @property
    def _at(self) -> FloatArray:
        return np.asarray(self.sums["at"], dtype=np.float64)

    @cached_property
    def _valid_at(self) -> FloatArray:
        return self._at[self.valid]

    @cached_property
    def _near(self) -> AnyArray:
        """Which sums are of rows of one score, near an edge."""
        return np.isfinite(self._at)

    @cached_property
    def _scores(self) -> AnyArray:
        return self._at[self._near].astype(self.dtype)

    @cached_property
    def _bins(self) -> FloatArray:
        bins = np.array(self.sums["bin"], dtype=np.float64)
        bins[self._near] = bins_of(self._scores, self.scale, self.step)
        return bins

    @cached_property
    def _offset(self) -> FloatArray:
        offset = np.asarray(self.sums["offset"], dtype=np.float64) * self.step
        inside = margins(self._scores, self.scale) / self.step - self._bins[self._near]
        offset[self._near] = inside * self.step * np.asarray(self.sums["rows"])[self._near]
        return offset

    @cached_property
    def _sides(self) -> IntArray:
        sides = self.cuts.sides(self._bins, np.asarray(self.sums["side"], dtype=np.intp))
        cuts = in_dtype_of(self._scores, np.array(self.cuts.thresholds))
        sides[self._near] = np.searchsorted(cuts, self._scores, side="right")
        return sides
