"""Every figure at every step of a threshold, in every coordinate: `ThresholdSheet`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from conjac._typing import CoordinateName, FloatArray
from conjac.coordinates import COORDINATES, Coordinate
from conjac.curve import ConfusionCurve
from conjac.engines.thresholds import from_score
from conjac.inference import at_share
from conjac.metrics import Metric
from conjac.metrics.cells import figure
from conjac.motion import Exchange, Motion, Pair
from conjac.views.summary.measure import Step, clean
from conjac.views.summary.places import spread_of, thresholds
from conjac.views.summary.scene.track import Figure, Track

ROUND = np.arange(101) / 100
"""Probabilities that people name, which are steps: the numbers that are read from their decimals."""
DIGITS = 12
"""Of the other steps: a browser's slider holds 15, and what it tells must be what was counted."""
UNITS: dict[str, tuple[CoordinateName, ...]] = {
    "logit": ("probability", "logit", "percentile"),
    "score": ("score", "percentile"),
}
RATES = (("fp", "tp"), ("alert_rate", "recall"), ("precision", "recall"), ("specificity", "recall"))
"""What is paid for what."""
EXACT = ("matrix", "metric")
"""Targets and the best step are looked for among all digits of these."""


@dataclass(frozen=True, eq=False)
class ThresholdSheet:
    """One set of rows at every step.

    Attributes
    ----------
    name : str
        Of the group; empty of all rows.
    score : array of shape (n_steps,)
        The steps on the scores' own scale.
    totals : array of shape (2,)
        Rows of each class, or their weight.
    tracks : tuple of Track
        One a coordinate, that of the curve first; all at the same steps.
    effective : array of shape (n_steps, 2)
        Effective rows of each class at the boundary.
    bound : array of shape (n_steps, 2) or None
        How far each class's cells may be from the exact count, of a curve from a tally.
    """

    name: str
    score: FloatArray
    totals: FloatArray
    tracks: tuple[Track, ...]
    effective: FloatArray
    bound: FloatArray | None

    @classmethod
    def of(
        cls,
        curve: ConfusionCurve,
        score: FloatArray,
        base: int,
        metrics: Sequence[Metric],
        *,
        name: str = "",
        level: float = 0.95,
        coordinates: Sequence[CoordinateName] | None = None,
    ) -> Self:
        """Evaluate a curve.

        Parameters
        ----------
        curve : ConfusionCurve
        score : array of shape (n_steps,)
            Thresholds on the scores' own scale, ascending.
        base : int
            Which of them is the operating point.
        metrics : sequence of Metric
        name : str
        level : float
            Of every interval.
        coordinates : sequence of str, optional
            Default: all that the scores have.
        """
        motion = curve.motion_at_score(score)
        cells = motion.joint.cells
        matrix = Figure(cells.weight, *motion.cells_confint(level))
        metric = Figure.side_by_side([Figure.of_metric(row, cells, level) for row in metrics])
        exchange = Figure.side_by_side([_paid(curve, motion, pair, level) for pair in RATES])
        first = curve.unit.name
        names = [first, *(n for n in (coordinates or UNITS[curve.unit.scale]) if n != first)]
        spread = spread_of(curve) if curve.unit.scale == "score" else None
        same: dict[str, Any] = {"base": base, "matrix": matrix, "metric": metric, "exchange": exchange}
        own = _slopes(motion, level), _gains(motion, metrics, level)
        tracks: list[Track] = []
        for unit in (COORDINATES[told] for told in names):
            at = from_score(curve.counter, unit, score)
            moved = motion if unit.name == first else _in_unit(curve, motion, unit, score)
            if motion.rate is not None and moved.rate is not None:  # all slopes follow their rate
                slope, gain = (one.times(moved.rate / motion.rate) for one in own)
            else:
                slope, gain = _slopes(moved, level), _gains(moved, metrics, level)
            tracks.append(
                Track(
                    name="threshold",
                    coordinate=unit.name,
                    unit=unit.unit,
                    size=Step.at(unit.name, float(at[base]), spread).size,
                    at=at,
                    slope=slope,
                    gain=gain,
                    **same,
                )
            )
        bound = curve.counter.at(score).bound
        return cls(
            name=clean(name),
            score=score,
            totals=np.asarray(curve.counter.totals, dtype=np.float64),
            tracks=tuple(tracks),
            effective=np.nan_to_num(motion.flux.n_eff),
            bound=bound if bound.any() else None,
        )

    def to_tree(self) -> dict[str, Any]:
        """Return everything as plain types and arrays, for `conjac.views.summary.scene.pack`."""
        return {
            "name": self.name,
            "totals": self.totals,
            "tracks": [track.to_tree(EXACT) for track in self.tracks],
            "effective": np.ascontiguousarray(self.effective.T, dtype=np.float32),
            "bound": None if self.bound is None else np.ascontiguousarray(self.bound.T, dtype=np.float64),
        }


