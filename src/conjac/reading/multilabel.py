"""How labels that do not exclude each other are read: a column a label, dense or sparse, or scikit-learn's list."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from conjac._typing import AnyArray
from conjac.errors import InvalidInputError
from conjac.reading.binary import SUM_TOLERANCE
from conjac.reading.values import as_array, as_float, refuse_non_finite


def n_labels(y_true: Any) -> int:
    """Return how many labels a row has: the columns of what is or looks like a matrix, else 1."""
    shape = y_true.shape if hasattr(y_true, "shape") else as_array(y_true, "y_true").shape
    return int(shape[1]) if len(shape) == 2 else 1


def column_names(table: Any) -> list[Any] | None:
    """Return the names of a frame's columns; None of anything else."""
    named = getattr(table, "columns", None)
    return None if named is None else list(named)


def as_columns(values: Any, name: str) -> AnyArray:
    """Return numbers of shape (n_samples, n_labels), dense, finite, in their own dtype.

    Raises
    ------
    InvalidInputError
        Another shape, no row, or missing or infinite values.
    """
    array = as_array(values.toarray() if sparse.issparse(values) else values, name)
    if array.ndim != 2 or not array.size:
        raise InvalidInputError(f"{name} has shape {array.shape}; expected (n_samples, n_labels), a column a label")
    columns = as_float(array, name)
    refuse_non_finite(columns, name)
    return columns


def label_scores(y_score: Any) -> AnyArray:
    """Return scores of shape (n_samples, n_labels).

    Parameters
    ----------
    y_score : array or sparse array of shape (n_samples, n_labels), or list of n_labels arrays of shape (n_samples, 2)
        The list is what ``predict_proba`` of scikit-learn's multi-output estimators gives.

    Raises
    ------
    InvalidInputError
        Another form, missing or infinite scores, or a list whose pairs do not add to 1.

    Examples
    --------
    >>> label_scores([[[0.9, 0.1], [0.2, 0.8]], [[0.5, 0.5], [0.7, 0.3]]])
    array([[0.1, 0.5],
           [0.8, 0.3]])
    """
    listed = isinstance(y_score, list | tuple) and bool(y_score) and all(np.ndim(part) == 2 for part in y_score)
    if not listed and getattr(y_score, "ndim", 2) != 3:
        return as_columns(y_score, "y_score")
    return np.stack([_positive(part, f"y_score[{label}]") for label, part in enumerate(y_score)], axis=1)


def _positive(pair: Any, name: str) -> AnyArray:
    """Return the second of two columns of probabilities that add to 1."""
    columns = as_columns(pair, name)
    if columns.shape[1] != 2:
        raise InvalidInputError(
            f"{name} has {columns.shape[1]} columns; expected the probabilities of 0 and of 1 (an estimator that saw "
            "one class of a label tells no other); pass a matrix of shape (n_samples, n_labels)"
        )
    miss = np.abs(columns.sum(axis=1, dtype=np.float64) - 1)
    if columns.min() < 0 or miss.max() > SUM_TOLERANCE:
        row = int(np.argmax(miss))
        raise InvalidInputError(
            f"{name}[{row}] = {columns[row].tolist()}: the probabilities of 0 and of 1 do not add to 1; "
            "pass a matrix of shape (n_samples, n_labels)"
        )
    return columns[:, 1]
