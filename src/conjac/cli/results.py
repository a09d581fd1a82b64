"""Results as tidy sections, a row a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from conjac.cli.tidy import Columns, joined, one_row
from conjac.decisions import Decision
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric
from conjac.rules import outcomes_of

Sections = dict[str, Columns]
CELLS = ("tn", "fp", "fn", "tp")
IN_SAMPLE = {
    "target": "Chosen and told on the same rows: on new rows the target is met in about half of repeats.",
    "argmax": "Chosen and told on the same rows: the value is optimistic.",
}
INTERVALS = {
    "target": "The interval holds the thresholds at which the target lies inside the metric's own interval.",
    "argmax": "The interval holds the thresholds at which the metric's slope may be zero.",
}


def jacobian_sections(result: ConfusionJacobian, metrics: Sequence[str | Metric], level: float) -> Sections:
    """Return the cells with their derivatives, where offsets decide these, and the metrics asked for."""
    sections = {"cell": result.to_columns(level)}
    if result.offsets is not None:
        del sections["cell"]["threshold"]
        outcomes = outcomes_of(result.labels, len(result.offsets))
        sections["offset"] = {"label": outcomes, "offset": result.offsets.tolist()}
    if metrics:
        sections["metric"] = joined(metric_columns(result, metric, level) for metric in metrics)
    return sections


def metric_columns(result: ConfusionJacobian, metric: str | Metric, level: float) -> Columns:
    """Return a metric's value and derivatives with their errors and limits, a row a parameter."""
    told = result.of(metric)
    value_lower, value_upper = (float(side) for side in told.value_confint(level))
    n = len(result.parameters)
    value = {
        "metric": told.metric,
        "value": told.value,
        "value_stderr": told.value_stderr,
        "value_lower": value_lower,
        "value_upper": value_upper,
    }
    where = {"threshold": result.threshold} if result.offsets is None else {}
    how = {**where, "coordinate": result.coordinate, "method": result.method, "level": level}
    return {
        **{name: [figure] * n for name, figure in value.items()},
        **{name: np.ravel(figures).tolist() for name, figures in told.figures(level).items()},
        "parameter": list(result.parameters),
        "unit": list(told.units),
        **{name: [figure] * n for name, figure in how.items()},
    }


def decision_sections(decision: Decision, level: float) -> Sections:
    """Return what was chosen, what it gives, and how far it may drift either way."""
    value_lower, value_upper = (float(side) for side in decision.value_confint(level))
    value = {
        "value": decision.value,
        "value_stderr": decision.value_stderr,
        "value_lower": value_lower,
        "value_upper": value_upper,
    }
    what = {"metric": decision.metric, "kind": decision.kind}
    coordinate = {"coordinate": decision.coordinate}
    how = {"tolerance": decision.flatness["tolerance"], "in_sample": decision.in_sample, "level": level}
    held = decision.diagnostics.get("constrained")
    bounds = {} if not held else {"constraint": {"constraint": list(held), "value": list(held.values())}}
    if decision.offsets is not None:
        row = one_row({**what, **coordinate, **value, **how})
        return {"decision": row, **_offset_sections(decision, level), **bounds}
    lower, upper = (float(side) for side in decision.confint(level))
    threshold = {"threshold": decision.threshold, "lower": lower, "upper": upper}
    cells = dict(zip(CELLS, decision.matrix.ravel().tolist(), strict=True))
    drifts = {"drift_down": decision.flatness["lower"], "drift_up": decision.flatness["upper"]}
    return {"decision": one_row({**what, **threshold, **coordinate, **value, **cells, **drifts, **how})}


def _offset_sections(decision: Decision, level: float) -> Sections:
    lower, upper = decision.confint(level)
    outcomes = list(decision.outcomes)
    figures: dict[str, Any] = {
        "offset": decision.offsets,
        "lower": lower,
        "upper": upper,
        "drift_down": decision.flatness["lower"],
        "drift_up": decision.flatness["upper"],
    }
    sections = {
        "offset": {"label": outcomes, **{name: np.ravel(figure).tolist() for name, figure in figures.items()}},
        "cell": {
            "true": [label for label in decision.labels for _ in outcomes],
            "predicted": outcomes * len(decision.labels),
            "matrix": decision.matrix.ravel().tolist(),
        },
    }
    if targets := decision.diagnostics.get("targets"):
        reached = [decision.diagnostics["reached"][name] for name in targets]
        sections["target"] = {"metric": list(targets), "target": list(targets.values()), "value": reached}
    return sections


def notes_of(decision: Decision) -> tuple[str, str]:
    """Say what the interval is of, and what to expect on new rows."""
    interval = INTERVALS[decision.kind]
    if binding := decision.diagnostics.get("binding"):
        interval = f"{binding[0]} binds: the interval holds the thresholds at which that metric may have this value."
    if decision.offsets is not None:
        interval = f"Offsets are told less the first; their intervals: {decision.diagnostics['interval']}."
    return interval, IN_SAMPLE[decision.kind]
