"""The summary of one set of rows of several classes: computed here, once, and painted elsewhere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from conjac._typing import ConditionOn, CoordinateName
from conjac.confusions import TIMES, arrange
from conjac.decisions.constraints import parse_constraints
from conjac.drift import DriftRanking
from conjac.engines.classes import rule_of
from conjac.errors import NotSupportedError
from conjac.frames import as_plain
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric, resolve
from conjac.validation import ClassPredictions
from conjac.views.summary.classes.confused import Confusion, Group, confusions, groups, pictures
from conjac.views.summary.classes.data import ClassData
from conjac.views.summary.classes.lines import ClassLine, ClassMetric, class_lines, class_metrics
from conjac.views.summary.classes.offsets import OffsetChoice, offset_choices
from conjac.views.summary.drift import Drift
from conjac.views.summary.heatmap import OFFSET_STEP, HeatMap
from conjac.views.summary.measure import Measure, clean, title_of
from conjac.views.summary.profile import Profile

SCHEMA = "conjac.classes/1"
FEW = 30
"""Rows of a class below which a reader is warned."""


@dataclass(frozen=True)
class ClassSummary:
    """Everything that a report shows of one set of rows of several classes.

    Attributes
    ----------
    title : str
    group : str or None
        Which group of a larger set this is.
    labels : tuple of str
        As of the scores' columns.
    offsets : tuple of float
        Where the report stands, less that of the first class.
    coordinate : {"logit", "score"}
        What offsets are added to: the logarithm of probabilities, or scores.
    step : float
        Of an offset, that every slope here is told for.
    metric, metric_title : str
        The chosen metric, and its name for people.
    greater_is_better : bool
        Of the chosen metric.
    level : float
        Of every interval.
    constraints : tuple of str
    method : {"tangent", "secant"}
        Of the slopes.
    width : tuple of float
        The least and the largest of the kernels' bandwidths, or of the steps of the recounts; nan where there are none.
    sampling : str
        What the standard errors take as random.
    cautions : tuple of str
        Codes of what a reader must be warned of: "one_class", "absent", "undefined", "few_rows", "no_interval",
        "discrete", "miscalibrated".
    unknown_fluxes, seen_fluxes : int
        Between how many pairs of classes, of rows of one class, too few rows are near the facet for an interval, of how
        many.
    data : ClassData
    metrics : tuple of ClassMetric
        The chosen one among them.
    classes : tuple of ClassLine
        In the order of the labels.
    matrix, jacobian : HeatMap
        In ``order``.
    order : tuple of str
        The labels so that classes that are confused lie together.
    groups : tuple of Group
        Classes that are confused among themselves, that with the most errors first.
    times : float
        How many times as often as any two classes are, those of a group are confused, at least.
    misclassified : float
        Weight of the rows that are.
    n_pairs : int
        Pairs of a true and another predicted class that there could be.
    confusions : tuple of Confusion
        Every pair that was seen, that with the most rows first.
    choices : tuple of OffsetChoice
        Empty where rows are of one class only.
    drift : Drift or None
        Of the inputs of a model.
    """

    title: str
    group: str | None
    labels: tuple[str, ...]
    offsets: tuple[float, ...]
    coordinate: str
    step: float
    metric: str
    metric_title: str
    greater_is_better: bool
    level: float
    constraints: tuple[str, ...]
    method: str
    width: tuple[float, float]
    sampling: str
    cautions: tuple[str, ...]
    unknown_fluxes: int
    seen_fluxes: int
    data: ClassData
    metrics: tuple[ClassMetric, ...]
    classes: tuple[ClassLine, ...]
    matrix: HeatMap
    jacobian: HeatMap
    order: tuple[str, ...]
    groups: tuple[Group, ...]
    times: float
    misclassified: float
    n_pairs: int
    confusions: tuple[Confusion, ...]
    choices: tuple[OffsetChoice, ...]
    drift: Drift | None = None

    @property
    def chosen(self) -> ClassMetric:
        """The line of the chosen metric."""
        return next(one for one in self.metrics if one.name == self.metric)

    @property
    def ranked(self) -> tuple[int, ...]:
        """Places of the classes by their F1, the worst first; those without rows last."""
        f1 = [one.f1.value if one.rows else math.nan for one in self.classes]
        return tuple(np.argsort(np.where(np.isnan(f1), np.inf, f1), kind="stable").tolist())

    @property
    def rare(self) -> tuple[int, ...]:
        """Places of the classes of few rows, the rarest first."""
        few = [k for k, one in enumerate(self.classes) if 0 < one.rows < FEW]
        return tuple(sorted(few, key=lambda k: self.classes[k].rows))

    @property
    def untold(self) -> tuple[int, ...]:
        """Places of the classes whose slopes have no interval."""
        return tuple(k for k, one in enumerate(self.classes) if _untold(one))

    @property
    def rates(self) -> Profile:
        """Recall and precision of the classes, those with the lowest F1 at the top, as a picture."""
        lines = [self.classes[k] for k in self.ranked]
        series = {"recall": [one.recall for one in lines], "precision": [one.precision for one in lines]}
        return Profile.of([one.label for one in lines], series, "Recall and precision of each class", "share")

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain types, ready for JSON; nan becomes None."""
        plain: dict[str, Any] = as_plain({"schema": SCHEMA, **asdict(self)})
        return plain


