"""Each class, and each metric over all of them, with what offsets do to it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from conjac._typing import FloatArray
from conjac.inference import Interval
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric, resolve
from conjac.sensitivity import Sensitivity
from conjac.views.summary.change import value_of
from conjac.views.summary.heatmap import OFFSET_STEP
from conjac.views.summary.measure import NAN, UNDEFINED, Measure, clean, title_of

METRICS = (
    "accuracy",
    "balanced_accuracy",
    "f1_macro",
    "f1_micro",
    "f1_weighted",
    "matthews_corrcoef",
    "cohen_kappa",
)
EXCHANGED = 40
"""Classes up to which exchange rates are told: they take the most time."""


@dataclass(frozen=True)
class ClassLine:
    """One class against the rest.

    Attributes
    ----------
    label : str
    rows : int
        Of this class, without weights.
    support, predicted : float
        Weight of the rows of this class, and of those that are predicted to be.
    precision, recall, f1 : Measure
        nan where 0/0.
    recall_slope, precision_slope, metric_slope : Measure
        Of both, and of the chosen metric, per step of this class's own offset.
    exchange : Measure
        Change of precision for each unit of recall that its own offset gains; nan where the slope of the recall is not
        told apart from 0, and of more than `EXCHANGED` classes.
    improves : {"up", "down", "unclear", "undefined"}
        Which way to move its offset, alone, for a better value of the chosen metric.
    taken_for : str
        What rows of this class that are misclassified are most often predicted to be; nothing where none is.
    taken : Measure
        That share of this class.
    """

    label: str
    rows: int
    support: float
    predicted: float
    precision: Measure
    recall: Measure
    f1: Measure
    recall_slope: Measure
    precision_slope: Measure
    metric_slope: Measure
    exchange: Measure
    improves: str
    taken_for: str
    taken: Measure


@dataclass(frozen=True)
class ClassMetric:
    """One metric over all classes.

    Attributes
    ----------
    name, title : str
        As conjac calls it, and as people do.
    value : Measure
        nan where the metric is 0/0.
    offset : str
        The class whose offset moves it the most; nothing where none can be told.
    slope : Measure
        Per step of that offset.
    """

    name: str
    title: str
    value: Measure
    offset: str
    slope: Measure


def class_lines(J: ConfusionJacobian, rows: FloatArray, metric: Metric, level: float) -> tuple[ClassLine, ...]:
    """Describe every class, in the order of the labels.

    Parameters
    ----------
    J : ConfusionJacobian
        By offsets.
    rows : array of shape (n_classes,)
        Rows of each class, without weights.
    metric : Metric
        The chosen one.
    level : float
        Of the intervals.
    """
    shares = replace(J, normalize="true")
    share, limits = shares.matrix, shares.matrix_confint(level)
    weight = J.cells.weight[0].astype(np.float64)
    chosen = _slopes(J.of(metric), level)
    found = []
    for k, label in enumerate(J.labels):
        of = {name: resolve(f"{name}[{label}]", J.labels) for name in ("precision", "recall", "f1")}
        value = {name: value_of(J, row, level) for name, row in of.items()}
        own = {
            name: UNDEFINED if math.isnan(value[name].value) else _slopes(J.of(of[name]), level)[k]
            for name in ("precision", "recall")
        }
        wrong = weight[k].copy()
        wrong[k] = 0
        other = int(wrong.argmax())
        taken = Measure(float(share[k, other]), float(limits.lower[k, other]), float(limits.upper[k, other]))
        found.append(
            ClassLine(
                label=clean(label),
                rows=int(rows[k]),
                support=float(weight[k].sum()),
                predicted=float(weight[:, k].sum()),
                **value,
                recall_slope=own["recall"],
                precision_slope=own["precision"],
                metric_slope=chosen[k],
                exchange=_exchange(J, label, k, level)
                if own["recall"].sign and len(J.labels) <= EXCHANGED
                else UNDEFINED,
                improves=improving(chosen[k], metric.greater_is_better),
                taken_for=clean(J.labels[other]) if wrong[other] > 0 else "",
                taken=taken if wrong[other] > 0 else UNDEFINED,
            )
        )
    return tuple(found)


def class_metrics(J: ConfusionJacobian, metric: Metric, level: float) -> tuple[ClassMetric, ...]:
    """Describe every metric over all classes; the chosen one first if it is not among them."""
    rows = [resolve(name, J.labels) for name in METRICS]
    return tuple(_metric(J, row, level) for row in (rows if metric in rows else [metric, *rows]))


def improving(slope: Measure, greater_is_better: bool) -> str:
    """Say which way to move what a slope is of."""
    if not math.isfinite(slope.lower):
        return "undefined"
    better = slope.sign if greater_is_better else -slope.sign
    return {1: "up", -1: "down"}.get(better, "unclear")


def _metric(J: ConfusionJacobian, row: Metric, level: float) -> ClassMetric:
    name, title, value = clean(row.name), title_of(row.name), value_of(J, row, level)
    if math.isnan(value.value):
        return ClassMetric(name, title, UNDEFINED, "", UNDEFINED)
    slopes = _slopes(J.of(row), level)
    size = np.array([abs(one.value) if math.isfinite(one.value) else -1.0 for one in slopes])
    most = int(size.argmax())
    return ClassMetric(name, title, value, clean(J.labels[most]) if size[most] > 0 else "", slopes[most])


def _slopes(told: Sensitivity, level: float) -> list[Measure]:
    """Return the slope by each class's offset, per step."""
    slope = told.gradient + 0.0  # no negative zero
    limits = told.confint(level)
    return [Measure.of(slope[k], Interval(limits.lower[k], limits.upper[k]), OFFSET_STEP) for k in range(len(slope))]


def _exchange(J: ConfusionJacobian, label: object, place: int, level: float) -> Measure:
    told = J.exchange_rate(f"precision[{label}]", f"recall[{label}]")
    lower, upper = told.confint(level)
    found = Measure(float(told.gradient[place]), float(lower[place]), float(upper[place]))
    return found if np.isfinite([found.lower, found.upper]).all() else Measure(NAN)
