"""From rows to their sums: by a table of bins, or by sorting keys where scores lie too far apart for one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray, Scale
from conjac.coordinates import margins
from conjac.rules import in_dtype_of
from conjac.tally.bins import bins_of
from conjac.tally.moments import margin_velocity, moments_of
from conjac.tally.places import sums_in_places
from conjac.tally.sums import Sums, add_up

ROWS_AT_ONCE = 2**18


def sums_of_rows(
    scale: Scale,
    step: float,
    thresholds: tuple[float, ...],
    true: IntArray,
    score: AnyArray,
    weight: FloatArray | None,
    block: IntArray | None,
    velocity: FloatArray,
) -> Iterator[Sums]:
    """Yield the sums of rows, perhaps of some at a time; arguments as those of `Tally.zero` and `Tally.add`."""
    n_velocities = velocity.shape[1]
    placed = None if n_velocities else sums_in_places(scale, step, thresholds, true, score, weight, block)
    if placed is not None:
        yield placed
        return
    cuts = in_dtype_of(score, np.array(thresholds))
    for start in range(0, len(score), ROWS_AT_ONCE):
        at = slice(start, start + ROWS_AT_ONCE)
        position = margins(score[at], scale) / step
        floor = bins_of(score[at], scale, step)
        ones = np.ones(len(floor), dtype=np.int64)
        alike = np.broadcast_to(np.int8(0), ones.shape)
        side = np.searchsorted(cuts, score[at], side="right") if thresholds else alike
        columns = true[at], alike, floor.astype(np.intp), side, alike if block is None else block[at]
        weight1, weight2 = (ones, ones) if weight is None else (weight[at], weight[at] ** 2)
        moments = moments_of(margin_velocity(velocity[at], score[at], scale), None if weight is None else weight[at])
        yield add_up([Sums(columns, ones, weight1, weight2, (position - floor) * step, moments)])
