"""Counts from a tally alone: exact at bin edges and named thresholds, within a stated bound elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.coordinates import FLOOR, margins, scores_of
from conjac.engines.arrays import Counts
from conjac.tally import Tally

EDGE = 1e-9
"""A threshold this close to an edge, in bins, is at the edge."""
SLACK = 1e-9
"""An atom this far below a cut, relative to it, is at the cut: means of equal margins differ by rounding."""


@dataclass(frozen=True, eq=False)
class BinnedRows:
    """The bins of a tally, as counts at thresholds.

    Attributes
    ----------
    tally : Tally
    edges : array of shape (n_edges,)
        Lower edges of the occupied bins, ascending, on the scores' own scale; a named threshold is an edge.
    """

    tally: Tally
    edges: FloatArray
    weight: AnyArray
    weight2: AnyArray

    @classmethod
    def of(cls, tally: Tally) -> BinnedRows:
        """Order the bins of a tally by score."""
        bins, index = np.unique(tally.keys[:, 2:4], axis=0, return_inverse=True)
        index = index.reshape(-1)
        edges = scores_of(bins[:, 0] * tally.step, tally.scale)
        if tally.thresholds:
            named = np.concatenate([[-np.inf], tally.thresholds])
            edges = np.maximum(edges, named[bins[:, 1]])
        shape = (len(bins) + 1, 2)
        sums = []
        for column in (tally.weight, tally.weight2):
            total = np.zeros(shape, dtype=column.dtype)
            np.add.at(total, (index, tally.keys[:, 0]), column)
            sums.append(total[::-1].cumsum(axis=0)[::-1])
        return cls(tally, edges, sums[0], sums[1])

    @property
    def totals(self) -> AnyArray:
        """Weight of each class, array of shape (2,)."""
        return np.asarray(self.weight[0])

    @property
    def totals2(self) -> AnyArray:
        """Squared weight of each class, array of shape (2,)."""
        return np.asarray(self.weight2[0])

    def at(self, threshold: FloatArray) -> Counts:
        """Count at thresholds on the scores' own scale; inside a bin, its rows are shared in proportion."""
        threshold = np.asarray(threshold, dtype=np.float64)
        n_bins = len(self.edges)
        place = np.clip(np.searchsorted(self.edges, threshold, side="right") - 1, -1, n_bins - 1)
        here = np.maximum(place, 0)
        everything = (place < 0) | (threshold <= 0 if self.tally.scale == "logit" else False)
        share = np.where(everything, 1.0, self._share_above(threshold, here))[..., None]
        here = np.where(everything, 0, here)
        alerts, alerts2 = (
            np.where(share == 1, sums[here], np.where(share == 0, sums[here + 1], 0))
            + np.where((share > 0) & (share < 1), share * sums[here] + (1 - share) * sums[here + 1], 0)
            for sums in (self.weight, self.weight2)
        )
        if self.weight.dtype.kind == "i" and ((share == 0) | (share == 1)).all():
            alerts, alerts2 = np.rint(alerts).astype(np.int64), np.rint(alerts2).astype(np.int64)
        inside = self.weight[here] - self.weight[here + 1]
        bound = inside * np.where((share > 0) & (share < 1), np.maximum(share, 1 - share), 0)
        return Counts(alerts, alerts2, np.asarray(bound, dtype=np.float64))

    def cutoffs(self) -> FloatArray:
        """Return the edges of the bins and the named thresholds, ascending; the last one alerts none."""
        return np.append(np.unique(np.concatenate([self.edges, self.tally.thresholds])), np.inf)

    def _share_above(self, threshold: FloatArray, place: AnyArray) -> FloatArray:
        """Return which part of the bin at ``place`` lies at or above the threshold."""
        low = self.edges[place]
        step, scale = self.tally.step, self.tally.scale
        floor = np.floor(margins(low, scale) / step + EDGE)
        high = scores_of((floor + 1) * step, scale)
        if scale == "logit":  # the last bin holds the scores of exactly 1 too, the first those of exactly 0
            high = np.where(floor == np.floor(-np.log(FLOOR) / step), 1 + FLOOR, high)
            low = np.where(floor == np.floor(np.log(FLOOR) / step), -FLOOR, low)
        if self.tally.thresholds:
            named = np.append(self.tally.thresholds, np.inf)
            high = np.minimum(high, named[np.searchsorted(named, low, side="right")])
        share = (high - threshold) / np.where(high > low, high - low, 1.0)
        share = np.where(share >= 1 - EDGE, 1.0, share)
        return np.where(share <= EDGE, 0.0, share)


def alerts_by_block(tally: Tally, cut: FloatArray) -> FloatArray:
    """Return each block's weight as confusion matrices, array of shape (n_points, 2, 2, n_blocks).

    A bin counts as a whole, on the side of its rows' mean: for standard errors alone.
    """
    sides = []
    for true in (0, 1):
        atoms = tally.atoms(true)
        above = np.concatenate([atoms.weight[::-1].cumsum(axis=0)[::-1], np.zeros((1, tally.n_blocks))])
        alerts = above[np.searchsorted(atoms.position, cut - SLACK * (1 + np.abs(np.nan_to_num(cut))))]
        sides.append(np.stack([above[0] - alerts, alerts], axis=1))
    return np.stack(sides, axis=1)
