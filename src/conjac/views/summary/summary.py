"""The summary of one set of rows: computed here, once, and painted elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from conjac._typing import AnyArray, ConditionOn, CoordinateName
from conjac.curve import ConfusionCurve
from conjac.decisions import Constraint
from conjac.decisions.constraints import parse_constraints
from conjac.drift import DriftRanking
from conjac.frames import as_plain
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric, resolve
from conjac.motion import MIN_ROWS
from conjac.training import TrainingEffects
from conjac.validation import Predictions
from conjac.views.summary.baseline import Baseline, compared
from conjac.views.summary.change import Change
from conjac.views.summary.choices import Choice, choices
from conjac.views.summary.comparison import Compared
from conjac.views.summary.data import Data
from conjac.views.summary.drift import Drift
from conjac.views.summary.heatmap import HeatMap
from conjac.views.summary.lines import Lines
from conjac.views.summary.measure import Measure, Step, clean, title_of
from conjac.views.summary.places import spread_of
from conjac.views.summary.point import Point
from conjac.views.summary.training import Training

SCHEMA = "conjac.summary/1"
DRAWN = ("precision", "recall", "specificity", "f1")
FEW = 30
"""Effective rows at the boundary below which a reader is warned."""


@dataclass(frozen=True)
class Summary:
    """Everything that a report shows of one set of rows.

    Attributes
    ----------
    title : str
    group : str or None
        Which group of a larger set this is.
    labels : tuple of str
        Negative label, positive label.
    coordinate : str
        Unit of every threshold.
    metric, metric_title : str
        The chosen metric, and its name for people.
    greater_is_better : bool
        Of the chosen metric.
    level : float
        Of every interval.
    constraints : tuple of str
    sampling : str
        What the standard errors take as random.
    notes : tuple of (str, str)
        How the input was read.
    cautions : tuple of str
        Codes of what a reader must be warned of: "one_class", "undefined", "no_interval", "few_rows", "separated",
        "discrete", "miscalibrated".
    data : Data
    point : Point
    jacobian : HeatMap
        Slopes of the cells, at the point.
    lines : Lines
    choices : tuple of Choice
        Empty where one class is absent.
    drift : Drift or None
        Of the inputs of a model; None without one, and where one class is absent.
    training : Training or None
        Of a model whose training rows are given; None without them, and where one class is absent.
    comparison : Compared or None
        With a baseline: another model, or another period; None without one.
    rest : tuple of Change
        Of one of several groups: each metric of all other rows, and of this group; p-values are adjusted over all of
        them.
    """

    title: str
    group: str | None
    labels: tuple[str, str]
    coordinate: str
    metric: str
    metric_title: str
    greater_is_better: bool
    level: float
    constraints: tuple[str, ...]
    sampling: str
    notes: tuple[tuple[str, str], ...]
    cautions: tuple[str, ...]
    data: Data
    point: Point
    jacobian: HeatMap
    lines: Lines
    choices: tuple[Choice, ...]
    drift: Drift | None = None
    training: Training | None = None
    comparison: Compared | None = None
    rest: tuple[Change, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain types, ready for JSON; nan becomes None."""
        plain: dict[str, Any] = as_plain({"schema": SCHEMA, **asdict(self)})
        return plain


def summarize(
    rows: Predictions,
    *,
    title: str,
    threshold: float | None = None,
    coordinate: CoordinateName | None = None,
    metric: str | Metric = "f1",
    subject_to: Any = (),
    condition_on: ConditionOn | None = None,
    level: float = 0.95,
    set_aside: Mapping[str, int] | None = None,
    group: str | None = None,
    drift: DriftRanking | None = None,
    training: TrainingEffects | None = None,
    baseline: Baseline | None = None,
) -> Summary:
    """Compute everything that a report shows.

    Parameters
    ----------
    rows : Predictions
        From `conjac.validation.check_predictions`; with ``one_class=True`` for a group that may hold one class.
    title : str
    threshold, coordinate, condition_on
        As for `conjac.ConfusionJacobian.from_predictions`.
    metric : str or Metric
        The one to be maximised, and whose slope is drawn.
    subject_to : str, Constraint or sequence of them
        Such as "recall >= .9".
    level : float
        Of every interval.
    set_aside : mapping of str to int, optional
        Reasons for which rows were left out before, and how many.
    group : str, optional
        Which group of a larger set these rows are.
    drift : DriftRanking, optional
        Of the inputs of the model that scored the rows, by what they do to the chosen metric.
    training : TrainingEffects, optional
        Of the model that scored the rows.
    baseline : Baseline, optional
        Other rows, or other scores of these, to compare with.

    Returns
    -------
    Summary

    Raises
    ------
    InvalidInputError
        An unknown metric, a constraint that cannot be read, a threshold outside its domain.

    Examples
    --------
    >>> import numpy as np
    >>> from conjac.validation import check_predictions
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 2000)
    >>> score = 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1)))
    >>> summary = summarize(check_predictions(y, score), title="Two normals")
    >>> summary.data.positives, len(summary.lines.threshold) <= 401
    (1043, True)
    """
    result = ConfusionJacobian.from_rows(rows, threshold=threshold, coordinate=coordinate, condition_on=condition_on)
    curve = ConfusionCurve.from_rows(rows, coordinate=coordinate, condition_on=condition_on)
    data = Data.of(
        rows,
        probabilities=curve.unit.scale == "logit",
        by_design=condition_on == "class",
        level=level,
        set_aside=set_aside or {},
    )
    chosen, constraints = resolve(metric, result.labels), parse_constraints(subject_to, result.labels)
    told: dict[str, Any] = {"metric": chosen, "constraints": constraints, "level": level}
    summary = _summary(result, curve, data, rows.score, rows.notes, title=title, group=group, **told)
    against = None
    if baseline is not None:
        best = next((one for one in summary.choices if one.asked), None)
        how: dict[str, Any] = {"step": summary.point.step, "condition_on": condition_on, "level": level}
        against = compared(baseline, rows, result, chosen, summary.lines, constraints, best, **how)
    return replace(
        summary,
        drift=None if drift is None else Drift.of(drift, level),
        training=None if training is None else Training.of(training, chosen, level),
        comparison=against,
    )


