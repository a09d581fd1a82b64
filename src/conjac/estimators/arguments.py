"""What a tuned classifier is given, checked before anything is fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import type_of_target

from conjac._typing import AnyArray, CoordinateName
from conjac.decisions.constraints import parse_constraints
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.estimators.held_out import OUTPUTS
from conjac.estimators.nested import Tuning
from conjac.metrics import Metric, expected_cost, resolve
from conjac.validation.arguments import refuse_missing

METRIC = "balanced_accuracy"


def check_target(y: Any) -> AnyArray:
    """Return labels, array of shape (n_samples,).

    Raises
    ------
    InvalidInputError
        No rows, missing labels, or numbers that are no classes.
    """
    labels = np.asarray(column_or_1d(y, warn=True))
    if not len(labels):
        raise InvalidInputError("y is empty; at least a few rows of each class are needed")
    refuse_missing(labels, "y")
    kind = type_of_target(labels, input_name="y")
    if kind not in ("binary", "multiclass"):
        raise InvalidInputError(f"Unknown label type: {kind}; expected one of a few classes in each row of y")
    return labels


def method_of(estimator: Any, response_method: str) -> str:
    """Return the method of a classifier, fitted or not, that gives its scores.

    Raises
    ------
    InvalidInputError
        An unknown method, or an estimator without it.
    """
    if response_method not in ("auto", *OUTPUTS):
        raise InvalidInputError(f"response_method={response_method!r}: expected 'auto' or one of {sorted(OUTPUTS)}")
    asked = tuple(OUTPUTS) if response_method == "auto" else (response_method,)
    for name in asked:
        if hasattr(estimator, name):
            return name
    raise InvalidInputError(f"{type(estimator).__name__} has no {' or '.join(asked)}; pass a classifier that has one")


def tuning_of(
    known: AnyArray,
    response_method: str,
    *,
    metric: str | Metric | None,
    cost_matrix: Any,
    subject_to: Any,
    pos_label: Any,
    **search: Any,
) -> Tuning:
    """Return what is tuned; ``search`` is the confidence and the method of it.

    Raises
    ------
    InvalidInputError
        One class only, a metric and a cost matrix together, a cost matrix of another shape, an unknown metric or class.
    NotSupportedError
        A positive label with more than two classes.
    """
    classes = tuple(known.tolist())
    if len(classes) < 2:
        raise InvalidInputError(f"y holds one class only ({classes[0]!r}); a decision is between two or more")
    labels = _in_order(classes, pos_label)
    if cost_matrix is None:
        row = resolve(METRIC if metric is None else metric, labels)
    elif metric is None or metric == METRIC:
        row = resolve(_cost(cost_matrix, classes, labels), labels)
    else:
        raise InvalidInputError(f"metric={metric!r} and cost_matrix: one of them is made best; leave the other out")
    coordinate: CoordinateName | None = "score" if response_method == "decision_function" else None
    return Tuning(row, parse_constraints(subject_to, labels), labels, coordinate, **search)


def _in_order(classes: tuple[Any, ...], pos_label: Any) -> tuple[Any, ...]:
    """Return the classes, the positive one of two last."""
    if pos_label is None:
        return classes
    if len(classes) > 2:
        raise NotSupportedError(f"pos_label={pos_label!r} is for two classes; name a class in the metric instead")
    if pos_label not in classes:
        raise InvalidInputError(f"pos_label={pos_label!r} is not among the classes {list(classes)}")
    return classes if pos_label == classes[1] else classes[::-1]


def _cost(cost_matrix: Any, classes: tuple[Any, ...], labels: tuple[Any, ...]) -> Metric:
    """Return the mean cost of a row, from costs in the order of the classes."""
    costs = expected_cost(cost_matrix)
    if np.shape(cost_matrix) != (len(classes), len(classes)):
        raise InvalidInputError(
            f"cost_matrix has shape {np.shape(cost_matrix)}, and there are {len(classes)} classes, {list(classes)}; "
            "expected cost_matrix[true, predicted], one a class in this order, without a reject option"
        )
    resolve(costs, classes)
    place = [classes.index(label) for label in labels]
    return expected_cost(np.asarray(cost_matrix)[np.ix_(place, place)])