def steps_of(curves: Sequence[ConfusionCurve], point: float, also: Iterable[float] = ()) -> FloatArray:
    """Return the steps of a slider, on the scores' own scale: where the rows are, and what people name.

    Parameters
    ----------
    curves : sequence of ConfusionCurve
        In one coordinate, which is not the percentile; the first is of all rows.
    point : float
        The operating point, in that coordinate.
    also : iterable of float
        Thresholds that are steps too.

    Returns
    -------
    array of shape (n_steps,)
        Ascending. Of a curve from a tally, edges of its bins and its named thresholds, where counts are exact.
    """
    first = curves[0]
    asked = [t for t in also if np.isfinite(t)]
    told, _ = thresholds(curves, point, asked)
    score = first.score_of(np.union1d(told, asked))
    if first.unit.scale == "logit":
        score = np.union1d(score, ROUND)
    edges = [one.cutoffs()[np.isfinite(one.cutoffs())] for one in curves if one.bound_at(first.told(score)).any()]
    if edges:
        exact = np.unique(np.concatenate(edges))
        nearest = exact[np.clip(np.searchsorted(exact, score), 0, len(exact) - 1)]
        return np.union1d(nearest, first.score_of([point, *asked]))
    short = [float(f"{step:.{DIGITS}g}") for step in score]
    return np.union1d(short, first.score_of([point, *asked]))


def _in_unit(curve: ConfusionCurve, motion: Motion, unit: Coordinate, score: FloatArray) -> Motion:
    """Return the motion in another coordinate; the densities serve them all."""
    if motion.rate is None:
        return replace(curve, unit=unit).motion_at_score(score)
    if unit.cut is None or unit.from_score is None:
        return replace(motion, joint=at_share(motion.joint, motion.flux), rate=None)
    inside = np.isfinite(motion.rate)
    rate = -unit.cut.derivative(unit.from_score(np.where(inside, score, 0.5)))
    return replace(motion, rate=np.where(inside, rate, np.nan))


def _slopes(motion: Motion, level: float) -> Figure:
    return Figure.of_slopes(motion.slopes(None), motion.counted.df, level)


def _gains(motion: Motion, metrics: Sequence[Metric], level: float) -> Figure:
    found = [motion.metric_slope(row) for row in metrics]
    return Figure.side_by_side([Figure.of_slopes(one, motion.counted.df, level) for one in found])


def _paid(curve: ConfusionCurve, motion: Motion, pair: tuple[str, str], level: float) -> Figure:
    """Return how much of one figure is paid for a unit of another; nan where that is no number."""
    rows = figure(pair[0], curve.labels, 2), figure(pair[1], curve.labels, 2)
    rate = Exchange.between(rows, Pair.of(rows, motion))
    return Figure(np.where(np.isfinite(rate.value), rate.value, np.nan), *rate.limits(level))
