"""Labels that do not exclude each other, with a score each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.errors import InvalidInputError
from conjac.reading import Reading, as_columns, column_names, label_scores
from conjac.validation.arguments import check_column_names, check_groups, check_weight, scalar
from conjac.validation.binary import Predictions


@dataclass(frozen=True, eq=False)
class LabelPredictions:
    """An indicator matrix and scores, checked.

    Attributes
    ----------
    labels : tuple of length L
        Names of the labels, in the order of the columns.
    true : array of bool of shape (n_samples, L)
    score : array of shape (n_samples, L)
        In its own dtype.
    weight : array of shape (n_samples,) or None
    block : array of shape (n_samples,) or None
        Each row's block in [0, 64): a hash of its group. None where the rows are independent.
    notes : dict
        What was read into the input, for the result's diagnostics.
    """

    labels: tuple[Any, ...]
    true: AnyArray
    score: AnyArray
    weight: FloatArray | None
    block: IntArray | None
    notes: dict[str, Any] = field(default_factory=dict)

    def of(self, column: int) -> Predictions:
        """Return one label's rows, as those of a binary classifier."""
        true, score = self.true[:, column].astype(np.intp), np.ascontiguousarray(self.score[:, column])
        return Predictions((0, 1), true, score, self.weight, self.block, Reading(), dict(self.notes))


def check_labels(
    y_true: Any, y_score: Any, *, labels: Sequence[Any] | None = None, sample_weight: Any = None, groups: Any = None
) -> LabelPredictions:
    """Check an indicator matrix and scores.

    Parameters
    ----------
    y_true, y_score, labels, sample_weight, groups
        As for `conjac.MultilabelCurves.from_predictions`.

    Raises
    ------
    InvalidInputError
        Values other than 0 and 1, missing or infinite scores, shapes that differ, a name twice, bad weights.
    """
    indicator = as_columns(y_true, "y_true")
    stray = (indicator != 0) & (indicator != 1)
    if stray.any():
        row, column = (int(place) for place in np.argwhere(stray)[0])
        raise InvalidInputError(
            f"y_true[{row}, {column}] is {indicator[row, column]}; expected 0 or 1, whether the row has the label "
            "(sklearn.preprocessing.MultiLabelBinarizer makes such a matrix)"
        )
    score = label_scores(y_score)
    if score.shape != indicator.shape:
        raise InvalidInputError(
            f"y_true has shape {indicator.shape} and y_score {score.shape}; expected the same rows and labels"
        )
    notes: dict[str, Any] = {}
    if len(indicator.T) > 1 and (indicator.sum(axis=1) == 1).all():
        notes["one_hot"] = (
            "every row has exactly one label: if labels exclude each other, pass y_true.argmax(axis=1), "
            "and maximize and solve move an offset a class"
        )
    weight = check_weight(sample_weight, len(indicator))
    block = None
    if groups is not None:
        block, notes["n_clusters"] = check_groups(groups, len(indicator))
    names = _names(y_true, labels, indicator.shape[1])
    check_column_names(y_score, names)
    return LabelPredictions(names, indicator == 1, score, weight, block, notes)


def _names(y_true: Any, labels: Sequence[Any] | None, n_labels: int) -> tuple[Any, ...]:
    given = column_names(y_true) if labels is None else labels
    names = tuple(range(n_labels)) if given is None else tuple(scalar(name) for name in given)
    if len(names) != n_labels:
        raise InvalidInputError(f"labels names {len(names)} labels and y_true has {n_labels} columns; name each column")
    if len(set(map(str, names))) != len(names):
        twice = next(name for at, name in enumerate(names) if str(name) in map(str, names[:at]))
        raise InvalidInputError(f"labels names {twice!r} twice; give each column a name of its own")
    return names
