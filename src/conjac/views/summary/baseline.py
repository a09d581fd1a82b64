"""What a report's rows are compared with, and what of it a report of two classes shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conjac._typing import ConditionOn
from conjac.comparison import MeanScores, compare, compare_scores, holm, two_sided
from conjac.curve import ConfusionCurve
from conjac.decisions import Constraint
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric, resolve
from conjac.validation import Predictions
from conjac.views.summary.change import Change, changes_of, listed
from conjac.views.summary.choices import Choice, asked
from conjac.views.summary.comparison import Compared
from conjac.views.summary.lines import Lines, value_along
from conjac.views.summary.measure import Measure, Step, title_of

METRICS = (
    "recall",
    "precision",
    "specificity",
    "accuracy",
    "f1",
    "matthews_corrcoef",
    "alert_rate",
)
"""Compared beside the chosen metric: few, since each makes the correction for their number stricter."""


@dataclass(frozen=True, eq=False)
class Baseline:
    """Other rows, or other scores of the same rows, to compare with.

    Attributes
    ----------
    rows : Predictions
        Of the same labels.
    before, after : str
        What to call these, and what is compared with them.
    threshold : float or None
        In the coordinate of the report; None for the same.
    paired : bool or None
        Whether they are the same rows; None as `conjac.compare` finds.
    """

    rows: Predictions
    before: str
    after: str
    threshold: float | None = None
    paired: bool | None = None


def compared(
    baseline: Baseline,
    rows: Predictions,
    result: ConfusionJacobian,
    metric: Metric,
    lines: Lines,
    constraints: tuple[Constraint, ...],
    best: Choice | None,
    *,
    step: Step,
    condition_on: ConditionOn | None,
    level: float,
) -> Compared:
    """Compare rows with a baseline: matrices, slopes, the rows themselves, lines, and the best thresholds.

    Parameters
    ----------
    baseline : Baseline
    rows : Predictions
    result : ConfusionJacobian
        Of the rows.
    metric : Metric
        The chosen one.
    lines : Lines
        Of the rows.
    constraints : tuple of Constraint
        Of the best threshold.
    best : Choice or None
        Of the rows.
    step : Step
        That slopes are told for.
    condition_on, level
        As for `summarize`.
    """
    at = result.threshold if baseline.threshold is None else baseline.threshold
    how: dict[str, Any] = {"coordinate": result.coordinate, "condition_on": condition_on}
    a = ConfusionJacobian.from_rows(baseline.rows, threshold=at, **how)
    curve = ConfusionCurve.from_rows(baseline.rows, **how)
    metrics = listed(METRICS, metric, result.labels)
    found = Compared.of(
        a,
        result,
        metrics,
        before=baseline.before,
        after=baseline.after,
        paired=baseline.paired,
        step=step,
        level=level,
    )
    both = len(np.unique(baseline.rows.true)) == 2
    matrix = a.cells.weight[0].astype(np.float64)
    before = asked(curve, metric, constraints, matrix, level)[0] if both and best else None
    return replace(
        found,
        data=() if condition_on else _of_rows(baseline.rows, rows, a, result, found.paired, level),
        best=(before, best) if before and best else (),
        lines=_lines(curve, metric, lines, found, level),
    )


def _of_rows(
    before: Predictions, after: Predictions, a: ConfusionJacobian, b: ConfusionJacobian, paired: bool, level: float
) -> tuple[Change, ...]:
    """Tell how prevalence and the mean score moved; the same rows have the same prevalence."""
    score = compare_scores(before, after, paired=paired)
    found = [_mean_score(score, b.coordinate != "score", level)]
    if not paired:
        row = resolve("prevalence", b.labels)
        found = [*changes_of(compare(a, b, paired, metrics=[row], level=level), a, b, [row], level), *found]
    adjusted = holm([one.p_value for one in found])
    return tuple(
        replace(one, p_value=float(p), beyond_noise=bool(p < 1 - level)) for one, p in zip(found, adjusted, strict=True)
    )


def _mean_score(found: MeanScores, share: bool, level: float) -> Change:
    before, after, difference = (
        Measure.of(one.value, one.confint(level)) for one in (found.a, found.b, found.difference)
    )
    p = two_sided(found.difference.value, found.difference.stderr, found.df)
    return Change("mean_score", "Mean score", before, after, difference, float(p), False, None, share, share)


def _lines(curve: ConfusionCurve, metric: Metric, lines: Lines, found: Compared, level: float) -> Lines:
    """Return the chosen metric of both, along the thresholds of the newer; what is newer is drawn first."""
    (after,) = lines.get("value", title_of(metric.name))
    before = value_along(curve, metric, np.array(lines.threshold), found.before, level)
    return replace(lines, series=(replace(after, name=found.after), before))
