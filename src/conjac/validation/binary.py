"""Labels and the score of one of two classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.blocks import extremes
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.reading import Reading, as_array
from conjac.validation.arguments import check_groups, check_truth, check_vector, check_weight, distinct, scalar

SEVERAL = (
    "classes have no threshold: use confusion_jacobian, maximize, solve, tradeoff or pareto_front, which move an "
    "offset a class; or score one class against the rest"
)


@dataclass(frozen=True)
class Predictions:
    """Labels and scores of a binary classifier, checked.

    Attributes
    ----------
    labels : tuple of length 2
        Negative label, positive label: the order of the confusion matrix.
    true : array of shape (n_samples,)
        Index of each row's label, in the smallest integers.
    score : array of shape (n_samples,)
        Score of the positive class, in its own dtype.
    weight : array of shape (n_samples,) or None
    block : array of shape (n_samples,) or None
        Each row's block in [0, 64): a hash of its group. None where the rows are independent.
    reading : Reading
        How the score was read from what was passed.
    notes : dict
        What was read into the input, for the result's diagnostics.
    """

    labels: tuple[Any, Any]
    true: IntArray
    score: AnyArray
    weight: FloatArray | None
    block: IntArray | None
    reading: Reading
    notes: dict[str, Any] = field(default_factory=dict)


def check_predictions(
    y_true: Any,
    y_score: Any,
    *,
    labels: Sequence[Any] | None = None,
    pos_label: Any = None,
    sample_weight: Any = None,
    groups: Any = None,
    one_class: bool = False,
) -> Predictions:
    """Check labels and scores of a binary classifier.

    Parameters
    ----------
    y_true, y_score, labels, pos_label, sample_weight, groups
        As for `conjac.ConfusionJacobian.from_predictions`.
    one_class : bool
        Accept rows of one class only, as a group of a larger set may hold; ``labels`` then names both.

    Raises
    ------
    InvalidInputError
        Missing or infinite values, lengths that differ, one class only, an unknown label, bad weights.
    NotSupportedError
        More than two classes.
    """
    truth = check_truth(y_true)
    columns = as_array(y_score, "y_score")
    found = distinct(truth) if labels is None else []
    order = check_order(found, labels, pos_label)
    _refuse_several(order, columns)
    reading = Reading.of(columns, 0 if pos_label is not None and pos_label == order[0] else 1)
    score = check_vector(reading.score(columns), "y_score")
    notes: dict[str, Any] = dict(reading.note)
    if len(score) != len(truth):
        raise InvalidInputError(
            f"y_true has {len(truth)} rows and y_score has {len(score)}; they must be of the same rows"
        )
    negative, positive = negative_positive(order, pos_label)
    true = _indices(truth, positive, found)
    if labels is not None:
        known = (true == 1) | (truth == negative)
        if not known.all():
            row = int(np.argmin(known))
            raise InvalidInputError(
                f"y_true[{row}] is {scalar(truth[row])!r}, which is not among labels {[negative, positive]}; "
                "add it to labels or drop those rows"
            )
    weight = check_weight(sample_weight, len(truth))
    occurring = {int(label == positive) for label in found} or set(extremes(true))
    counted = occurring if weight is None else set(extremes(true[weight > 0]))
    for index, label in enumerate((negative, positive)):
        if not one_class and index not in counted:
            occurs = index in occurring
            raise InvalidInputError(
                f"y_true holds one class only: no row is {label!r}{' with a positive weight' if occurs else ''}; "
                "a confusion matrix's slopes need both classes"
            )
    if pos_label is None and labels is None:
        notes["pos_label"] = f"{positive!r}, the last label in sorted order"
    block = None
    if groups is not None:
        block, notes["n_clusters"] = check_groups(groups, len(truth))
    return Predictions(
        (negative, positive),
        true,
        score,
        weight,
        block,
        reading,
        notes,
    )


def _indices(truth: AnyArray, positive: Any, occurring: list[Any]) -> IntArray:
    """Return 1 where a label is the positive one, else 0, in bytes; labels that are these already are not copied."""
    small = truth.dtype.kind in "iu" and truth.dtype.itemsize == 1 and occurring == [0, 1]
    if positive == 1 and (small or truth.dtype.kind == "b"):
        return truth.view(np.uint8)
    return np.asarray(truth == positive).view(np.uint8)


def check_order(found: list[Any], labels: Sequence[Any] | None, pos_label: Any, name: str = "y_true") -> list[Any]:
    """Return the labels in order, two or more.

    Parameters
    ----------
    found : list
        Those that occur, sorted; not looked at where ``labels`` names them.
    labels, pos_label
        As for `check_predictions`.
    name : str
        What holds them, for messages.

    Raises
    ------
    InvalidInputError
        One label only, one twice, or a positive label that is none of them.
    """
    order = found
    if labels is not None:
        order = [scalar(label) for label in labels]
        if len(set(order)) != len(order):
            raise InvalidInputError(f"labels={order} names a label twice")
        if len(order) < 2:
            raise InvalidInputError(f"labels={order}: expected two, the negative label and the positive one")
    elif len(order) == 1 and pos_label is not None and pos_label != order[0]:
        order = [*order, pos_label]
    if len(order) < 2:
        raise InvalidInputError(
            f"{name} holds one class only ({order[0]!r}); a confusion matrix's slopes need both classes"
        )
    if len(order) > 2:
        return order
    if pos_label is not None and pos_label not in order:
        raise InvalidInputError(f"pos_label={pos_label!r} is not among the labels {order}")
    if labels is not None and pos_label is not None and pos_label != order[1]:
        raise InvalidInputError(
            f"labels={order} puts {order[1]!r} last, but pos_label={pos_label!r}; list the positive label last"
        )
    return order


def _refuse_several(order: list[Any], columns: AnyArray) -> None:
    if len(order) > 2 and columns.ndim == 1:
        raise InvalidInputError(
            f"y_score has shape {columns.shape} and y_true holds {len(order)} classes, {order[:20]}; pass a score a "
            f"class, shape ({len(columns)}, {len(order)}), or labels of one class against the rest"
        )
    n_columns = columns.shape[1] if columns.ndim == 2 else 1
    if len(order) > 2 or n_columns > 2:
        raise NotSupportedError(f"{max(len(order), n_columns)} {SEVERAL}")


def negative_positive(order: list[Any], pos_label: Any) -> tuple[Any, Any]:
    """Return the negative label and the positive one of two."""
    first, last = order
    return (last, first) if pos_label is not None and pos_label == first else (first, last)
