"""A fitted part of a model as a function with a derivative, and the table that rules are rows of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.validation import check_array

from conjac._typing import FloatArray
from conjac.models.contract import Pull

Rule = Callable[[Any], "Part"]
"""From a fitted estimator to its part, for one method."""
METHODS = ("transform", "predict_proba", "decision_function")
LIBRARIES = {"sklearn", "conjac", "xgboost", "lightgbm", "catboost"}
"""Whose classes the names in the table are."""
_RULES: dict[str, dict[str, Rule]] = {method: {} for method in METHODS}


def _nothing(X: Any, cotangent: FloatArray) -> FloatArray:
    raise NotImplementedError("this part has no derivative: it is unknown, or has steps")


@dataclass(frozen=True, eq=False)
class Part:
    """A transformer, or what makes scores of inputs.

    Attributes
    ----------
    pull : callable
        The vector-Jacobian product. A cotangent of shape (1, n_outputs) is one for all rows; the result has the shape
        (1, n_inputs) where it is one for all rows, else (n_rows, n_inputs). Outputs of a classifier are what margins
        are made of: see `conjac.models.contract.Model`.
    constant : bool
        Whether the derivative is the same everywhere; ``pull`` then does not look at the inputs.
    unknown : tuple of str
        Parts whose derivative is not known; ``pull`` is of no use where there are any.
    steps : tuple of str
        Parts that are step functions; likewise.
    coded : frozenset of int
        Inputs that are taken as categories.
    codes_all : bool
        Whether all inputs are.
    """

    pull: Pull = _nothing
    constant: bool = False
    unknown: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    coded: frozenset[int] = frozenset()
    codes_all: bool = False


def serve(method: str, rules: Mapping[str, Rule]) -> None:
    """Add rows to the table: from names of classes to rules for one of their methods."""
    _RULES[method].update(rules)


def rule_names(method: str) -> frozenset[str]:
    """Return the names of classes that the table has for a method."""
    return frozenset(_RULES[method])


def part_of(estimator: Any, method: str) -> Part:
    """Return a fitted estimator's method as a part: one that is unknown, if the table has no rule."""
    if isinstance(estimator, str) and estimator == "passthrough":
        return identity(estimator)
    for ancestor in type(estimator).__mro__:
        if ancestor.__module__.partition(".")[0] in LIBRARIES and ancestor.__name__ in _RULES[method]:
            return _RULES[method][ancestor.__name__](estimator)
    return unknown(type(estimator).__name__)


def identity(estimator: Any) -> Part:
    """Return what hands its inputs on."""
    del estimator
    return Part(lambda _, cotangent: cotangent, constant=True)


def still(estimator: Any) -> Part:
    """Return what does not follow a shift of its inputs: an encoder of categories, or of texts."""
    width = getattr(estimator, "n_features_in_", 1)
    return Part(lambda _, __: np.zeros((1, width)), True, coded=frozenset(range(width)), codes_all=True)


def linear(weights: Any) -> Part:
    """Return a linear map, from its matrix of shape (n_outputs, n_inputs)."""
    matrix = np.asarray(weights.toarray() if hasattr(weights, "toarray") else weights, dtype=np.float64)
    return Part(lambda _, cotangent: cotangent @ np.atleast_2d(matrix), constant=True)


def unknown(name: str) -> Part:
    """Return a part whose derivative is not in the table."""
    return Part(unknown=(name,))


def stepwise(name: str) -> Part:
    """Return a part whose outputs are step functions of its inputs."""
    return Part(steps=(name,))


def joined(parts: Iterable[Part], pull: Pull) -> Part:
    """Return what several parts make together: constant if they all are, without a derivative if one of them is."""
    parts = list(parts)
    unknown = tuple(dict.fromkeys(name for part in parts for name in part.unknown))
    steps = tuple(dict.fromkeys(name for part in parts for name in part.steps))
    return Part(pull, all(part.constant for part in parts), unknown, steps)


def numbers(X: Any) -> FloatArray:
    """Return inputs of numbers as an array in double precision; what is missing is nan."""
    found = check_array(X, accept_sparse=True, dtype=np.float64, ensure_all_finite=False)
    return np.asarray(found.toarray() if hasattr(found, "toarray") else found)
