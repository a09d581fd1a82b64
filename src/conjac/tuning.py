"""The best decision, or one that meets targets, from labels and scores: `maximize` and `solve`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

import numpy as np

from conjac._typing import ConditionOn, CoordinateName
from conjac.curve import ConfusionCurve
from conjac.decisions import Decision
from conjac.decisions.offsets import Problem, best_offsets, solve_offsets
from conjac.engines.classes import cells_at, check_outcomes, motion_at
from conjac.errors import ConjacWarning, InvalidInputError, NotSupportedError
from conjac.metrics import Metric
from conjac.multilabel import MultilabelCurves, MultilabelDecision
from conjac.reading import n_columns, n_labels
from conjac.rules import ArgmaxRule
from conjac.validation import ClassPredictions, check_classes, check_condition


def maximize(
    y_true: Any,
    y_score: Any,
    metric: str | Metric,
    *,
    subject_to: Any = (),
    confidence: float | None = None,
    method: Literal["smooth", "exact"] = "smooth",
    reject: bool = False,
    coordinate: CoordinateName | None = None,
    labels: Any = None,
    pos_label: Any = None,
    sample_weight: Any = None,
    groups: Any = None,
    condition_on: ConditionOn | None = None,
) -> Decision | MultilabelDecision:
    """Return the decision at which a metric is best (least, for a cost): a threshold, or offsets of several classes.

    For more than two classes: the largest of ``u + offsets`` is predicted, u being the logarithm of probabilities or,
    where that serves better by .001 and no ``coordinate`` is named, the probabilities as they are; or raw scores. Each
    offset is scanned over all the values at which a prediction changes, in turn, from several starts; where there are
    many rows, starts are compared on some of them. The same input gives the same decision. Several labels that do not
    exclude each other have a threshold each: see `conjac.MultilabelCurves.maximize`.

    Parameters
    ----------
    y_true : array of shape (n_samples,), or an indicator of shape (n_samples, L)
        True labels.
    y_score : array of shape (n_samples,), (n_samples, 2) or (n_samples, K); of several labels (n_samples, L)
        Scores of the positive class, or of every class in the order of ``labels``.
    metric : str or Metric
        Such as "f1_macro", "matthews_corrcoef", or ``conjac.metrics.expected_cost(M)``.
    subject_to : str, Constraint or sequence of them
        Such as "recall[fraud] >= .9".
    confidence : float, optional
        Ask that each constraint's one-sided limit at this level meets its bound: a constraint met on the sample is met
        in about half of repeats.
    method : {"smooth", "exact"}
        The optimum of the smoothed metric, which varies less from sample to sample, or of the counts.
    reject : bool
        Whether a row may be left without a prediction, for metrics such as "selective_accuracy" subject to "coverage >=
        .9", or costs with one column more. ``y_score`` then has a score a class, for two classes too.
    coordinate : {"probability", "logit", "percentile", "score"}, optional
        As for `conjac.ConfusionJacobian.from_predictions`.
    labels : sequence of length K, optional
        As for `conjac.ConfusionJacobian.from_predictions`.
    pos_label : label, optional
        As for `conjac.ConfusionJacobian.from_predictions`.
    sample_weight : array of shape (n_samples,), optional
        As for `conjac.ConfusionJacobian.from_predictions`.
    groups : array of shape (n_samples,), optional
        As for `conjac.ConfusionJacobian.from_predictions`.
    condition_on : "class", optional
        As for `conjac.ConfusionJacobian.from_predictions`.

    Returns
    -------
    Decision or MultilabelDecision
        Its value on the rows it was chosen on is optimistic.

    Raises
    ------
    InfeasibleError
        No decision was found that meets the constraints; ``nearest`` tells one that comes near.
    InvalidInputError
        Input that cannot be used.
    NotSupportedError
        ``pos_label`` of more than two classes, or a reject option of labels that do not exclude each other.
    UnknownMetricError
        A metric that does not exist for these classes.

    Notes
    -----
    The method is in :doc:`/decisions`, that of several classes in :doc:`/offsets`, that of several labels in
    :doc:`/multilabel`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.choice(3, size=3000, p=[0.8, 0.15, 0.05])
    >>> u = rng.normal(size=(3000, 3)) + 1.5 * np.eye(3)[y] + np.log([0.8, 0.15, 0.05])
    >>> p = np.exp(u) / np.exp(u).sum(axis=1, keepdims=True)
    >>> decision = cj.maximize(y, p, "f1_macro")
    >>> decision.offsets.round(1)
    array([0. , 1. , 1.6])
    """
    given = read(
        y_true,
        y_score,
        pos_label,
        reject,
        coordinate=coordinate,
        labels=labels,
        sample_weight=sample_weight,
        groups=groups,
        condition_on=condition_on,
    )
    if isinstance(given, ConfusionCurve | MultilabelCurves):
        return given.maximize(metric, subject_to=subject_to, confidence=confidence, method=method)
    return best_offsets(given, metric, subject_to=subject_to, confidence=confidence, method=method)


def solve(
    y_true: Any,
    y_score: Any,
    target: Mapping[str, float],
    *,
    reject: bool = False,
    coordinate: CoordinateName | None = None,
    labels: Any = None,
    pos_label: Any = None,
    sample_weight: Any = None,
    groups: Any = None,
    condition_on: ConditionOn | None = None,
) -> Decision | MultilabelDecision:
    """Return the decision at which metrics have given values.

    Two classes have one threshold, and so one target; of several labels each has one, see
    `conjac.MultilabelCurves.solve`. K classes have K - 1 offsets that count, and as many independent targets; with
    fewer, the other offsets stay as near 0 as can be; with more, the squared misses are least, and the decision's
    diagnostics say so. Newton's method with the Jacobian of softened cells, then exact scans.

    Parameters
    ----------
    y_true : array of shape (n_samples,), or an indicator of shape (n_samples, L)
        As for `maximize`.
    y_score : array of shape (n_samples,), (n_samples, 2) or (n_samples, K); of several labels (n_samples, L)
        As for `maximize`.
    target : mapping of str to float
        Such as ``{"recall[a]": .9, "recall[b]": .8}``.
    reject : bool
        As for `maximize`.
    coordinate : {"probability", "logit", "percentile", "score"}, optional
        As for `maximize`.
    labels : sequence of length K, optional
        As for `maximize`.
    pos_label : label, optional
        As for `maximize`.
    sample_weight : array of shape (n_samples,), optional
        As for `maximize`.
    groups : array of shape (n_samples,), optional
        As for `maximize`.
    condition_on : "class", optional
        As for `maximize`.

    Returns
    -------
    Decision or MultilabelDecision
        ``diagnostics["reached"]`` tells the value of each metric.

    Raises
    ------
    InfeasibleError
        The targets cannot be had together; ``nearest`` tells the nearest that was found.
    InvalidInputError
        Input that cannot be used, or a target outside its metric's domain.
    NotSupportedError
        ``pos_label`` of more than two classes, or a reject option of labels that do not exclude each other.
    UnknownMetricError
        A metric that does not exist for these classes.

    Notes
    -----
    The method is in :doc:`/decisions`, that of several classes in :doc:`/offsets`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 3, 3000)
    >>> u = rng.normal(size=(3000, 3)) + 1.5 * np.eye(3)[y]
    >>> decision = cj.solve(y, u, {"recall[1]": 0.9, "recall[2]": 0.6})
    >>> {name: round(value, 2) for name, value in decision.diagnostics["reached"].items()}
    {'recall[1]': 0.9, 'recall[2]': 0.6}
    """
    given = read(
        y_true,
        y_score,
        pos_label,
        reject,
        coordinate=coordinate,
        labels=labels,
        sample_weight=sample_weight,
        groups=groups,
        condition_on=condition_on,
    )
    if isinstance(given, ConfusionCurve | MultilabelCurves):
        return given.solve(target)
    return solve_offsets(given, target)


def read(
    y_true: Any, y_score: Any, pos_label: Any, reject: bool = False, *, condition_on: ConditionOn | None, **options: Any
) -> ConfusionCurve | MultilabelCurves | Problem:
    """Return the curve of two classes, the curves of several labels, or what is to be decided between more outcomes."""
    several_labels = n_labels(y_true) > 1
    if not several_labels and n_columns(y_score) <= 2 and not reject:
        return ConfusionCurve.from_predictions(
            y_true, y_score, pos_label=pos_label, condition_on=condition_on, **options
        )
    if pos_label is not None:
        raise NotSupportedError(f"pos_label={pos_label!r} is for two classes; name a class in the metric instead")
    if several_labels and reject:
        raise NotSupportedError(
            "reject=True is for classes of which one is predicted; each of several labels stands alone"
        )
    if several_labels:
        return MultilabelCurves.from_predictions(y_true, y_score, condition_on=condition_on, **options)
    if reject and n_columns(y_score) == 1:
        raise InvalidInputError("reject=True takes a score a class: np.column_stack([1 - y_score, y_score])")
    rows = check_classes(y_true, y_score, **options)
    if absent := rows.notes.get("absent"):
        warnings.warn(
            f"no row of y_true is {', '.join(map(repr, absent))}: nothing speaks for predicting it, and offsets will "
            "hardly ever do; gather such rows, or leave the class out",
            ConjacWarning,
            stacklevel=3,
        )
    return problem_of(rows, options["coordinate"], condition_on, reject)


def problem_of(
    rows: ClassPredictions, coordinate: CoordinateName | None, condition_on: ConditionOn | None, reject: bool = False
) -> Problem:
    """Return what is to be decided between several outcomes, of checked rows.

    Parameters
    ----------
    rows : ClassPredictions
    coordinate : {"logit", "score", None}
        As asked: where none is, offsets of the probabilities themselves are tried too.
    condition_on : {"class", None}
    reject : bool
        Whether nothing may be predicted.

    Raises
    ------
    InvalidInputError
        An unknown condition, or a class that is called as the reject option is.
    """
    check_condition(condition_on)
    outcomes = len(rows.labels) + reject
    check_outcomes(rows.labels, outcomes)
    return Problem(
        rows,
        ArgmaxRule(np.zeros(outcomes), rows.reading.scale),
        partial(cells_at, rows, condition_on=condition_on),
        partial(motion_at, rows, condition_on=condition_on),
        partial(motion_at, rows, condition_on=condition_on, for_optima=True),
        coordinate is not None,
    )
