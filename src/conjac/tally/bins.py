"""Bins of margins: how wide, and in which of them a score lies."""

from __future__ import annotations

import numpy as np

from conjac._typing import AnyArray, FloatArray, Scale
from conjac.coordinates import FLOOR, margins, scores_of
from conjac.rules import in_dtype_of

MAX_BIN = 2**34
"""Margins beyond this many bins from zero are kept in the last bin."""
SLACK = 1e-9
BINS, KEPT_BINS = 2048, 512
"""To a standard deviation: of rows in memory, and of a tally that is kept, a tenth of a megabyte."""


def bins_of(score: AnyArray, scale: Scale, step: float) -> FloatArray:
    """Return the bin of each score: the last one whose lower edge, in the scores' own dtype, is not above it.

    An edge is compared as ``score >= edge`` is. Scores coarser than the bins stand for every number that rounds to
    them, so the search starts from the largest of these.
    """
    value = np.asarray(score, dtype=np.float64)
    if score.dtype.kind == "f":
        with np.errstate(over="ignore"):
            value = value + (np.nextafter(score, np.array(np.inf, score.dtype)).astype(np.float64) - value) / 2
    bins = np.clip(np.floor(margins(value, scale) / step), -MAX_BIN, MAX_BIN)
    low, high = (in_dtype_of(score, scores_of((bins + shift) * step, scale)) for shift in (0, 1))
    inside = (score > FLOOR) & (score < 1 - FLOOR) if scale == "logit" else np.abs(bins) < MAX_BIN
    return np.asarray(bins + (inside & (score >= high)) - (inside & (score < low)))


def just_below(cut: FloatArray) -> FloatArray:
    """Return a hair below each cut: an atom there lies above it, whatever rounding made of its mean margin."""
    return np.asarray(cut - SLACK * (1 + np.abs(np.nan_to_num(cut))))


def choose_step(margin: FloatArray, scale: Scale, bins: int = BINS) -> float:
    """Return a bin width for these margins: a power of two.

    Parameters
    ----------
    margin : array of shape (n_samples,)
    scale : {"logit", "score"}
    bins : int
        A power of two: about how many there are to a standard deviation.

    Returns
    -------
    float
        At most ``2 / bins`` on the logit scale.
    """
    low, high = np.quantile(margin, [0.25, 0.75])
    spread = (high - low) / 1.349 or margin.std() or 1.0
    finest = np.abs(margin).max() / MAX_BIN
    step = 2.0 ** np.ceil(np.log2(max(spread / bins, finest)))
    return float(min(step, 2.0 / bins) if scale == "logit" else step)
