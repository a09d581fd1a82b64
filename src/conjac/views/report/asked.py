"""What was asked of a report: its rows, the rule that decides, and what moves."""

from __future__ import annotations

from typing import Any

from conjac.metrics import Metric
from conjac.perturbations import Features, Hyperparameters
from conjac.validation import (
    ClassPredictions,
    Predictions,
    check_classes,
    check_predictions,
    refuse_with_offsets,
    refuse_with_threshold,
)
from conjac.views.summary import ClassSummary, Summary, summarize, summarize_classes


def rows_of(
    y_true: Any, y_score: Any, several: bool, *, threshold: Any, pos_label: Any, coordinate: Any, **same: Any
) -> Predictions | ClassPredictions:
    """Return checked rows: of two classes, or of several, which have neither a threshold nor a positive label."""
    if not several:
        return check_predictions(y_true, y_score, pos_label=pos_label, **same)
    refuse_with_offsets(threshold=threshold, pos_label=pos_label)
    return check_classes(y_true, y_score, coordinate=coordinate, **same)


def summary_of(rows: Predictions | ClassPredictions, **told: Any) -> Summary | ClassSummary:
    """Return the summary of the kind that suits the rows."""
    if isinstance(rows, Predictions):
        return summarize(rows, **told)
    return summarize_classes(rows, **told)


def metric_of(asked: str | Metric | None, several: bool) -> str | Metric:
    """Return the metric asked for, else the default."""
    return asked if asked is not None else "f1_macro" if several else "f1"


def rule_of(several: bool, threshold: Any, offsets: Any, condition_on: Any) -> dict[str, Any]:
    """Return what decides: offsets of several classes, a threshold of two."""
    if several:
        return {"offsets": offsets, "condition_on": condition_on}
    refuse_with_threshold(offsets, False)
    return {"threshold": threshold, "condition_on": condition_on}


def drifting(drift: Any) -> dict[str, Any]:
    """Return what drifts as `rank_drifts` takes it."""
    told = drift if isinstance(drift, Features) else Features(None if drift is True else drift)
    return {name: getattr(told, name) for name in ("columns", "unit", "where", "categorical", "step")}


def moving(told: Any) -> Hyperparameters | None:
    """Return the hyper-parameters that move."""
    if told is None or isinstance(told, Hyperparameters):
        return told
    return Hyperparameters(*([told] if isinstance(told, str) else told))
