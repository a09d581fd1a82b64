"""One operating point: the cells, how fast they move, what that does to each metric, and at what exchange rate."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.curve import ConfusionCurve
from conjac.inference import Interval
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric, resolve
from conjac.views.summary.measure import NAN, UNDEFINED, Measure, Step, clean, title_of

NAMES = (("tn", "fp"), ("fn", "tp"))
METRICS = (
    "accuracy",
    "balanced_accuracy",
    "precision",
    "recall",
    "specificity",
    "npv",
    "f1",
    "matthews_corrcoef",
    "cohen_kappa",
    "youden_j",
    "alert_rate",
    "lift",
    "positive_likelihood_ratio",
)
UNDIRECTED = {"alert_rate", "prevalence"}
PER, AT_LEAST = (1_000, 10_000, 100_000, 1_000_000), 0.1
"""Rows that a change is told for: the fewest for which it is this much."""


@dataclass(frozen=True)
class Cell:
    """One cell of the matrix.

    Attributes
    ----------
    name : {"tn", "fp", "fn", "tp"}
    true, predicted : str
    count : Measure
    share : Measure
        Of the rows of its true class.
    slope : Measure
        Per step of the threshold.
    """

    name: str
    true: str
    predicted: str
    count: Measure
    share: Measure
    slope: Measure


@dataclass(frozen=True)
class NextStep:
    """What one step up would do.

    Attributes
    ----------
    per : int
        Rows that ``tp`` and ``fp`` are told for.
    tp, fp : Measure
        Estimated change.
    counted_tp, counted_fp : float
        Change counted on the rows at hand, from the threshold to one step above it.
    """

    per: int
    tp: Measure
    fp: Measure
    counted_tp: float
    counted_fp: float


@dataclass(frozen=True)
class MetricLine:
    """One metric at the operating point.

    Attributes
    ----------
    name, title : str
        As conjac calls it, and as people do.
    value : Measure
        nan where the metric is 0/0.
    slope : Measure
        Per step of the threshold.
    elasticity : float
        Relative change per step.
    break_even : float
        False positives that one more true positive is worth to this metric.
    improves : {"up", "down", "unclear", "undirected", "undefined"}
        Which way to move the threshold, in its coordinate, for a better value; "unclear" where the slope's
        interval holds zero.
    """

    name: str
    title: str
    value: Measure
    slope: Measure
    elasticity: float
    break_even: float
    improves: str


@dataclass(frozen=True)
class Point:
    """The operating point.

    Attributes
    ----------
    threshold : float
        In the coordinate.
    step : Step
        That every slope here is told for.
    method : {"tangent", "secant", "undefined"}
    width : tuple of (str, float)
        The kernel's bandwidth by class, or the half-width of the recount.
    width_unit : str
    effective_rows : tuple of (str, float)
        At the boundary, by class.
    doubts : tuple of (str, str)
        Why a class's interval should not be believed, by class: a key of `conjac.diagnostics.CAUTIONS`.
    cells : tuple of Cell
        TN, FP, FN, TP.
    alerted : Measure
        Share of the rows predicted positive.
    next_step : NextStep
    exchange : Measure
        False positives per extra true positive.
    metrics : tuple of MetricLine
    """

    threshold: float
    step: Step
    method: str
    width: tuple[tuple[str, float], ...]
    width_unit: str
    effective_rows: tuple[tuple[str, float], ...]
    doubts: tuple[tuple[str, str], ...]
    cells: tuple[Cell, ...]
    alerted: Measure
    next_step: NextStep
    exchange: Measure
    metrics: tuple[MetricLine, ...]

    @classmethod
    def of(cls, result: ConfusionJacobian, curve: ConfusionCurve, metric: Metric, step: Step, level: float) -> Point:
        """Describe a Jacobian at its threshold."""
        told = result.diagnostics
        width = told.get("bandwidth") or ({"": told["step"]} if "step" in told else {})
        lines = [metric_line(result, row, step, level) for row in listed(result, metric)]
        exchange = result.exchange_rate()
        return cls(
            threshold=result.threshold,
            step=step,
            method=result.method,
            width=_by_label(width),
            width_unit=told.get("bandwidth_unit") or told.get("step_unit") or "",
            effective_rows=_by_label(told["effective_rows"]),
            doubts=tuple((clean(label), why) for label, why in told["doubts"].items()),
            cells=_cells(result, step, level),
            alerted=next(line.value for line in lines if line.name == "alert_rate"),
            next_step=_next_step(result, curve, step, level),
            exchange=_finite(Measure.of(exchange.gradient, exchange.confint(level))),
            metrics=tuple(lines),
        )

    def metric(self, name: str) -> MetricLine:
        """Return the line of one metric."""
        return next(line for line in self.metrics if line.name == name)


def listed(result: ConfusionJacobian, metric: Metric) -> list[Metric]:
    """Return the metrics of the table; the chosen one first if it is not among them."""
    rows = [resolve(name, result.labels) for name in METRICS]
    return rows if metric in rows else [metric, *rows]


def metric_line(result: ConfusionJacobian, row: Metric, step: Step, level: float) -> MetricLine:
    """Return a metric's value, slope and what would better it."""
    found = result.of(row)
    gradient = row.gradient(result.cells.weight[0])
    if np.isnan(gradient).all():  # a value of 0/0 is a convention and no measurement
        return MetricLine(clean(row.name), title_of(row.name), UNDEFINED, UNDEFINED, NAN, NAN, "undefined")
    slope = Measure.of(found.gradient, found.confint(level), step.size)
    better = slope.sign if row.greater_is_better else -slope.sign
    improves = {1: "up", -1: "down"}.get(better, "unclear" if math.isfinite(slope.lower) else "undefined")
    return MetricLine(
        name=clean(row.name),
        title=title_of(row.name),
        value=Measure.of(found.value, found.value_confint(level)),
        slope=slope,
        elasticity=float(found.elasticity) * step.size,
        break_even=float(row.exchange_rate(result.cells.weight[0])),
        improves="undirected" if row.name in UNDIRECTED else improves,
    )


