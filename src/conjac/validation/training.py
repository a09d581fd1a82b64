"""The rows that a model was trained on, as given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conjac._typing import AnyArray, FloatArray
from conjac.errors import InvalidInputError
from conjac.validation.arguments import check_truth, check_weight


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Training rows.

    Attributes
    ----------
    X : array or frame of shape (n_samples, n_features)
        As it was given.
    y : array of shape (n_samples,)
    weight : array of shape (n_samples,) or None
    """

    X: Any
    y: AnyArray
    weight: FloatArray | None


def check_training(told: Any) -> TrainingData:
    """Read ``training_data``.

    Parameters
    ----------
    told : tuple
        (X, y), or (X, y, sample_weight), as the model was fitted.

    Raises
    ------
    InvalidInputError
        Nothing given, another number of parts, or parts of different lengths.
    """
    if told is None:
        raise InvalidInputError("training_data is missing: pass (X, y), the rows that the model was fitted on")
    if not (isinstance(told, tuple | list) and len(told) in (2, 3)):
        raise InvalidInputError(
            f"training_data is a {type(told).__name__}; expected a tuple (X, y), or (X, y, sample_weight)"
        )
    X, y, weight = (*told, None)[:3]
    labels = check_truth(y)
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    if len(labels) != n_rows:
        raise InvalidInputError(f"training_data: X has {n_rows} rows and y has {len(labels)}; expected as many")
    return TrainingData(X, labels, check_weight(weight, n_rows))
