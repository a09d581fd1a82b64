"""A threshold for every label: the best for an average over labels, or those that meet a target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal, TypeAlias

import numpy as np

from conjac._typing import FloatArray
from conjac.curve import ConfusionCurve
from conjac.decisions import Decision
from conjac.decisions.along import decide, measured, undefined
from conjac.decisions.constraints import check_confidence, parse_constraints
from conjac.decisions.feasible import Feasible
from conjac.errors import InfeasibleError, InvalidInputError, NotSupportedError
from conjac.inference import Interval
from conjac.metrics import Metric, resolve
from conjac.metrics.formulas import Ratio
from conjac.metrics.lookup import split_label
from conjac.multilabel.averages import BINARY_LABELS, LabelAverage
from conjac.multilabel.bounds import Bounds, bounds_of, places_of, refuse_average
from conjac.multilabel.ratio import BestRatio, best_ratio, utility

Method: TypeAlias = Literal["smooth", "exact"]
FEWEST_ALERTS = replace(resolve("alert_rate", BINARY_LABELS), greater_is_better=False)


def best_thresholds(
    curves: Mapping[Any, ConfusionCurve],
    average: LabelAverage,
    subject_to: Any,
    confidence: float | None,
    method: Method,
) -> tuple[list[Decision], dict[str, Any]]:
    """Return each label's decision, and how they were found; see `conjac.MultilabelCurves.maximize`."""
    bounds = bounds_of(subject_to, tuple(curves))
    check_confidence(confidence, parse_constraints([bound for own in bounds for bound in own], BINARY_LABELS))

    def best(row: Metric, how: Method) -> list[Decision]:
        each = zip(curves.items(), bounds, strict=True)
        return [_best(label, curve, row, bound, confidence if bound else None, how) for (label, curve), bound in each]

    if average.separates:
        told = {"method": method, "search": "each label's own optimum: the average separates"}
        return best(average.row, method), told
    sides = [_sides(average.row, *each, confidence) for each in zip(curves.values(), bounds, strict=True)]
    row, told = _utility(average.row, best_ratio(*zip(*sides, strict=True)))
    decisions = best(row, method)
    if undefined(average.row, np.sum([decision.matrix for decision in decisions], axis=0)):
        return best(row, "exact"), {**told, "method": f"exact: {average.row.name} is 0/0 at the smoothed optima"}
    return decisions, {**told, "method": method}


def solved_thresholds(curves: Mapping[Any, ConfusionCurve], target: Mapping[str, float]) -> tuple[list[Decision], str]:
    """Return each label's decision, and the metric's name; see `conjac.MultilabelCurves.solve`."""
    named = {split_label(name): value for name, value in target.items()}
    bases = {base for base, _ in named}
    if len(bases) != 1:
        raise InvalidInputError(
            f"solve takes one metric, such as {{'recall': .9}}, and values for labels of their own, 'recall[label]'; "
            f"got {dict(target)}"
        )
    (base,) = bases
    refuse_average(base)
    places_of([label for _, label in named if label is not None], tuple(curves))
    aims = [named.get((base, str(label)), named.get((base, None))) for label in curves]
    without = [label for label, aim in zip(curves, aims, strict=True) if aim is None]
    if without:
        raise InvalidInputError(
            f"target names no value for labels {without[:20]}: add {base!r} for all that are not named, or solve one "
            f"label by its curve, MultilabelCurves.from_predictions(...)[label].solve({base}=...)"
        )
    decisions = []
    for (label, curve), aim in zip(curves.items(), aims, strict=True):
        with _of_label(label, curve):
            decisions.append(curve.solve({base: aim}))  # type: ignore[dict-item]
    return decisions, base


def one_class(curve: ConfusionCurve) -> str | None:
    """Say which rows a label lacks; None where it has both."""
    negative, positive = curve.counter.totals > 0
    return None if negative and positive else f"no {'negative' if positive else 'positive'} row"


def nowhere(_level: float) -> list[Interval]:
    """Return a confidence set that nothing is known of."""
    return [Interval(np.array(np.nan), np.array(np.nan))]


def _best(
    label: Any, curve: ConfusionCurve, row: Metric, bounds: Bounds, confidence: float | None, method: Method
) -> Decision:
    lacking = one_class(curve)
    with _of_label(label, curve):
        if lacking is None:
            return curve.maximize(row, subject_to=bounds, confidence=confidence, method=method)
        values = measured(row, curve.weight_at_score(curve.cutoffs()))
        decided = len(np.unique(values[~np.isnan(values)])) > 1
        searched = row if decided else FEWEST_ALERTS
        found = curve.maximize(searched, subject_to=bounds, confidence=confidence, method="exact")
    how = (
        "the exact optimum of these rows; its interval is unknown"
        if decided
        else "the metric is the same at every threshold, and that of the fewest alerts is taken"
    )
    notes = {**found.diagnostics, "one_class": f"{lacking}: {how}"}
    score = found.rule.threshold  # type: ignore[union-attr]
    return decide(curve, row, score, "argmax", nowhere, found.flatness, notes)


def _sides(
    row: Metric, curve: ConfusionCurve, bounds: Bounds, confidence: float | None
) -> tuple[FloatArray, FloatArray]:
    """Return a label's numerators and denominators at the cut-offs that its constraints allow."""
    if not isinstance(row.formula, Ratio):
        raise NotSupportedError(
            f"the micro average of {row.name!r} is no ratio of linear functions of the cells, and is not maximised; "
            f"take {row.name + '_macro'!r}, or the micro average of f1, jaccard, precision or recall"
        )
    constraints = parse_constraints(bounds, BINARY_LABELS)
    feasible = Feasible.of(curve, curve.cutoffs(), constraints, confidence if constraints else None)
    allowed = feasible.shortfall <= 0
    some = allowed if allowed.any() else slice(None)  # no cut-off: refused by label, when it is decided
    weight = curve.weight_at_score(feasible.cutoffs)[some]
    top, bottom = (np.tensordot(weight, part) for part in (row.formula.numerator, row.formula.denominator))
    return (top if row.greater_is_better else -top), bottom


def _utility(row: Metric, found: BestRatio) -> tuple[Metric, dict[str, Any]]:
    """Return what each label maximises, and how that was found."""
    if np.isnan(found.ratio):
        raise InfeasibleError(f"{row.name} is 0/0 at all thresholds of all labels", {row.name: np.nan})
    best = row.sign * found.ratio
    return utility(row, best), {
        "search": "Dinkelbach's method over all cut-offs of all labels: each maximises numerator - ratio x denominator",
        "ratio": best,
        "steps": [row.sign * step for step in found.steps],
        "ratio_error": "not in the intervals of the thresholds: the best ratio is taken as known",
    }


@contextmanager
def _of_label(label: Any, curve: ConfusionCurve) -> Iterator[None]:
    """Name the label in a refusal."""
    try:
        yield
    except InfeasibleError as error:
        lacking = one_class(curve)
        which = f"label {label!r}" if lacking is None else f"label {label!r}, which has {lacking}"
        raise InfeasibleError(f"{which}: {error}", error.nearest) from None
