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


def response(estimator: Any, X: Any, output: str, positive: Any = None) -> tuple[AnyArray, str, tuple[Any, ...]]:
    """Return a fitted classifier's scores, the method that gave them, and its classes.

    Of two classes, the scores are those of the positive one.

    Parameters
    ----------
    estimator : fitted classifier with ``classes_``
    X : array or frame of shape (n_samples, n_features)
    output : {"auto", "probabilities", "scores"}
    positive : label, optional
        Of two classes; the last by default.

    Raises
    ------
    InvalidInputError
        An unknown output, or an estimator without the method.
    """
    method = method_of(estimator, output)
    labels = tuple(np.asarray(estimator.classes_).tolist())
    score, how = _of_positive(np.asarray(getattr(estimator, method)(X)), labels, positive)
    return score, method + how, labels


def method_of(estimator: Any, output: str) -> str:
    """Return the method of a fitted classifier that gives an output.

    Raises
    ------
    InvalidInputError
        An unknown output, or an estimator without the method.
    """
    if output not in RESPONSES:
        raise InvalidInputError(f"output={output!r}: expected one of {sorted(RESPONSES)}")
    for name in RESPONSES[output]:
        if hasattr(estimator, name) and hasattr(estimator, "classes_"):
            _refuse_pairs(estimator, name, len(estimator.classes_))
            return name
    raise InvalidInputError(
        f"{type(estimator).__name__} has no {' or '.join(RESPONSES[output])} and classes_; "
        "fit a classifier first, or pass its scores to from_predictions"
    )


def _refuse_pairs(estimator: Any, method: str, n_classes: int) -> None:
    last = estimator[-1] if hasattr(estimator, "steps") else estimator
    if method == "decision_function" and n_classes > 2 and getattr(last, "decision_function_shape", None) == "ovo":
        raise InvalidInputError(
            f"{type(last).__name__}(decision_function_shape='ovo') scores pairs of classes; set it to 'ovr'"
        )


def _of_positive(score: AnyArray, classes: tuple[Any, ...], positive: Any) -> tuple[AnyArray, str]:
    if len(classes) != 2:
        return score, ""
    if positive == classes[0]:
        column, how = (score[:, 0], "column of") if score.ndim == 2 else (-score, "negated for")
        return column, f", {how} {positive!r}"
    return (score[:, 1] if score.ndim == 2 else score), ""
