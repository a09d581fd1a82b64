"""Metrics, their slopes and the rows at the boundary along the thresholds: at most 401, chosen where the data are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.curve import ConfusionCurve
from conjac.inference import Estimate, Interval, quantile
from conjac.metrics import Metric
from conjac.validation import Predictions
from conjac.views.summary.measure import Step, clean, title_of

REGULAR, AT_QUANTILES = 241, 159
IN_TABLE = 25
TAIL = 0.005
NEAR_END, SATURATED = 0.02, 0.2
"""Where more than this share of the rows lies this near to 0 or 1, the axis is drawn in log-odds."""
LEAST = 1e-9


@dataclass(frozen=True)
class Series:
    """One line with its pointwise band.

    Attributes
    ----------
    name : str
    kind : {"value", "slope", "boundary"}
    value, lower, upper : tuple of float
        At each threshold; nan where there is none.
    """

    name: str
    kind: str
    value: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]


@dataclass(frozen=True)
class Lines:
    """Lines over one axis of thresholds.

    Attributes
    ----------
    threshold : tuple of float
        In the coordinate, ascending.
    axis : {"linear", "logit"}
        How the thresholds are laid out.
    slope_step : Step
        That slopes and rows at the boundary are told for; on a logit axis, of log-odds.
    in_table : tuple of int
        Indices of the thresholds to print.
    methods : tuple of str
        Estimators of the slopes that were used along the line.
    series : tuple of Series
    """

    threshold: tuple[float, ...]
    axis: str
    slope_step: Step
    in_table: tuple[int, ...]
    methods: tuple[str, ...]
    series: tuple[Series, ...]

    @classmethod
    def of(
        cls,
        curve: ConfusionCurve,
        rows: Predictions,
        metrics: Sequence[Metric],
        point: float,
        also: Sequence[float],
        step: Step,
        level: float,
    ) -> Lines:
        """Evaluate a curve where its rows are.

        Parameters
        ----------
        curve : ConfusionCurve
        rows : Predictions
        metrics : sequence of Metric
            The last of them is the chosen one, whose slope is drawn.
        point : float
            The operating point, which is one of the thresholds.
        also : sequence of float
            Thresholds that the axis must reach.
        step : Step
        level : float
        """
        t, axis = thresholds(curve, rows, point, also)
        rate = np.ones(len(t))
        if axis == "logit" and curve.coordinate == "probability":
            step = Step.at("logit", 0.0)
            rate = t * (1 - t)
        rate = rate * step.size
        motion = curve.motion_at(t)
        q = quantile(level, motion.joint.cells.df)
        series = [value_along(curve, row, t, title_of(row.name), level) for row in metrics]
        slope = curve.metric_slope_at(metrics[-1], t)
        series.append(_estimated(title_of(metrics[-1].name), "slope", slope, rate, level))
        center, error = motion.slopes(None)[1:3]
        for true, label in enumerate(curve.labels):
            passed = -center[:, true, 1] if curve.coordinate != "percentile" else center[:, true, 1]
            half = q * error[:, true, 1]
            limits = Interval(passed - half, passed + half)
            series.append(_series(clean(label), "boundary", passed, limits, rate))
        shown = np.union1d(np.linspace(0, len(t) - 1, IN_TABLE).round().astype(int), np.searchsorted(t, point))
        methods = sorted({str(name) for name in motion.flux.method} - {"undefined"})
        return cls(tuple(t.tolist()), axis, step, tuple(shown.tolist()), tuple(methods), tuple(series))

    def get(self, kind: str, name: str | None = None) -> tuple[Series, ...]:
        """Return the series of a kind, and of a name if given."""
        return tuple(s for s in self.series if s.kind == kind and name in (None, s.name))


def thresholds(curve: ConfusionCurve, rows: Predictions, point: float, also: Sequence[float]) -> tuple[FloatArray, str]:
    """Return where to evaluate, and how to lay it out: evenly along the axis, and at quantiles of the scores."""
    score = np.sort(rows.score.astype(np.float64))
    places: IntArray = np.linspace(0, len(score) - 1, AT_QUANTILES).round().astype(np.intp)
    axis = "linear"
    if curve.coordinate == "percentile":
        regular = np.linspace(0, 1, REGULAR)
        here = np.zeros(0)
    else:
        inside = score
        if curve.unit.scale == "logit":
            near = ((score < NEAR_END) | (score > 1 - NEAR_END)).mean()
            if curve.coordinate == "probability" and near > SATURATED:
                axis = "logit"
            inside = score[(score > 0) & (score < 1)]
            inside = inside if len(inside) else np.array([NEAR_END, 1 - NEAR_END])
        ends = np.quantile(inside, [TAIL, 1 - TAIL])
        if axis == "logit":
            ends = overlap(rows, inside, ends)
        reached = curve.score_of(np.array([t for t in also if np.isfinite(t)]))
        ends = np.array([min(ends[0], *reached), max(ends[1], *reached)]) if len(reached) else ends
        if curve.unit.scale == "logit":
            ends = np.clip(ends, LEAST, 1 - LEAST)
        regular = expit(_between(logit(ends))) if axis == "logit" else _between(curve.told(ends))
        here = curve.told(score[places])
    low, high = regular[0], regular[-1]
    inside = here[np.isfinite(here) & (here >= low) & (here <= high)]
    return np.unique(np.concatenate([regular, inside, [point]])), axis


def value_along(curve: ConfusionCurve, row: Metric, t: FloatArray, name: str, level: float) -> Series:
    """Return a metric along thresholds; nan where it is 0/0."""
    return _estimated(name, "value", curve.metric_at(row, t), measured(row, curve.cells_at(t).weight), level)


def measured(row: Metric, cells: AnyArray) -> FloatArray:
    """Return 1 where a metric is measured, and nan where its value is a convention for 0/0."""
    return np.where(np.isnan(row.gradient(cells)).all(axis=(-2, -1)), np.nan, 1.0)


def overlap(rows: Predictions, inside: FloatArray, ends: FloatArray) -> FloatArray:
    """Narrow the ends to where both classes are, and at least to the middle half of the rows."""
    low, high = ends
    first, last = np.quantile(inside, [0.25, 0.75])
    positives, negatives = rows.score[rows.true == 1], rows.score[rows.true == 0]
    if len(positives):
        low = max(low, min(first, float(np.quantile(positives, TAIL))))
    if len(negatives):
        high = min(high, max(last, float(np.quantile(negatives, 1 - TAIL))))
    return np.array([low, high])


def _between(ends: FloatArray) -> FloatArray:
    return np.linspace(float(ends[0]), float(ends[1]), REGULAR)


def _estimated(name: str, kind: str, estimate: Estimate, rate: FloatArray | float, level: float) -> Series:
    return _series(name, kind, estimate.value, estimate.confint(level), rate)


def _series(name: str, kind: str, value: FloatArray, limits: Interval, rate: FloatArray | float) -> Series:
    sides = (np.asarray(side * rate + 0.0).tolist() for side in (value, *limits))
    return Series(name, kind, *(tuple(side) for side in sides))
