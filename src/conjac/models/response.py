"""Fitted models as sources of scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from conjac._typing import AnyArray
from conjac.errors import InvalidInputError

RESPONSES = {
    "auto": ("predict_proba", "decision_function"),
    "probabilities": ("predict_proba",),
    "scores": ("decision_function",),
}


def response(estimator: Any, X: Any, output: str) -> tuple[AnyArray, str, tuple[Any, ...]]:
    """Return a fitted classifier's scores, the method that gave them, and its classes.

    Parameters
    ----------
    estimator : fitted classifier with ``classes_``
    X : array or frame of shape (n_samples, n_features)
    output : {"auto", "probabilities", "scores"}

    Raises
    ------
    InvalidInputError
        An unknown output, or an estimator without the method.
    """
    if output not in RESPONSES:
        raise InvalidInputError(f"output={output!r}: expected one of {sorted(RESPONSES)}")
    for name in RESPONSES[output]:
        if hasattr(estimator, name) and hasattr(estimator, "classes_"):
            labels = tuple(np.asarray(estimator.classes_).tolist())
            return np.asarray(getattr(estimator, name)(X)), name, labels
    raise InvalidInputError(
        f"{type(estimator).__name__} has no {' or '.join(RESPONSES[output])} and classes_; "
        "fit a classifier first, or pass its scores to from_predictions"
    )
