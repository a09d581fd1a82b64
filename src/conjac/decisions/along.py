"""A metric along all the cut-offs of a curve: what both ways of deciding search."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal, Protocol

import numpy as np

from conjac._typing import AnyArray, BoolArray, FloatArray
from conjac.coordinates import Coordinate
from conjac.decisions.decision import Decision, Limits
from conjac.density import Density
from conjac.inference import Cells, Interval
from conjac.metrics import Metric
from conjac.motion import Motion
from conjac.reading import Reading
from conjac.readonly import ReadOnly
from conjac.rules import ThresholdRule

AT_MOST = 4096
"""Cut-offs at which a metric's error is computed for an interval of thresholds."""
LOSS = 0.01
"""The loss that flatness is told for: this much of a bounded metric, this share of any other."""


class Counted(Protocol):
    """Cells and fluxes of a curve; thresholds on the scores' own scale."""

    @property
    def labels(self) -> tuple[Any, Any]:
        """Negative label, positive label."""
        ...

    @property
    def unit(self) -> Coordinate:
        """Unit in which thresholds are told."""
        ...

    def cutoffs(self) -> FloatArray:
        """Every threshold that alerts a different set, ascending; the last alerts none."""
        ...

    def told(self, score: Any) -> FloatArray:
        """Thresholds in the curve's unit."""
        ...

    def weight_at_score(self, score: FloatArray) -> AnyArray:
        """Confusion matrices at thresholds, array of shape (n_points, 2, 2)."""
        ...

    def cells_at_score(self, score: FloatArray) -> Cells:
        """Confusion matrices at thresholds, with what their sampling variance needs."""
        ...

    def motion_at_score(self, score: FloatArray) -> Motion:
        """Cells and fluxes at thresholds."""
        ...


class Curve(Counted, Protocol):
    """What a search needs of a curve."""

    @property
    def reading(self) -> Reading:
        """How scores are read."""
        ...

    @property
    def density(self) -> Density:
        """What slopes are estimated from."""
        ...


def decide(
    curve: Curve,
    row: Metric,
    score: float,
    kind: Literal["target", "argmax"],
    limits: Limits,
    flatness: Mapping[str, float],
    diagnostics: Mapping[str, Any],
) -> Decision:
    """Return the decision at one threshold on the scores' own scale."""
    at = np.array([score])
    cells = curve.cells_at_score(at)
    return Decision.of(
        row,
        cells,
        rule=ThresholdRule(score),
        labels=curve.labels,
        threshold=float(curve.told(at)[0]),
        coordinate=curve.unit.name,
        kind=kind,
        diagnostics=ReadOnly(diagnostics),
        _flatness=partial(dict, flatness),
        _reading=curve.reading,
        _limits=limits,
        _motion=partial(curve.motion_at_score, at),
    )


def flatness(
    curve: Curve, row: Metric, cutoffs: FloatArray, gain: FloatArray, reference: float, score: float
) -> dict[str, float]:
    """Return how far the threshold may drift, each way in its coordinate, before the metric loses ``tolerance``.

    Parameters
    ----------
    gain : array of shape (n_cutoffs,)
        The metric at each cut-off, turned so that more is better.
    reference : float
        Its level at the decision.
    score : float
        The decision, on the scores' own scale.
    """
    bounded = np.isfinite(row.domain.upper)
    tolerance = LOSS if bounded else LOSS * abs(reference)
    near = gain >= reference - tolerance
    at = int(np.searchsorted(cutoffs, score))
    near[at] = True
    first, last = component(near, at)
    low, high = curve.unit.ends
    here = float(curve.told(score))
    drift = [
        here - float(curve.told(cutoffs[first - 1])) if first > 0 else np.inf,
        float(curve.told(cutoffs[last])) - here if np.isfinite(cutoffs[last]) else np.inf,
    ]
    if curve.unit.name == "percentile":  # a higher score alerts a smaller share
        drift = [-drift[1] if np.isfinite(drift[1]) else np.inf, -drift[0] if np.isfinite(drift[0]) else np.inf]
    return {
        "lower": max(0.0, min(drift[0], here - low)),
        "upper": max(0.0, min(drift[1], high - here)),
        "tolerance": tolerance,
    }


def measured(row: Metric, weight: AnyArray) -> FloatArray:
    """Return a metric; nan where its value would be a convention for 0/0 and not a measurement."""
    value = np.asarray(row.replace(undefined=np.nan).value(weight))
    return np.where(np.isnan(value), np.nan, row.value(weight)) if "average" in row.traits else value


def undefined(row: Metric, weight: AnyArray) -> BoolArray:
    """Tell where a metric's value is a convention for 0/0 and not a measurement."""
    return np.isnan(measured(row, weight))


def component(inside: BoolArray, at: int) -> tuple[int, int]:
    """Return the first and last index of the run of True that holds ``at``; ``at`` itself if it is False."""
    if not inside[at]:
        return at, at
    outside = np.flatnonzero(~inside)
    place = int(np.searchsorted(outside, at))
    first = outside[place - 1] + 1 if place > 0 else 0
    last = outside[place] - 1 if place < len(outside) else len(inside) - 1
    return int(first), int(last)


def in_order(curve: Curve, first: float, last: float) -> Interval:
    """Return two thresholds on the scores' own scale as limits in the curve's unit."""
    ends = curve.told(np.array([first, last]))
    return Interval(np.asarray(ends.min()), np.asarray(ends.max()))
