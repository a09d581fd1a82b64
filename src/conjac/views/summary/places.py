"""Where along its thresholds a curve is looked at: evenly, where its rows are, and how such an axis is laid out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.special import expit, logit

from conjac._typing import FloatArray
from conjac.curve import ConfusionCurve

REGULAR, AT_QUANTILES = 241, 159
TAIL = 0.005
NEAR_END, SATURATED = 0.02, 0.2
"""Where more than this share of the rows lies this near to 0 or 1, the axis is drawn in log-odds."""
LEAST = 1e-9
SCORES = 201
"""Quantiles that stand for the spread of the scores."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Where the rows of a curve lie, from the curve alone: of a tally, by its bins.

    Attributes
    ----------
    score : array of shape (n_places,)
        On the scores' own scale, ascending.
    weight : array of shape (n_places, 2)
        Of each class there.
    """

    score: FloatArray
    weight: FloatArray

    @classmethod
    def of(cls, curve: ConfusionCurve) -> Self:
        """Read a curve."""
        cut = curve.cutoffs()
        below = curve.weight_at_score(cut)[:, :, 0].astype(np.float64)
        weight = np.diff(below, axis=0)
        held = weight.sum(axis=1)
        known = np.isfinite(cut[:-1]) & (held > LEAST * held.sum())
        return cls(cut[:-1][known], weight[known])

    def where(self, inside: Any) -> Rows:
        """Return some of the places."""
        return Rows(self.score[inside], self.weight[inside])

    def share(self, inside: Any) -> float:
        """Return which share of the rows lies at some of the places."""
        total = float(self.weight.sum())
        return float(self.weight[inside].sum()) / total if total else 0.0

    def quantile(self, share: Any, true: int | None = None) -> FloatArray:
        """Return the scores up to which such shares of the rows lie, of one class or of both; none of no rows."""
        weight = self.weight.sum(axis=1) if true is None else self.weight[:, true]
        upto = np.cumsum(weight)
        if not len(upto) or upto[-1] <= 0:
            return np.zeros(0)
        at = np.searchsorted(upto, np.asarray(share) * upto[-1] * (1 - LEAST))
        return np.asarray(self.score[np.minimum(at, len(upto) - 1)])


def spread_of(curve: ConfusionCurve) -> FloatArray:
    """Return scores that are spread as those of the rows, array of shape (n_scores,); none of no rows."""
    return Rows.of(curve).quantile(np.linspace(0, 1, SCORES))


def thresholds(
    curves: Sequence[ConfusionCurve], point: float | None = None, also: Iterable[float] = ()
) -> tuple[FloatArray, str]:
    """Return where to evaluate, and how to lay it out: evenly along the axis, and at quantiles of the scores.

    Parameters
    ----------
    curves : sequence of ConfusionCurve
        In one coordinate.
    point : float, optional
        A threshold to be among them.
    also : iterable of float
        Thresholds that the axis must reach.

    Returns
    -------
    array of shape (n_thresholds,)
        At most `REGULAR` + `AT_QUANTILES` and the point.
    str
        "linear", or "logit" where most scores lie near 0 or 1.
    """
    first, here = curves[0], np.array([] if point is None else [point], dtype=np.float64)
    asked = np.concatenate([here, [t for t in also if np.isfinite(t)]])
    if first.coordinate == "percentile":
        return np.union1d(np.linspace(0, 1, REGULAR), here), "linear"
    rows = [Rows.of(curve) for curve in curves]
    logits = first.unit.scale == "logit"
    near = max(one.share((one.score < NEAR_END) | (one.score > 1 - NEAR_END)) for one in rows) if logits else 0.0
    axis = "logit" if first.coordinate == "probability" and near > SATURATED else "linear"
    reached = [_ends(one, logits, axis) for one in rows]
    if len(asked):
        reached.append(first.score_of(asked))
    low, high = min(float(ends.min()) for ends in reached), max(float(ends.max()) for ends in reached)
    if logits:
        low, high = np.clip([low, high], LEAST, 1 - LEAST)
    ends = np.array([low, high])
    regular = expit(_between(logit(ends))) if axis == "logit" else _between(first.told(ends))
    ranks = np.linspace(0, 1, AT_QUANTILES // len(curves))
    told = np.concatenate([curve.told(one.quantile(ranks)) for curve, one in zip(curves, rows, strict=True)])
    inside = told[np.isfinite(told) & (told >= regular[0]) & (told <= regular[-1])]
    return np.unique(np.concatenate([regular, inside, here])), axis


def _ends(rows: Rows, logits: bool, axis: str) -> FloatArray:
    """Return between which scores to look: where all but few rows are."""
    inside = rows.where((rows.score > 0) & (rows.score < 1)) if logits else rows
    if not len(inside.score):
        return np.array([NEAR_END, 1 - NEAR_END]) if logits else np.zeros(2)
    ends = inside.quantile([TAIL, 1 - TAIL])
    return _overlap(rows, inside, ends) if axis == "logit" else ends


def _overlap(rows: Rows, inside: Rows, ends: FloatArray) -> FloatArray:
    """Narrow the ends to where both classes are, and at least to the middle half of the rows."""
    low, high = ends
    first, last = inside.quantile([0.25, 0.75])
    positives, negatives = rows.quantile(TAIL, true=1), rows.quantile(1 - TAIL, true=0)
    if positives.size:
        low = max(low, min(first, float(positives)))
    if negatives.size:
        high = min(high, max(last, float(negatives)))
    return np.array([low, high])


def _between(ends: FloatArray) -> FloatArray:
    return np.linspace(float(ends[0]), float(ends[1]), REGULAR)
