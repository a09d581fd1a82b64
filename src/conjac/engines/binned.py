"""Counts from a tally alone: exact at bin edges and named thresholds, within a stated bound elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac._typing import AnyArray, BoolArray, ConditionOn, CoordinateName, FloatArray
from conjac.coordinates import COORDINATES, FLOOR, Coordinate, scores_of
from conjac.density import Density
from conjac.diagnostics import totals_note
from conjac.engines.ordered import Counts, both_sides
from conjac.engines.thresholds import Counter
from conjac.errors import InvalidInputError
from conjac.inference import Cells
from conjac.motion import cut_of
from conjac.tally import MAX_BIN, Tally, group, just_below

COUNTS = "exact at named thresholds and bin edges; elsewhere within a bound"
"""What counts from a tally are."""
TINY = 1e-12
"""A threshold inside a bin shares its rows, however near to an edge it is: rows may sit on the edge itself."""


@dataclass(frozen=True, eq=False)
class BinnedRows:
    """The bins of a tally, as counts at thresholds.

    Attributes
    ----------
    tally : Tally
    edges, ends : array of shape (n_bins,)
        Where the occupied bins begin and end, ascending, on the scores' own scale; a named threshold is an edge.
    is_open : array of shape (n_bins,)
        Whether a bin holds all scores from here on, and so tells nothing of where within it they lie.
    sides, sides2 : array of shape (n_bins + 1, 2, 2)
        Weight and squared weight before each bin and from it on (second axis), by true class (third).
    """

    tally: Tally
    edges: FloatArray
    ends: FloatArray
    is_open: BoolArray
    sides: AnyArray
    sides2: AnyArray

    @classmethod
    def of(cls, tally: Tally) -> BinnedRows:
        """Order the bins of a tally by score."""
        index, places = group(tally.keys[:, 2:4])
        bins = tally.keys[places, 2:4]
        first, last = _ends_of(tally)
        edges, ends = (scores_of((bins[:, 0] + shift) * tally.step, tally.scale) for shift in (0, 1))
        lowest, highest = (0.0, 1 + FLOOR) if tally.scale == "logit" else (-np.inf, np.inf)
        edges, ends = np.where(bins[:, 0] == first, lowest, edges), np.where(bins[:, 0] == last, highest, ends)
        named = np.concatenate([[-np.inf], tally.thresholds, [np.inf]])
        edges, ends = np.maximum(edges, named[bins[:, 1]]), np.minimum(ends, named[bins[:, 1] + 1])
        sums = []
        for column in (tally.weight, tally.weight2):
            total = np.zeros((len(bins), 2), dtype=column.dtype)
            np.add.at(total, (index, tally.keys[:, 0]), column)
            sums.append(both_sides(total))
        return cls(tally, edges, ends, (bins[:, 0] == first) | (bins[:, 0] == last), sums[0], sums[1])

    @property
    def totals(self) -> AnyArray:
        """Weight of each class, array of shape (2,)."""
        return np.asarray(self.sides[0, 1])

    def at(self, threshold: FloatArray) -> Counts:
        """Count at thresholds on the scores' own scale; inside a bin, its rows are shared in proportion."""
        threshold = np.asarray(threshold, dtype=np.float64)
        place = np.searchsorted(self.edges, threshold, side="right") - 1
        here = np.maximum(place, 0)
        below_all = (place < 0) | ((threshold <= 0) & (self.tally.scale == "logit"))
        share = np.where(below_all, 1.0, self._share_above(threshold, here))[..., None, None]
        here = np.where(below_all, 0, here)
        exact = (share == 0) | (share == 1)
        weight, weight2 = (
            np.where(exact, np.where(share == 1, sides[here], sides[here + 1]), 0)
            + np.where(exact, 0, share * sides[here] + (1 - share) * sides[here + 1])
            for sides in (self.sides, self.sides2)
        )
        if self.sides.dtype.kind == "i" and exact.all():
            weight, weight2 = np.rint(weight).astype(np.int64), np.rint(weight2).astype(np.int64)
        inside = self.sides[here, 1] - self.sides[here + 1, 1]
        bound = np.where(exact, 0.0, np.maximum(share, 1 - share))[..., 0] * inside
        return Counts(weight.swapaxes(-1, -2), weight2.swapaxes(-1, -2), np.asarray(bound, dtype=np.float64))

    def cutoffs(self) -> FloatArray:
        """Return the edges of the bins and the named thresholds, ascending; the last one alerts none."""
        return np.append(np.unique(np.concatenate([self.edges, self.tally.thresholds])), np.inf)

    def notes(
        self,
        labels: tuple[Any, Any],
        unit: Coordinate,
        threshold: FloatArray,
        read: Mapping[str, Any],
        condition_on: ConditionOn | None,
    ) -> dict[str, Any]:
        """Return what is known of the rows, and how exact counts at a threshold are.

        Parameters
        ----------
        labels : tuple of length 2
        unit : Coordinate
        threshold : array of shape (1,)
            On the scores' own scale.
        read : mapping
            What else was read into the rows.
        condition_on : {"class", None}
        """
        tally, bound = self.tally, self.at(threshold).bound[0]
        notes: dict[str, Any] = {"n_samples": int(tally.rows.sum()), "counts": "exact", "bin_width": tally.step, **read}
        if tally.clustered and "n_clusters" not in notes:
            notes["sampling"] = "clusters of rows; " + totals_note(condition_on)
        if bound.any():
            notes["counts"] = COUNTS
            notes["bound"] = {str(label): float(b) for label, b in zip(labels, bound, strict=True)}
        if unit.cut is None:
            notes["threshold"] = "the highest edge of a bin at which this share of the rows, or more, is alerted"
        return notes

    def _share_above(self, threshold: FloatArray, place: AnyArray) -> FloatArray:
        """Return which part of the bin at ``place`` lies at or above the threshold."""
        low, high = self.edges[place], self.ends[place]
        closed = ~self.is_open[place] & (high > low)
        start, width = np.where(closed, low, 0.0), np.where(closed, high, 1.0) - np.where(closed, low, 0.0)
        linear = np.where(closed, (start + width - threshold) / width, 0.5)
        inside = np.clip(linear, TINY, 1 - TINY)
        return np.where(threshold <= low, 1.0, np.where(threshold >= high, 0.0, inside))