def summarize_classes(
    rows: ClassPredictions,
    *,
    title: str,
    offsets: Any = None,
    coordinate: CoordinateName | None = None,
    metric: str | Metric = "f1_macro",
    subject_to: Any = (),
    condition_on: ConditionOn | None = None,
    level: float = 0.95,
    set_aside: Mapping[str, int] | None = None,
    group: str | None = None,
    drift: DriftRanking | None = None,
) -> ClassSummary:
    """Compute everything that a report of several classes shows.

    Parameters
    ----------
    rows : ClassPredictions
        From `conjac.validation.check_classes`.
    title : str
    offsets, coordinate, condition_on
        As for `conjac.ConfusionJacobian.from_predictions`.
    metric : str or Metric
        The one to be maximised, and whose slope by each offset is told.
    subject_to : str, Constraint or sequence of them
        Such as "recall[fraud] >= .9".
    level : float
        Of every interval.
    set_aside : mapping of str to int, optional
        Reasons for which rows were left out before, and how many.
    group : str, optional
        Which group of a larger set these rows are.
    drift : DriftRanking, optional
        Of the inputs of the model that scored the rows, by what they do to the chosen metric.

    Returns
    -------
    ClassSummary

    Raises
    ------
    InvalidInputError
        An unknown metric, a constraint that cannot be read, offsets that do not fit.
    NotSupportedError
        A reject option.

    Examples
    --------
    >>> import numpy as np
    >>> from conjac.validation import check_classes
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 4, 2000)
    >>> score = rng.normal(size=(2000, 4)) + 2 * np.eye(4)[y]
    >>> summary = summarize_classes(check_classes(y, score), title="Four normals")
    >>> summary.metric, len(summary.classes), summary.confusions[0].count.value
    ('f1_macro', 4, 31.0)
    """
    rule = rule_of(rows, offsets)
    if rule.rejects(len(rows.labels)):
        raise NotSupportedError("offsets: a report has no reject option; leave its offset out")
    J = ConfusionJacobian.from_classes(rows, offsets=offsets, coordinate=coordinate, condition_on=condition_on)
    chosen = resolve(metric, J.labels)
    constraints = parse_constraints(subject_to, J.labels)
    data = ClassData.of(
        rows,
        rule.predict(rows.score),
        by_design=condition_on == "class",
        level=level,
        set_aside=set_aside or {},
    )
    counts = np.bincount(rows.true, minlength=len(J.labels)).astype(np.float64)
    several = len(data.absent) < len(J.labels) - 1
    arrangement = arrange(J.matrix)
    matrix, jacobian = pictures(J, arrangement, level)
    lines = class_lines(J, counts, chosen, level)
    told = J.diagnostics
    width = told.get("bandwidth", told.get("step"))
    return ClassSummary(
        title=clean(title),
        group=None if group is None else clean(group),
        labels=tuple(clean(label) for label in J.labels),
        offsets=tuple(np.asarray(J.offsets).tolist()),
        coordinate=J.coordinate,
        step=OFFSET_STEP,
        metric=clean(chosen.name),
        metric_title=title_of(chosen.name),
        greater_is_better=chosen.greater_is_better,
        level=level,
        constraints=tuple(clean(c) for c in constraints),
        method=J.method,
        width=(width["least"], width["largest"]),
        sampling=str(told["sampling"]),
        cautions=cautions(J, data, lines),
        unknown_fluxes=told["fluxes"]["unknown"],
        seen_fluxes=told["fluxes"]["seen"],
        data=data,
        metrics=class_metrics(J, chosen, level),
        classes=lines,
        matrix=matrix,
        jacobian=jacobian,
        order=tuple(clean(J.labels[k]) for k in arrangement.order),
        groups=groups(J, arrangement, level),
        times=TIMES,
        misclassified=float(J.matrix.sum() - np.trace(J.matrix)),
        n_pairs=len(J.labels) * (len(J.labels) - 1),
        confusions=confusions(J, level),
        choices=offset_choices(
            rows, J, chosen, constraints, coordinate=coordinate, condition_on=condition_on, level=level
        )
        if several
        else (),
        drift=None if drift is None else Drift.of(drift, level),
    )


def cautions(J: ConfusionJacobian, data: ClassData, classes: tuple[ClassLine, ...]) -> tuple[str, ...]:
    """Return the codes of what a reader must be warned of."""
    fluxes = J.diagnostics["fluxes"]
    off = data.calibration.difference if data.calibration else Measure(0.0)
    one_class = len(data.absent) == len(classes) - 1
    found = {
        "one_class": one_class,
        "absent": bool(data.absent) and not one_class,
        "undefined": not fluxes["seen"],
        "few_rows": any(0 < one.rows < FEW for one in classes),
        "no_interval": fluxes["seen"] > 0 and any(map(_untold, classes)),
        "discrete": J.method == "secant",
        "miscalibrated": off.sign != 0 and not one_class,
    }
    return tuple(code for code, holds in found.items() if holds)


def _untold(one: ClassLine) -> bool:
    """Tell whether a class that rows are of has a slope without an interval."""
    return one.rows > 0 and any(math.isnan(slope.lower) for slope in (one.recall_slope, one.metric_slope))
