"""Results as tidy sections, a row a figure; with groups, a first column tells which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from conjac.cli.rows import Part
from conjac.decisions import Decision
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric

Columns = dict[str, list[Any]]
CELLS = ("tn", "fp", "fn", "tp")


def metric_row(result: ConfusionJacobian, metric: str | Metric, level: float) -> dict[str, Any]:
    """Return a metric's value and derivative with their errors and limits."""
    told = result.of(metric)
    value_lower, value_upper = (float(side) for side in told.value_confint(level))
    lower, upper = (float(side) for side in told.confint(level))
    return {
        "metric": told.metric,
        "value": told.value,
        "value_stderr": told.value_stderr,
        "value_lower": value_lower,
        "value_upper": value_upper,
        "gradient": float(told.gradient),
        "center": float(told.center),
        "stderr": float(told.stderr),
        "lower": lower,
        "upper": upper,
        "elasticity": float(told.elasticity),
        "parameter": result.parameters[0],
        "unit": told.units[0],
        "threshold": result.threshold,
        "coordinate": result.coordinate,
        "method": result.method,
        "level": level,
    }


def decision_row(decision: Decision, level: float) -> dict[str, Any]:
    """Return a decision: threshold, value, matrix, and how far the threshold may drift either way."""
    lower, upper = (float(side) for side in decision.confint(level))
    value_lower, value_upper = (float(side) for side in decision.value_confint(level))
    return {
        "metric": decision.metric,
        "kind": decision.kind,
        "threshold": decision.threshold,
        "lower": lower,
        "upper": upper,
        "coordinate": decision.coordinate,
        "value": decision.value,
        "value_stderr": decision.value_stderr,
        "value_lower": value_lower,
        "value_upper": value_upper,
        **dict(zip(CELLS, decision.matrix.ravel().tolist(), strict=True)),
        "drift_down": decision.flatness["lower"],
        "drift_up": decision.flatness["upper"],
        "tolerance": decision.flatness["tolerance"],
        "in_sample": decision.in_sample,
        "level": level,
    }


def grouped(part: Part, columns: Mapping[str, Sequence[Any]]) -> Columns:
    """Return columns with the group's own in front."""
    plain = {name: list(values) for name, values in columns.items()}
    if part.by is None:
        return plain
    name = part.by
    while name in plain:
        name = f"by_{name}"
    return {name: [part.group] * len(next(iter(plain.values()))), **plain}


def tagged(part: Part, value: dict[str, Any]) -> dict[str, Any]:
    """Return what JSON holds of one part, with its group in front."""
    return value if part.by is None else {"by": part.by, "group": part.group, **value}


def joined(tables: Iterable[Columns]) -> Columns:
    """Return tables one below the other; a column that one lacks is empty there."""
    tables = list(tables)
    names = list(dict.fromkeys(name for table in tables for name in table))
    return {
        name: [v for table in tables for v in table.get(name, [None] * len(next(iter(table.values()))))]
        for name in names
    }
