"""The thresholds to consider: what each is for, what it gives and what it costs against the present one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from conjac._typing import FloatArray
from conjac.curve import ConfusionCurve
from conjac.decisions import Constraint, Decision
from conjac.errors import InfeasibleError
from conjac.metrics import Metric, resolve
from conjac.metrics.factories import expected_cost
from conjac.views.summary.measure import NAN, UNDEFINED, Measure, clean, title_of

CONFIDENCE = 0.95
RECALLS, PRECISIONS = (0.9, 0.95), (0.9,)
COSTS = ((1.0, 1.0), (5.0, 1.0))
"""Of a missed positive and of a false alarm."""

Ask = Callable[[], Decision]


@dataclass(frozen=True)
class Choice:
    """One threshold to consider.

    Attributes
    ----------
    aim : str
        What it is for, such as "recall >= 0.95".
    asked : bool
        Whether the reader asked for it: the chosen metric, with its constraints.
    metric : str
    kind : {"target", "argmax", "infeasible"}
    message : str
        Why there is none, if infeasible.
    threshold : Measure
        In the coordinate, with its interval.
    interval : str
        How the interval of the threshold was found.
    alerts : {"some", "none", "all"}
    value : Measure
        Of the metric, as if the threshold had been fixed in advance.
    exact_threshold, exact_value : float
        The optimum of the counts, beside that of the smoothed metric.
    steady : tuple of float
        Thresholds between which the metric loses less than ``tolerance``.
    tolerance : float
    matrix, change : tuple of float
        TN, FP, FN, TP, and the difference from the operating point.
    crossings : int
        How often the target is crossed; more than one for a metric that is not monotone.
    """

    aim: str
    asked: bool
    metric: str
    kind: str
    message: str = ""
    threshold: Measure = UNDEFINED
    interval: str = ""
    alerts: str = "some"
    value: Measure = UNDEFINED
    exact_threshold: float = NAN
    exact_value: float = NAN
    steady: tuple[float, float] = (NAN, NAN)
    tolerance: float = NAN
    matrix: tuple[float, ...] = ()
    change: tuple[float, ...] = ()
    crossings: int = 0


def choices(
    curve: ConfusionCurve, metric: Metric, constraints: tuple[Constraint, ...], point: FloatArray, level: float
) -> tuple[Choice, ...]:
    """Return every choice, what the reader asked for first.

    Parameters
    ----------
    curve : ConfusionCurve
    metric : Metric
    constraints : tuple of Constraint
    point : array of shape (2, 2)
        The matrix at the operating point.
    level : float
    """
    return tuple(_choice(*one, point, level) for one in _asks(curve, metric, constraints))


def asked(
    curve: ConfusionCurve, metric: Metric, constraints: tuple[Constraint, ...], point: FloatArray, level: float
) -> tuple[Choice, ...]:
    """Return the choices of `choices` that the reader asked for, alone."""
    return tuple(_choice(*one, point, level) for one in _asks(curve, metric, constraints) if one[1])


def _asks(
    curve: ConfusionCurve, metric: Metric, constraints: tuple[Constraint, ...]
) -> list[tuple[str, bool, Metric, Ask]]:
    def best(row: Metric, given: tuple[Constraint, ...] = (), confidence: float | None = None) -> Ask:
        return lambda: curve.maximize(row, subject_to=given, confidence=confidence)

    def target(row: Metric, aim: float) -> Ask:
        return lambda: curve.solve({row.name: aim})

    def named(name: str) -> Metric:
        return resolve(name, curve.labels)

    found: list[tuple[str, bool, Metric, Ask]] = []
    title = title_of(metric.name)
    if constraints:
        told = f"Best {title} with " + " and ".join(bound_of(c) for c in constraints)
        found.append((told, True, metric, best(metric, constraints)))
        safe = f"{told}, held with {CONFIDENCE * 100:g} % confidence"
        found.append((safe, True, metric, best(metric, constraints, CONFIDENCE)))
    found.append((f"Best {title}", not constraints, metric, best(metric)))
    others = [row for row in map(named, ("f1", "youden_j")) if row != metric]
    found += [(f"Best {title_of(row.name)}", False, row, best(row)) for row in others]
    for name, aims in (("recall", RECALLS), ("precision", PRECISIONS)):
        row = named(name)
        found += [(f"{title_of(name)} of at least {aim:g}", False, row, target(row, aim)) for aim in aims]
    for miss, alarm in COSTS:
        cost = expected_cost([[0, alarm], [miss, 0]])
        price = "one false alarm" if miss == alarm else f"{miss / alarm:g} false alarms"
        found.append((f"Least cost, a miss costing {price}", False, cost, best(cost)))
    return found


def bound_of(constraint: Constraint) -> str:
    """Return a constraint as people write it."""
    sign = {">=": "≥", "<=": "≤"}[constraint.sign]
    return f"{title_of(constraint.metric.name)} {sign} {constraint.bound:g}"


def _choice(aim: str, asked: bool, row: Metric, ask: Ask, point: FloatArray, level: float) -> Choice:
    name = title_of(row.name)
    try:
        decision = ask()
    except InfeasibleError as error:
        return Choice(clean(aim), asked, name, "infeasible", clean(error))
    told, drift = decision.diagnostics, decision.flatness
    matrix = decision.matrix.astype(np.float64)
    alerted = matrix[:, 1].sum()
    limits = decision.confint(level)
    return Choice(
        aim=clean(aim),
        asked=asked,
        metric=name,
        kind=decision.kind,
        threshold=Measure.of(decision.threshold, limits),
        interval=str(told["interval"]),
        alerts="none" if alerted == 0 else "all" if alerted == matrix.sum() else "some",
        value=Measure.of(decision.value, decision.value_confint(level)),
        exact_threshold=float(told.get("exact_threshold", NAN)),
        exact_value=float(told.get("exact_value", NAN)),
        steady=(decision.threshold - drift["lower"], decision.threshold + drift["upper"]),
        tolerance=float(drift["tolerance"]),
        matrix=tuple(matrix.ravel().tolist()),
        change=tuple((matrix - point).ravel().tolist()),
        crossings=len(told.get("roots", ())),
    )
