"""The best threshold over all cut-offs, of the counts or of the smoothed metric, subject to constraints."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

import numpy as np

from conjac.coordinates import margins
from conjac.decisions.along import Curve, decide, flatness, measured
from conjac.decisions.constraints import check_confidence, how_met, parse_constraints
from conjac.decisions.decision import Decision, Limits
from conjac.decisions.feasible import Feasible
from conjac.decisions.optimum import PlateauLimits, SlopeLimits
from conjac.decisions.smoothed import SmoothedMetric
from conjac.decisions.solve import TargetLimits
from conjac.errors import InvalidInputError
from conjac.inference import Interval
from conjac.metrics import Metric, resolve

OF_SLOPE = "thresholds whose interval of the metric's slope holds 0"


def best_threshold(
    curve: Curve,
    metric: str | Metric,
    *,
    subject_to: Any,
    confidence: float | None,
    method: Literal["smooth", "exact"],
) -> Decision:
    """Return the decision at which a metric is best; see `conjac.ConfusionCurve.maximize`."""
    if method not in ("smooth", "exact"):
        raise InvalidInputError(f"method={method!r}: expected 'smooth' or 'exact'")
    row = resolve(metric, curve.labels)
    sign = row.sign
    cutoffs = curve.cutoffs()
    constraints = parse_constraints(subject_to, curve.labels)
    check_confidence(confidence, constraints)
    feasible = Feasible.of(curve, cutoffs, constraints, confidence)
    weight = curve.weight_at_score(cutoffs)
    gain = sign * measured(row, weight)
    unknown = np.isnan(gain)
    if unknown.all():  # 0/0 everywhere: only its conventional value is left to compare
        gain, unknown = sign * row.value(weight), np.zeros_like(unknown)
    at = feasible.best(gain)
    score = float(cutoffs[at])
    diagnostics: dict[str, Any] = {
        "method": method,
        "exact_threshold": float(feasible.told[at]),
        "exact_value": sign * float(gain[at]),
        "n_cutoffs": len(cutoffs),
        "value": "told on the rows it was chosen on: optimistic",
    }
    limits: Limits
    if method == "smooth" and _is_discrete(curve, score):
        diagnostics["method"] = "exact: the scores sit on atoms at the optimum, so there is nothing to smooth"
    if diagnostics["method"] != "smooth":
        limits = partial(_around_exact, curve, row, score)
        diagnostics["interval"] = f"{OF_SLOPE}; on atoms, approximate: those whose metric is not beyond noise below it"
    else:
        smoothed = SmoothedMetric.of(curve, row, sign)
        gain = np.where(unknown, np.nan, smoothed.at_cutoffs(cutoffs))
        at = feasible.best(gain)
        score = smoothed.polish(cutoffs, feasible.shortfall, at)
        diagnostics["smooth_value"] = sign * float(gain[at])
        limits = SlopeLimits.at(curve, smoothed, score)
        diagnostics["interval"] = OF_SLOPE
    here = int(np.searchsorted(cutoffs, score))
    if feasible.constraints:
        binding = feasible.binding(here)
        diagnostics["binding"] = [str(c) for c in binding]
        diagnostics["constraints"] = how_met(confidence)
        if binding:
            held = binding[0].metric
            reached = float(held.value(curve.weight_at_score(cutoffs[[here]]))[0])
            limits = TargetLimits(curve, held, reached, here)
            diagnostics["interval"] = f"of what binds: thresholds whose interval of {held.name} holds its value"
        diagnostics["constrained"] = {
            str(c): float(c.metric.value(curve.weight_at_score(cutoffs[[here]]))[0]) for c in feasible.constraints
        }
    allowed = np.where(feasible.shortfall <= 0, gain, -np.inf)
    drift = flatness(curve, row, cutoffs, allowed, float(gain[here]), score)
    return decide(curve, row, score, "argmax", limits, drift, diagnostics)


def _around_exact(curve: Curve, row: Metric, score: float, level: float) -> list[Interval]:
    """Return the confidence set around an exact optimum; the density is looked at when it is asked for."""
    if _is_discrete(curve, score):
        return PlateauLimits(curve, row, score)(level)
    return SlopeLimits.at(curve, SmoothedMetric.of(curve, row, row.sign), score)(level)


def _is_discrete(curve: Curve, score: float) -> bool:
    if not np.isfinite(score):  # nothing alerted: there is no boundary to smooth across
        return True
    tally = curve.density.tally
    return bool(curve.density.occupancy.is_discrete(margins(np.array([score]), tally.scale))[0])