def summarize_sums(
    curve: ConfusionCurve,
    *,
    title: str,
    threshold: float | None = None,
    metric: str | Metric = "f1",
    subject_to: Any = (),
    level: float = 0.95,
    set_aside: Mapping[str, int] | None = None,
    group: str | None = None,
) -> Summary:
    """Compute what a report shows of rows that were summed as they were read.

    Parameters
    ----------
    curve : ConfusionCurve
        From a tally, in the coordinate and under the conditions of the report.
    title, threshold, metric, subject_to, level, set_aside, group
        As for `summarize`.

    Raises
    ------
    InvalidInputError
        An unknown metric, a constraint that cannot be read, a threshold outside its domain.
    """
    result = ConfusionJacobian.from_curve(curve, threshold=threshold)
    data = Data.of_curve(curve, level=level, set_aside=set_aside or {})
    chosen, constraints = resolve(metric, result.labels), parse_constraints(subject_to, result.labels)
    told: dict[str, Any] = {"metric": chosen, "constraints": constraints, "level": level}
    return _summary(result, curve, data, spread_of(curve), curve.diagnostics, title=title, group=group, **told)


def _summary(
    result: ConfusionJacobian,
    curve: ConfusionCurve,
    data: Data,
    score: AnyArray,
    notes: Mapping[str, Any],
    *,
    title: str,
    metric: Metric,
    constraints: tuple[Constraint, ...],
    level: float,
    group: str | None,
) -> Summary:
    """Compute what rows and sums of them tell alike; ``score`` has the spread of the scores."""
    step = Step.at(result.coordinate, result.threshold, score)
    drawn = [row for row in (resolve(name, result.labels) for name in DRAWN) if row != metric] + [metric]
    point = Point.of(result, curve, metric, step, level)
    both = data.positives > 0 and data.negatives > 0
    matrix = result.cells.weight[0].astype(np.float64)
    found = choices(curve, metric, constraints, matrix, level) if both else ()
    return Summary(
        title=clean(title),
        group=None if group is None else clean(group),
        labels=(clean(result.labels[0]), clean(result.labels[1])),
        coordinate=result.coordinate,
        metric=clean(metric.name),
        metric_title=title_of(metric.name),
        greater_is_better=metric.greater_is_better,
        level=level,
        constraints=tuple(clean(c) for c in constraints),
        sampling=str(result.diagnostics["sampling"]),
        notes=tuple((clean(k), clean(notes[k])) for k in ("pos_label", "score") if k in notes),
        cautions=tuple(cautions(data, point)),
        data=data,
        point=point,
        jacobian=HeatMap.of_jacobian(result, level=level, step=step),
        lines=Lines.of(curve, drawn, point.threshold, [one.threshold.value for one in found], step, level),
        choices=found,
    )


def cautions(data: Data, point: Point) -> list[str]:
    """Return the codes of what a reader must be warned of."""
    least = min(rows for _, rows in point.effective_rows)
    off = data.calibration.difference if data.calibration else Measure(0.0)
    one_class = data.positives == 0 or data.negatives == 0
    found = {
        "one_class": one_class,
        "undefined": point.method == "undefined",
        "no_interval": point.method != "undefined" and least < MIN_ROWS,
        "few_rows": MIN_ROWS <= least < FEW,
        "finer": any(why == "finer" for _, why in point.doubts),
        "edge": any(why == "edge" for _, why in point.doubts),
        "separated": data.separated,
        "discrete": point.method == "secant",
        "miscalibrated": off.sign != 0 and not one_class,
    }
    return [code for code, holds in found.items() if holds]
