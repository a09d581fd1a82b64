"""From whatever scores rows to a `Model`."""

from __future__ import annotations

from typing import Any

from conjac.errors import InvalidInputError
from conjac.models.contract import Model, adapter_of


def bind(estimator: Any, output: str = "auto") -> Model:
    """Return a fitted classifier as functions of its inputs.

    Parameters
    ----------
    estimator : fitted classifier, callable or Model
        What scores rows; a callable takes ``X``.
    output : {"auto", "probabilities", "scores", "logits"}
        ``predict_proba``, ``decision_function``, or the first of them that there is; "logits" of networks.

    Returns
    -------
    Model
        With its derivatives, where they are known.

    Raises
    ------
    InvalidInputError
        Nothing that scores, or an output that it does not have.

    Examples
    --------
    >>> import numpy as np
    >>> bound = bind(lambda X: X[:, 0])
    >>> bound.response, bound.scores(np.array([[0.2, 1.0]]))
    ('<lambda>', array([0.2]))
    """
    if isinstance(estimator, Model):
        return estimator
    adapter = adapter_of(estimator)
    if adapter is None:
        raise InvalidInputError(
            f"{type(estimator).__name__} has no predict_proba or decision_function and classes_, and is no function "
            "from X to scores; fit a classifier first, or pass its scores to from_predictions"
        )
    return adapter.bind(estimator, output)
