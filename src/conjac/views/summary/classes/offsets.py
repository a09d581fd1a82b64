"""The offsets to consider: what they are for, what they give, and what they gain against those of the report."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from conjac._typing import ConditionOn, CoordinateName, FloatArray
from conjac.comparison import compare
from conjac.decisions import Constraint, Decision
from conjac.decisions.offsets import best_offsets
from conjac.errors import ConjacWarning, InfeasibleError
from conjac.inference import Interval
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric
from conjac.tuning import problem_of
from conjac.validation import ClassPredictions
from conjac.views.summary.change import value_of
from conjac.views.summary.choices import CONFIDENCE, bound_of
from conjac.views.summary.measure import NAN, UNDEFINED, Measure, clean, title_of

MOST_SEARCHED, MOST_SCORES = 40, 20_000_000
"""Classes, and rows times classes, up to which a report looks for the best offsets: a minute or so."""


@dataclass(frozen=True)
class OffsetChoice:
    """Offsets to consider, in the order of the labels.

    Attributes
    ----------
    aim : str
        What they are for, such as "Best F1 macro".
    metric : str
    kind : {"argmax", "infeasible", "left out"}
    message : str
        Why there are none.
    coordinate : str
        What is added to: "logit" the logarithm of probabilities, "score" the scores as they are.
    offsets : tuple of Measure
        Less that of the first class, with their intervals.
    interval : str
        How these intervals were found.
    value, present : Measure
        Of the metric at these offsets, as if they had been fixed in advance, and at those of the report.
    gain : Measure
        Their difference, on the same rows; optimistic, since the offsets were chosen on them.
    exact_value : float
        The optimum of the counts, beside that of the smoothed metric.
    recall, precision : tuple of float
        Of each class at these offsets.
    """

    aim: str
    metric: str
    kind: str
    message: str = ""
    coordinate: str = ""
    offsets: tuple[Measure, ...] = ()
    interval: str = ""
    value: Measure = UNDEFINED
    present: Measure = UNDEFINED
    gain: Measure = UNDEFINED
    exact_value: float = NAN
    recall: tuple[float, ...] = ()
    precision: tuple[float, ...] = ()


def offset_choices(
    rows: ClassPredictions,
    J: ConfusionJacobian,
    metric: Metric,
    constraints: tuple[Constraint, ...],
    *,
    coordinate: CoordinateName | None,
    condition_on: ConditionOn | None,
    level: float,
) -> tuple[OffsetChoice, ...]:
    """Return the best offsets under the constraints, also with confidence, and without; the first is what was asked.

    Parameters
    ----------
    rows : ClassPredictions
    J : ConfusionJacobian
        Of these rows, at the offsets of the report.
    metric : Metric
    constraints : tuple of Constraint
    coordinate, condition_on
        As for `conjac.maximize`.
    level : float
        Of the intervals.
    """
    problem = problem_of(rows, coordinate, condition_on)

    def best(given: tuple[Constraint, ...] = (), confidence: float | None = None) -> Decision:
        return best_offsets(problem, metric, subject_to=given, confidence=confidence)

    title = title_of(metric.name)
    asks: list[tuple[str, Callable[[], Decision]]] = [(f"Best {title}", best)]
    if constraints:
        told = f"Best {title} with " + " and ".join(bound_of(c) for c in constraints)
        safe = f"{told}, held with {CONFIDENCE * 100:g} % confidence"
        asks = [(told, lambda: best(constraints)), (safe, lambda: best(constraints, CONFIDENCE)), *asks]
    if len(rows.labels) > MOST_SEARCHED or rows.score.size > MOST_SCORES:
        why = (
            f"Not looked for: with {len(rows.labels)} classes and {rows.score.size} scores that takes minutes. "
            "conjac tune does it, and conjac.maximize in Python."
        )
        return tuple(OffsetChoice(clean(aim), title, "left out", why) for aim, _ in asks)
    return tuple(_choice(aim, ask, rows, J, metric, condition_on, level) for aim, ask in asks)


def _choice(
    aim: str,
    ask: Callable[[], Decision],
    rows: ClassPredictions,
    J: ConfusionJacobian,
    metric: Metric,
    condition_on: ConditionOn | None,
    level: float,
) -> OffsetChoice:
    title = title_of(metric.name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConjacWarning)  # of absent classes, which the summary tells
            decision = ask()
    except InfeasibleError as error:
        return OffsetChoice(clean(aim), title, "infeasible", clean(error))
    there = ConfusionJacobian.from_classes(rows, offsets=decision, condition_on=condition_on)
    told = compare(J, there, metrics=metric, level=level)
    limits = told.confint()
    located = zip(np.asarray(decision.offsets), *decision.confint(level), strict=True)
    found = there.cells.weight[0].astype(np.float64)
    right = np.diag(found)
    return OffsetChoice(
        aim=clean(aim),
        metric=title,
        kind="argmax",
        coordinate=decision.coordinate,
        offsets=tuple(Measure(*map(float, one)) for one in located),
        interval=str(decision.diagnostics["interval"]),
        value=Measure.of(decision.value, decision.value_confint(level)),
        present=value_of(J, metric, level),
        gain=Measure.of(told.difference[0], Interval(limits.lower[0], limits.upper[0])),
        exact_value=float(decision.diagnostics["exact_value"]),
        recall=_shares(right, found.sum(axis=1)),
        precision=_shares(right, found.sum(axis=0)),
    )


def _shares(right: FloatArray, of: FloatArray) -> tuple[float, ...]:
    return tuple(np.divide(right, of, out=np.full(len(of), np.nan), where=of > 0).tolist())
