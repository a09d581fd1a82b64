"""From what the user passes to arrays that can be trusted, or an error that says what to mend."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.reading import Reading, as_array, as_float, is_missing, refuse_non_finite

N_BLOCKS = 64
"""Clusters are pooled into this many blocks by a hash of their key, so that parts of the data merge."""


@dataclass(frozen=True)
class Predictions:
    """Labels and scores of a binary classifier, checked.

    Attributes
    ----------
    labels : tuple of length 2
        Negative label, positive label: the order of the confusion matrix.
    true : array of shape (n_samples,)
        Index of each row's label.
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
    truth = check_vector(y_true, "y_true")
    _refuse_missing(truth, "y_true")
    columns = as_array(y_score, "y_score")
    order = _check_labels(truth, labels, pos_label, columns)
    reading = Reading.of(columns, 0 if pos_label is not None and pos_label == order[0] else 1)
    score = check_vector(reading.score(columns), "y_score")
    notes: dict[str, Any] = dict(reading.note)
    if len(score) != len(truth):
        raise InvalidInputError(
            f"y_true has {len(truth)} rows and y_score has {len(score)}; they must be of the same rows"
        )
    negative, positive = _negative_positive(order, pos_label)
    is_positive = truth == positive
    is_negative = truth == negative
    stray = ~(is_positive | is_negative)
    if stray.any():
        row = int(np.flatnonzero(stray)[0])
        raise InvalidInputError(
            f"y_true[{row}] is {_scalar(truth[row])!r}, which is not among labels {[negative, positive]}; "
            "add it to labels or drop those rows"
        )
    weight = check_weight(sample_weight, len(truth))
    for mask, label in ((is_positive, positive), (is_negative, negative)):
        counted = mask if weight is None else mask & (weight > 0)
        if not counted.any() and not one_class:
            raise InvalidInputError(
                f"y_true holds one class only: no row is {label!r}{' with a positive weight' if mask.any() else ''}; "
                "a confusion matrix's slopes need both classes"
            )
    if pos_label is None and labels is None:
        notes["pos_label"] = f"{positive!r}, the last label in sorted order"
    block = None
    if groups is not None:
        block, notes["n_clusters"] = _check_groups(groups, len(truth))
    return Predictions(
        (negative, positive),
        is_positive.astype(np.intp),
        score,
        weight,
        block,
        reading,
        notes,
    )


def check_condition(condition_on: Any) -> None:
    """Refuse anything but "class" and None."""
    if condition_on not in (None, "class"):
        raise InvalidInputError(f"condition_on={condition_on!r}: expected 'class' or None")


def check_vector(values: Any, name: str) -> AnyArray:
    """Return a one-dimensional array with at least one row."""
    array = as_array(values, name)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise InvalidInputError(f"{name} has shape {array.shape}; expected one dimension, (n_samples,)")
    if array.size == 0:
        raise InvalidInputError(f"{name} is empty; at least one row of each class is needed")
    return array


def check_weight(sample_weight: Any, n_samples: int) -> FloatArray | None:
    """Return weights in float64: finite, not negative, not all zero; None stays None."""
    if sample_weight is None:
        return None
    weight = as_float(check_vector(sample_weight, "sample_weight"), "sample_weight").astype(np.float64)
    if len(weight) != n_samples:
        raise InvalidInputError(f"sample_weight has {len(weight)} rows and y_true has {n_samples}")
    refuse_non_finite(weight, "sample_weight")
    if weight.min() < 0:
        row = int(np.argmin(weight))
        raise InvalidInputError(f"sample_weight[{row}] is {weight[row]}; weights must not be negative")
    if weight.max() == 0:
        raise InvalidInputError("sample_weight is zero in every row; at least one row must count")
    return weight


def block_of(key: Any) -> int:
    """Return the block of one cluster: a hash of its key alone, the same in every process and part."""
    digest = hashlib.blake2b(str(key).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") % N_BLOCKS


def _check_groups(groups: Any, n_samples: int) -> tuple[IntArray, int]:
    keys = check_vector(groups, "groups")
    _refuse_missing(keys, "groups")
    if len(keys) != n_samples:
        raise InvalidInputError(f"groups has {len(keys)} rows and y_true has {n_samples}")
    unique, inverse = np.unique(keys, return_inverse=True)
    if len(unique) < 2:
        raise InvalidInputError("groups names one cluster only; cluster-robust errors need at least two")
    blocks = np.array([block_of(key) for key in unique], dtype=np.intp)
    if len(set(blocks.tolist())) < 2:
        raise InvalidInputError(
            f"groups: the {len(unique)} clusters share one of {N_BLOCKS} blocks by the hash of their names, "
            "so they cannot be told apart; rename one, or gather more clusters"
        )
    return blocks[inverse], len(unique)


def _check_labels(truth: AnyArray, labels: Sequence[Any] | None, pos_label: Any, columns: AnyArray) -> list[Any]:
    if labels is not None:
        order = [_scalar(label) for label in labels]
        if len(set(order)) != len(order):
            raise InvalidInputError(f"labels={order} names a label twice")
        if len(order) < 2:
            raise InvalidInputError(f"labels={order}: expected two, the negative label and the positive one")
    else:
        try:
            order = [_scalar(label) for label in np.unique(truth)]
        except TypeError:
            kinds = sorted({type(value).__name__ for value in truth})
            raise InvalidInputError(
                f"y_true mixes types that cannot be sorted ({', '.join(kinds)}); make the labels one type"
            ) from None
        if len(order) == 1 and pos_label is not None and pos_label != order[0]:
            order.append(pos_label)
    if len(order) > 2 or (columns.ndim == 2 and columns.shape[1] > 2):
        raise NotSupportedError(
            f"{max(len(order), columns.shape[-1] if columns.ndim == 2 else 0)} classes: this version serves binary "
            "classifiers; score one class against the rest, or name two labels and drop the other rows"
        )
    if len(order) < 2:
        raise InvalidInputError(
            f"y_true holds one class only ({order[0]!r}); a confusion matrix's slopes need both classes"
        )
    if pos_label is not None and pos_label not in order:
        raise InvalidInputError(f"pos_label={pos_label!r} is not among the labels {order}")
    if labels is not None and pos_label is not None and pos_label != order[1]:
        raise InvalidInputError(
            f"labels={order} puts {order[1]!r} last, but pos_label={pos_label!r}; list the positive label last"
        )
    return order


def _negative_positive(order: list[Any], pos_label: Any) -> tuple[Any, Any]:
    first, last = order
    return (last, first) if pos_label is not None and pos_label == first else (first, last)


def _refuse_missing(values: AnyArray, name: str) -> None:
    if values.dtype.kind == "f":
        bad = ~np.isfinite(values)
    elif values.dtype.kind in "mM":
        bad = np.isnat(values)
    elif values.dtype.kind == "O":
        bad = np.array([is_missing(value) for value in values])
    else:
        return
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InvalidInputError(
            f"{name}[{row}] is {'missing' if is_missing(values[row]) else values[row]} "
            f"({int(bad.sum())} missing in all); drop or fill those rows first"
        )


def _scalar(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
