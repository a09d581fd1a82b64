"""How wide the bins of a frame's tally are: fine enough for the middle half of its scores."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from conjac._typing import FloatArray, IntArray, Scale
from conjac.coordinates import margins
from conjac.tally import MAX_BIN

LOGIT_STEP = 2.0**-8
"""The widest bins that are kept, in log-odds."""
FIRST_STEP = 2.0**-10
"""Those of a pass that knows nothing of the scores, in log-odds."""
BINS_ACROSS = 2**14
"""Bins across the range of the scores, in a pass that knows no more of them."""
SPREAD = 512
"""Bins to a standard deviation."""
SLACK = 1e-9
TINY = float(np.finfo(np.float64).tiny)
"""The smallest width that has a logarithm."""


class Binned(NamedTuple):
    """Rows in bins, by ascending bin.

    Attributes
    ----------
    bins, rows : array of shape (n_bins,)
    position : array of shape (n_bins,)
        Mean margin of each bin's rows.
    """

    bins: IntArray
    rows: IntArray
    position: FloatArray


def step_across(low: float, high: float, scale: Scale, most: float = 0.0) -> float:
    """Return a bin width for scores of which only the range is known, or that of a part, and the largest margin."""
    first, last = margins(np.array([low, high]), scale)
    return _step((last - first) / BINS_ACROSS or 1 / SPREAD, max(abs(first), abs(last), most), scale)


def step_of(binned: Binned, scale: Scale) -> float:
    """Return the bin width that suits scores: a power of two, at most a 512th of their spread, and 2^-8 log-odds."""
    place = _quartiles(binned.rows)
    spread = np.diff(binned.position[place])[0] / 1.349 or _deviation(binned) or 1.0
    return _step(spread / SPREAD, farthest(binned), scale)


def farthest(binned: Binned) -> float:
    """Return the largest margin, but for its sign."""
    return float(np.abs(binned.position[[0, -1]]).max())


def unresolved(binned: Binned) -> int | None:
    """Return the bin that holds the middle half of the rows, if one does."""
    first, last = binned.bins[_quartiles(binned.rows)]
    return int(first) if first == last else None


def _quartiles(rows: IntArray) -> IntArray:
    ranks = np.cumsum(rows)
    return np.asarray(np.searchsorted(ranks, ranks[-1] * np.array([0.25, 0.75])))


def _deviation(binned: Binned) -> float:
    if len(binned.bins) == 1:
        return 0.0
    mean = np.average(binned.position, weights=binned.rows)
    return float(np.sqrt(np.average((binned.position - mean) ** 2, weights=binned.rows)))


def _step(width: float, most: float, scale: Scale) -> float:
    finest = 2.0 ** np.ceil(np.log2(most / MAX_BIN)) if most else 0.0
    step = max(2.0 ** np.floor(np.log2(max(width, TINY)) + SLACK), finest)
    return float(min(step, LOGIT_STEP) if scale == "logit" else step)
