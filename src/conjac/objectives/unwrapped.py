"""Training rows and labels as the classifier at the end of an estimator sees them."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import shorten
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from conjac._typing import AnyArray, IntArray
from conjac.errors import InvalidInputError


def seen(X: Any, steps: Sequence[Any], estimator: Any) -> Any:
    """Return rows as the classifier at the end sees them, array or sparse array of shape (n_rows, n_columns).

    Raises
    ------
    InvalidInputError
        Rows that one of the steps, or the classifier, does not take.
    """
    try:
        for step in steps:
            X = step.transform(X)
        return validate_data(estimator, X, reset=False, accept_sparse="csr", dtype=np.float64)
    except ValueError as error:
        why = shorten(str(error), 200)
        raise InvalidInputError(f"training_data: {why}; pass the rows that it was fitted on") from error


def places_of(labels: AnyArray, estimator: Any) -> IntArray:
    """Return the place of each row's label among the classes.

    Raises
    ------
    InvalidInputError
        A label that is no class, or a class without rows.
    """
    classes = estimator.classes_
    told = classes.tolist()
    unknown = np.unique(labels[~np.isin(labels, classes)]).tolist()
    if unknown:
        raise InvalidInputError(
            f"training_data: y holds {unknown[0]!r}, and the estimator's classes are {told}; pass the rows "
            "that it was fitted on"
        )
    places = np.searchsorted(classes, labels)
    absent = np.flatnonzero(np.bincount(places, minlength=len(classes)) == 0)
    if len(absent):
        raise InvalidInputError(
            f"training_data: no row has the label {told[absent[0]]!r}; pass all rows that the fit was made on"
        )
    return places.astype(np.intp)


def names_of(steps: Sequence[Any], estimator: Any, n_columns: int) -> tuple[str, ...]:
    """Return the names of the columns that the classifier sees: its own, those that the steps tell, or x0, x1, ..."""
    own: Any = getattr(estimator, "feature_names_in_", None)
    if own is None and steps:
        try:
            for step in steps:
                own = step.get_feature_names_out(own)
        except (AttributeError, ValueError):  # a step of the user's own that has no names to tell
            own = None
    return tuple(map(str, own)) if own is not None else tuple(f"x{j}" for j in range(n_columns))