def _ends_of(tally: Tally) -> tuple[int, int]:
    """Return the bins in which everything past the ends of the margin scale is kept."""
    if tally.scale == "logit":
        return int(np.floor(np.log(FLOOR) / tally.step)), int(np.floor(-np.log(FLOOR) / tally.step))
    return -MAX_BIN, MAX_BIN


def unit_of(tally: Tally, coordinate: CoordinateName | None) -> Coordinate:
    """Return the coordinate asked for, or that of a tally's own scale.

    Raises
    ------
    InvalidInputError
        No tally, or a coordinate of another scale.
    """
    if not isinstance(tally, Tally):
        raise InvalidInputError(f"tally is a {type(tally).__name__}; expected a Tally")
    name = coordinate or ("probability" if tally.scale == "logit" else "score")
    unit = COORDINATES.get(name)
    if unit is None or unit.scale != tally.scale:
        raise InvalidInputError(f"coordinate={name!r} does not fit a tally on the {tally.scale} scale")
    return unit


def cells_at(
    counter: Counter, density: Density, unit: Coordinate, score: FloatArray, condition_on: ConditionOn | None
) -> Cells:
    """Return the cells at thresholds on the scores' own scale, array of shape (n_points,); blocks from the tally."""
    counts = counter.at(score)
    by_block = alerts_by_block(density.tally, cut_of(score, unit)) if density.clustered else None
    return Cells(counts.weight, counts.weight2, by_block, condition_on)


def alerts_by_block(tally: Tally, cut: FloatArray) -> FloatArray:
    """Return each block's weight as confusion matrices, array of shape (n_points, 2, 2, n_blocks).

    A bin counts as a whole, on the side of its rows' mean: for standard errors alone.
    """
    sides = []
    for true in (0, 1):
        atoms = tally.atoms(true)
        above = np.concatenate([atoms.weight[::-1].cumsum(axis=0)[::-1], np.zeros((1, tally.n_blocks))])
        alerts = above[np.searchsorted(atoms.position, just_below(cut))]
        sides.append(np.stack([above[0] - alerts, alerts], axis=1))
    return np.stack(sides, axis=1)
