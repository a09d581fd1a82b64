"""From a threshold as it is told to the scores' own scale; a share of rows alerted needs the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.coordinates import Coordinate
from conjac.engines.ordered import Counts
from conjac.errors import InvalidInputError
from conjac.reading import as_array, as_float, as_number, refuse_non_finite
from conjac.validation import check_vector

ROUNDING = 1e-9


class Counter(Protocol):
    """What counts at thresholds: `SortedRows`, `CountedRows` or `BinnedRows`."""

    @property
    def totals(self) -> AnyArray:
        """Weight of each class."""
        ...

    def at(self, threshold: FloatArray) -> Counts:
        """Count at thresholds."""
        ...

    def cutoffs(self) -> FloatArray:
        """Return every threshold worth a look."""
        ...


def score_at_share(counter: Counter, share: FloatArray) -> FloatArray:
    """Return the largest threshold that alerts at least this share of the weight; none at 0, all at 1.

    Parameters
    ----------
    counter : Counter
    share : array of shape (...)
        In [0, 1].

    Returns
    -------
    array of shape (...)
        On the scores' own scale; infinite at 0, minus infinite at 1.
    """
    cutoffs = counter.cutoffs()
    alerted = share_alerted(counter, cutoffs)[::-1]
    place = np.searchsorted(alerted, np.asarray(share) - ROUNDING, side="left")
    threshold = cutoffs[::-1][np.minimum(place, len(cutoffs) - 1)]
    return np.asarray(np.where(share <= 0, np.inf, np.where(share >= 1, -np.inf, threshold)))


def share_alerted(counter: Counter, threshold: FloatArray) -> FloatArray:
    """Return the share of all weight with a score at or above each threshold."""
    return np.asarray(counter.at(threshold).weight[..., 1].sum(axis=-1) / counter.totals.sum())


def to_score(counter: Counter, unit: Coordinate, t: Any) -> FloatArray:
    """Return thresholds told in a unit on the scores' own scale, array of t's shape.

    Raises
    ------
    InvalidInputError
        nan, or a percentile outside [0, 1].
    """
    told = as_float(as_array(t, "t"), "t").astype(np.float64)
    if np.isnan(told).any():
        raise InvalidInputError("t holds nan; expected thresholds")
    if unit.to_score is not None:
        return np.asarray(unit.to_score(told))
    outside = told[(told < 0) | (told > 1)]
    if outside.size:
        raise InvalidInputError(f"t={outside[0]}: a percentile is a share of the rows, in [0, 1]")
    return score_at_share(counter, told)


def from_score(counter: Counter, unit: Coordinate, score: Any) -> FloatArray:
    """Return thresholds on the scores' own scale in a unit: the inverse of `to_score`."""
    score = np.asarray(score, dtype=np.float64)
    if unit.from_score is None:
        return share_alerted(counter, score)
    return np.asarray(unit.from_score(score))


def named_scores(unit: Coordinate, thresholds: Any) -> tuple[float, ...]:
    """Return named thresholds on the scores' own scale, ascending and distinct.

    Raises
    ------
    InvalidInputError
        Thresholds told as percentiles, which name other scores in other data.
    """
    if unit.to_score is None:
        raise InvalidInputError("thresholds: a percentile names other scores in other data; use another coordinate")
    told = np.atleast_1d(as_float(as_array(thresholds, "thresholds"), "thresholds").astype(np.float64))
    refuse_non_finite(check_vector(told, "thresholds"), "thresholds")
    return tuple(np.unique(unit.to_score(told)).tolist())


def resolve_threshold(
    counting: Callable[[], Counter], unit: Coordinate, threshold: float | None
) -> tuple[float, float]:
    """Return the threshold in its coordinate and on the scores' own scale.

    Parameters
    ----------
    counting : callable
        Returns what counts the rows, where a share of them is told.
    unit : Coordinate
    threshold : float, optional
    """
    threshold = None if threshold is None else as_number(threshold, "threshold")
    if threshold is not None and not np.isfinite(threshold):
        raise InvalidInputError(f"threshold={threshold}: expected a finite number")
    low, high = unit.domain
    if threshold is not None and not low <= threshold <= high:
        raise InvalidInputError(f"threshold={threshold}: a {unit.name} lies in [{low}, {high}]")
    if unit.to_score is not None:
        default = 0.5 if unit.name == "probability" else 0.0
        told = default if threshold is None else threshold
        return told, float(unit.to_score(np.float64(told)))
    counter = counting()
    if threshold is None:
        return float(share_alerted(counter, np.array(0.5))), 0.5
    return threshold, float(score_at_share(counter, np.array(threshold)))
