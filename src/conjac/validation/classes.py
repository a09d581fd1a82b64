"""Labels and a score a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.reading import ClassReading, as_array, as_float
from conjac.validation.arguments import (
    TABLE,
    check_column_names,
    check_groups,
    check_truth,
    check_weight,
    distinct,
    places,
    scalar,
)


@dataclass(frozen=True)
class ClassPredictions:
    """Labels and a score a class, checked.

    Attributes
    ----------
    labels : tuple of length n_classes
        The order of the score's columns and of the confusion matrix.
    true : array of shape (n_samples,)
        Index of each row's label.
    score : array of shape (n_samples, n_classes)
        In its own dtype.
    weight, block : array of shape (n_samples,) or None
        As in `Predictions`.
    reading : ClassReading
    notes : dict
        What was read into the input, for the result's diagnostics.
    """

    labels: tuple[Any, ...]
    true: IntArray
    score: AnyArray
    weight: FloatArray | None
    block: IntArray | None
    reading: ClassReading
    notes: dict[str, Any] = field(default_factory=dict)


def check_classes(
    y_true: Any,
    y_score: Any,
    *,
    labels: Sequence[Any] | None = None,
    sample_weight: Any = None,
    groups: Any = None,
    coordinate: str | None = None,
) -> ClassPredictions:
    """Check labels and scores of a classifier with a score a class.

    Parameters
    ----------
    y_true, y_score, labels, sample_weight, groups, coordinate
        As for `conjac.ConfusionJacobian.from_predictions`.

    Raises
    ------
    InvalidInputError
        Missing or infinite values, lengths that differ, one class only, an unknown label, a label without a column,
        bad weights.
    """
    truth = check_truth(y_true)
    score = as_float(as_array(y_score, "y_score"), "y_score")
    if score.ndim != 2:
        raise InvalidInputError(f"y_score has shape {score.shape}; expected (n_samples, n_classes), a score a class")
    order = _order_of_classes(truth, labels, score.shape[1])
    check_column_names(y_score, order)
    reading = ClassReading.of(score, coordinate)
    if len(score) != len(truth):
        raise InvalidInputError(
            f"y_true has {len(truth)} rows and y_score has {len(score)}; they must be of the same rows"
        )
    true = _index_of(truth, order)
    weight = check_weight(sample_weight, len(truth))
    notes: dict[str, Any] = {}
    if labels is None:
        notes["labels"] = "the sorted labels of y_true, one a column of y_score"
    absent = [label for label, n in zip(order, np.bincount(true, minlength=len(order)), strict=True) if not n]
    if absent:
        notes["absent"] = [str(label) for label in absent]
    block = None
    if groups is not None:
        block, notes["n_clusters"] = check_groups(groups, len(truth))
    return ClassPredictions(tuple(order), true, score, weight, block, reading, notes)


def refuse_with_threshold(offsets: Any, calibrated_mix: bool) -> None:
    """Raise where arguments do not go with the threshold of two classes."""
    if offsets is not None:
        raise InvalidInputError("offsets: the threshold moves here; pass wrt='offsets', or threshold alone")
    if calibrated_mix:
        raise InvalidInputError("assume_calibrated: a mix moves weights, and needs no density; leave it out")


def refuse_with_offsets(**arguments: Any) -> None:
    """Raise where an argument of a threshold is given, and offsets decide."""
    for name, value in arguments.items():
        if value is not None:
            raise NotSupportedError(f"{name}={value!r} is for the threshold of two classes; offsets decide here")


def _order_of_classes(truth: AnyArray, labels: Sequence[Any] | None, n_columns: int) -> list[Any]:
    if labels is None:
        order = distinct(truth)
    else:
        order = [scalar(label) for label in labels]
        if len(set(order)) != len(order):
            raise InvalidInputError(f"labels={order} names a label twice")
    if n_columns < 2 or len(order) < 2:
        raise InvalidInputError(
            f"y_score has {n_columns} columns and there are {len(order)} labels, {order}; "
            "a confusion matrix's slopes need at least two classes"
        )
    if len(order) != n_columns:
        how = "labels names" if labels is not None else "y_true holds"
        if n_columns == len(order) * (len(order) - 1) // 2:
            raise InvalidInputError(
                f"y_score has {n_columns} columns, one for each pair of the {len(order)} classes; pass a score a class "
                "(of scikit-learn's SVC: decision_function_shape='ovr')"
            )
        raise InvalidInputError(
            f"y_score has {n_columns} columns and {how} {len(order)} classes, {order[:20]}; "
            "pass labels=, one a column and in the columns' order"
        )
    return order


def _index_of(truth: AnyArray, order: list[Any]) -> IntArray:
    """Return each row's place among the labels."""
    names = as_array(order, "labels")
    if truth.dtype.kind in "iu" and names.dtype.kind in "iu" and int(names.max()) - int(names.min()) < TABLE:
        low, high = int(names.min()), int(names.max())
        table = np.full(high - low + 2, -1)
        table[places(names, low)] = np.arange(len(names))
        if low <= truth.min() and truth.max() <= high:
            index = table[places(truth, low)]
        else:
            index = table[np.where((low <= truth) & (truth <= high), places(truth, low), -1)]
    else:
        try:
            by_name = np.argsort(names)
            place = np.minimum(np.searchsorted(names, truth, sorter=by_name), len(names) - 1)
        except TypeError:
            raise InvalidInputError(f"y_true and labels={order[:20]} are of types that cannot be compared") from None
        index = np.where(names[by_name[place]] == truth, by_name[place], -1)
    stray = index < 0
    if stray.any():
        row = int(np.flatnonzero(stray)[0])
        raise InvalidInputError(
            f"y_true[{row}] is {scalar(truth[row])!r}, which is not among labels {order[:20]}; "
            "add it to labels or drop those rows"
        )
    return np.asarray(index, dtype=np.intp)
