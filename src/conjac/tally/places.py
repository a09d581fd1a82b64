"""Rows summed in a table of all the bins that they may be in, some rows at a time: what most rows ask for."""

from __future__ import annotations

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray, Scale
from conjac.blocks import Placed, extremes, sums_by
from conjac.coordinates import FLOOR, margins
from conjac.rules import in_dtype_of
from conjac.tally.bins import bins_of
from conjac.tally.moments import MOMENTS
from conjac.tally.ranks import Ranks
from conjac.tally.sums import Sums
from conjac.validation.arguments import N_BLOCKS

MOST_PLACES, PER_ROW = 2**22, 16
"""In all, and to a row: of more, keys are sorted."""
ROUNDING = {8: (2.0**-20, 2.0**-30), 4: (2.0**-8, 2.0**-14)}
"""By the bytes of a score: how near to 1 a probability may be, and from there on down how far its margin may be off."""


def sums_in_places(
    scale: Scale,
    step: float,
    thresholds: tuple[float, ...],
    true: IntArray,
    score: AnyArray,
    weight: FloatArray | None,
    block: IntArray | None,
) -> Sums | None:
    """Return the sums of rows; None where the table would be too large. Arguments as those of `sums_of_rows`."""
    if not len(score):
        return None
    low, high = extremes(score)
    first, last = (int(np.floor(m / step)) for m in margins(np.array([low, high]), scale))
    n_blocks = 1 if block is None else N_BLOCKS
    n_places = (last - first + 3 + len(thresholds)) * n_blocks
    if 2 * n_places > min(MOST_PLACES, PER_ROW * len(score)) or not _exact(score, scale, step, max(-first, last)):
        return None
    cuts = in_dtype_of(score, np.array(thresholds))
    ranks = Ranks.of(cuts, low, high)

    def place_of(some: slice) -> Placed:
        # Bins and thresholds reached rise together: their sum tells both.
        place, offset = _binned(score[some], low, high, scale, step, first - 1)
        if len(cuts):
            place += ranks.at(score[some])
        if block is not None:
            place *= n_blocks
            place += block[some]
        return place, offset

    sums = sums_by(place_of, n_places, true, weight)
    place, of_class = np.nonzero(sums.rows)
    chain = place // n_blocks - 1 + first
    side = np.searchsorted(bins_of(cuts, scale, step) + np.arange(len(cuts)), chain, side="left")
    rows = sums.rows[place, of_class]
    weight1, weight2 = rows, rows
    if weight is not None:
        weight1, weight2 = sums.weight[place, of_class], sums.weight2[place, of_class]
    columns = of_class, np.zeros_like(place), chain - side, side, place % n_blocks
    return Sums(columns, rows, weight1, weight2, sums.offset[place, of_class] * step, _no_moments(len(rows)))


def _no_moments(n_keys: int) -> FloatArray:
    return np.zeros((n_keys, 0, len(MOMENTS)))


def _exact(score: AnyArray, scale: Scale, step: float, last: int) -> bool:
    """Tell whether a margin's bin is that of its score, save for those that `_binned` looks at again."""
    if score.dtype.kind != "f":
        return True
    if scale == "score":
        return bool(last < 2 ** (np.finfo(score.dtype).nmant - 1))
    return score.dtype.itemsize in ROUNDING and ROUNDING[score.dtype.itemsize][1] < step / 4


def _binned(
    score: AnyArray, low: float, high: float, scale: Scale, step: float, first: int
) -> tuple[IntArray, FloatArray]:
    """Return how many bins after the first each score's is, and how far into it its margin is, in steps."""
    if scale == "logit" and low > FLOOR and high < 1 - FLOOR:  # nothing to clip: one logarithm is enough
        offset = np.subtract(1.0, score, dtype=np.float64)
        np.divide(score, offset, out=offset)
        np.log(offset, out=offset)
    else:
        offset = np.array(margins(score, scale))
    offset *= 1 / step
    floor = np.floor(offset)
    offset -= floor
    floor -= first
    bins = floor.astype(np.int32)  # few enough: there is a table of them
    if scale == "logit" and score.dtype.kind == "f":
        tail, rounding = ROUNDING[score.dtype.itemsize]
        rounding /= step
        if (high > 1 - tail and score.max() > 1 - tail) or offset.min() < rounding or offset.max() > 1 - rounding:
            near = np.flatnonzero((offset < rounding) | (offset > 1 - rounding) | (score > 1 - tail))
            again = bins_of(score[near], scale, step) - first
            offset[near] += bins[near] - again
            bins[near] = again
    return np.asarray(bins), offset
