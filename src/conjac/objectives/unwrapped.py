"""From a fitted estimator, as users wrap it, to the classifier at its end and the rows as that one sees them."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import shorten
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from conjac._typing import AnyArray, IntArray
from conjac.errors import InvalidInputError

INNER = {
    "FixedThresholdClassifier": "estimator_",
    "GridSearchCV": "best_estimator_",
    "HalvingGridSearchCV": "best_estimator_",
    "HalvingRandomSearchCV": "best_estimator_",
    "RandomizedSearchCV": "best_estimator_",
    "TunedDecisionClassifier": "estimator_",
    "TunedThresholdClassifierCV": "estimator_",
}
"""Estimators that hand rows on to another, and where it is."""


def taken_apart(estimator: Any) -> tuple[tuple[Any, ...], Any, str]:
    """Return the fitted transformers before the last estimator, that estimator, and the prefix of its parameters."""
    steps: list[Any] = []
    path = "__"
    while True:
        name = type(estimator).__name__
        if name in INNER and hasattr(estimator, INNER[name]):
            estimator, path = getattr(estimator, INNER[name]), f"{path}estimator__"
        elif hasattr(estimator, "steps"):
            steps += [step for _, step in estimator.steps[:-1] if step not in (None, "passthrough")]
            last, estimator = estimator.steps[-1]
            path = f"{path}{last}__"
        else:
            return tuple(steps), estimator, f"{path}estimator__" if is_one_against_rest(estimator) else path


def is_one_against_rest(estimator: Any) -> bool:
    """Tell whether a classifier is one for each class against the others; by its name, without an import."""
    return "OneVsRestClassifier" in [ancestor.__name__ for ancestor in type(estimator).__mro__]


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