def _cells(result: ConfusionJacobian, step: Step, level: float) -> tuple[Cell, ...]:
    shares = replace(result, normalize="true")
    counted, shared, moved = result.matrix_confint(level), shares.matrix_confint(level), result.confint(level)
    empty = result.cells.weight[0].sum(axis=1) == 0
    slope = result.jacobian + 0.0  # no negative zero

    def at(value: AnyArray, limits: Interval, i: int, j: int) -> Measure:
        return Measure(float(value[i, j]), float(limits.lower[i, j]), float(limits.upper[i, j]))

    return tuple(
        Cell(
            name=NAMES[i][j],
            true=clean(result.labels[i]),
            predicted=clean(result.labels[j]),
            count=at(result.matrix, counted, i, j),
            share=UNDEFINED if empty[i] else at(shares.matrix, shared, i, j),
            slope=UNDEFINED if empty[i] else at(slope, moved, i, j).scaled(step.size),
        )
        for i in (0, 1)
        for j in (0, 1)
    )


def _next_step(result: ConfusionJacobian, curve: ConfusionCurve, step: Step, level: float) -> NextStep:
    scale = step.size / float(result.cells.weight.sum())
    limits = result.confint(level)
    tp, fp = (
        Measure(float(result.jacobian[i, 1]), float(limits.lower[i, 1]), float(limits.upper[i, 1])).scaled(scale)
        for i in (1, 0)
    )
    tp, fp = (
        one if rows else UNDEFINED for one, rows in zip((tp, fp), result.cells.weight[0].sum(axis=1)[::-1], strict=True)
    )
    per = next((rows for rows in PER if rows * min(abs(tp.value), abs(fp.value)) >= AT_LEAST), PER[0])
    above = result.threshold + step.size
    if result.coordinate == "percentile":
        above = min(above, 1.0)
    counted: FloatArray = np.diff(curve.matrix_at(np.array([result.threshold, above])).astype(np.float64), axis=0)[0]
    return NextStep(per, tp.scaled(per), fp.scaled(per), float(counted[1, 1]), float(counted[0, 1]))


def _by_label(values: dict[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple((clean(label), float(value)) for label, value in values.items())


def _finite(measure: Measure) -> Measure:
    """Return a rate that exists, or nan: 0/0 and x/0 are no rates."""
    return measure if math.isfinite(measure.value) and measure.value > 0 else UNDEFINED
