"""What classifiers of scikit-learn have learned, as parameters that move: affine layers, one or several.

A linear classifier is one layer (``coef_``, ``intercept_``), a perceptron several (``coefs_``, ``intercepts_``); all
else is held, preprocessing too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.utils.validation import check_array

from conjac._typing import AnyArray, FloatArray
from conjac.models.networks import chosen
from conjac.models.parametric import Parametric
from conjac.models.scikit.classifiers import LINEAR
from conjac.models.scikit.networks import ACTIVATIONS, Elementwise
from conjac.models.scikit.unwrapped import taken_apart
from conjac.models.structure import Structure

PROBABILISTIC = ("LinearDiscriminantAnalysis", "LogisticRegression", "LogisticRegressionCV", "SGDClassifier")
"""Linear classifiers whose probabilities are logistic in their scores."""


@dataclass(frozen=True, eq=False)
class Layers:
    """Affine layers with an activation between them.

    Attributes
    ----------
    weights : list of array of shape (n_inputs, n_outputs)
    biases : list of array of shape (n_outputs,)
    activate, slope : callable
        The activation, and its derivative as a function of its value.
    against_rest : bool
        Whether probabilities are those of one class against the others, normalised: log p then moves by expit(-f).
    """

    weights: list[FloatArray]
    biases: list[FloatArray]
    activate: Elementwise
    slope: Elementwise
    against_rest: bool = False

    def pull(self, rows: Any, cotangent: FloatArray) -> tuple[list[FloatArray], list[FloatArray]]:
        """Return the vector-Jacobian product by weights and by biases, summed over rows."""
        values = self._values(rows)
        delta = cotangent * self._factor(values)
        weights, biases = [], []
        for place in reversed(range(len(self.weights))):
            weights.append(np.asarray(values[place].T @ delta))
            biases.append(delta.sum(axis=0))
            if place:
                delta = (delta @ self.weights[place].T) * self.slope(values[place])
        return weights[::-1], biases[::-1]

    def push(self, rows: Any, weights: Sequence[FloatArray], biases: Sequence[FloatArray]) -> FloatArray:
        """Return the Jacobian-vector product, array of shape (n_rows, n_outputs)."""
        values = self._values(rows)
        moved = np.asarray(rows @ weights[0]) + biases[0]
        for place in range(1, len(self.weights)):
            moved = moved * self.slope(values[place])
            moved = moved @ self.weights[place] + values[place] @ weights[place] + biases[place]
        return np.asarray(moved * self._factor(values))

    def rows(self, rows: AnyArray) -> tuple[list[FloatArray], list[FloatArray]]:
        """Return each row's derivatives, arrays of shape (n_rows, n_outputs, *shape), by weights and by biases."""
        values = self._values(rows)
        q = self.weights[-1].shape[1]
        delta = np.broadcast_to(self._factor(values), (len(rows), q))[:, :, None] * np.eye(q)
        weights, biases = [], []
        for place in reversed(range(len(self.weights))):
            weights.append(np.einsum("ni,nqo->nqio", values[place], delta))
            biases.append(delta)
            if place:
                delta = (delta @ self.weights[place].T) * self.slope(values[place])[:, None]
        return weights[::-1], biases[::-1]

    def _values(self, rows: Any) -> list[Any]:
        """Return what each layer is given, and what the last one gives."""
        values = [rows]
        for place, (weights, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            found = np.asarray(values[-1] @ weights) + bias
            values.append(self.activate(found) if place < len(self.weights) - 1 else found)
        return values

    def _factor(self, values: list[Any]) -> FloatArray:
        return np.asarray(expit(-values[-1]) if self.against_rest else np.ones((1, 1)))


@dataclass(frozen=True, eq=False)
class Held:
    """A classifier's parameters where it keeps them.

    Attributes
    ----------
    layers : Layers
    names : tuple of str
        Of the leaves: weights, then biases; ``coefs_[1]`` is in a list.
    transposed : bool
        Whether weights are kept as (n_outputs, n_inputs).
    """

    layers: Layers
    names: tuple[str, ...]
    transposed: bool

    @property
    def leaves(self) -> list[FloatArray]:
        """As they are kept."""
        weights = [weight.T if self.transposed else weight for weight in self.layers.weights]
        return [*weights, *self.layers.biases][: len(self.names)]

    def apart(self, leaves: Sequence[FloatArray]) -> tuple[list[FloatArray], list[FloatArray]]:
        """Return leaves as weights and biases of the layers; biases of a fit without an intercept are 0."""
        n = len(self.layers.weights)
        weights = [leaf.T if self.transposed else leaf for leaf in leaves[:n]]
        return weights, [*leaves[n:]] or [np.zeros_like(bias) for bias in self.layers.biases]

    def together(self, weights: Sequence[FloatArray], biases: Sequence[FloatArray], axes: int = 0) -> list[FloatArray]:
        """Return what belongs to weights and biases, with so many axes before theirs, in the order of the leaves."""
        own = [np.swapaxes(weight, axes, axes + 1) if self.transposed else weight for weight in weights]
        return [*own, *biases][: len(self.names)]


def learned(estimator: Any, method: str) -> Callable[[Sequence[str]], Parametric] | None:
    """Return how a fitted classifier's scores follow its parameters, from names; None where that is not known."""
    steps, last, _ = taken_apart(estimator)
    held = _held(last, method)
    return None if held is None else partial(_parametric, steps, last, method, held)


def _parametric(steps: Sequence[Any], last: Any, method: str, held: Held, names: Sequence[str]) -> Parametric:
    mine = chosen(names, held.names) if names else held.names
    kept = [held.names.index(name) for name in mine]
    structure = Structure(
        mine, tuple(held.leaves[place].shape for place in kept), partial(_tree, mine), partial(_leaves, mine)
    )

    def whole(direction: FloatArray) -> list[FloatArray]:
        found = [np.zeros(leaf.shape) for leaf in held.leaves]
        for place, leaf in zip(kept, structure.leaves(direction), strict=True):
            found[place] = leaf
        return found

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        found = held.together(*held.layers.pull(_seen(X, steps), cotangent))
        return np.concatenate([found[place].ravel() for place in kept])

    def push(X: Any, direction: FloatArray) -> FloatArray:
        return held.layers.push(_seen(X, steps), *held.apart(whole(direction)))

    def rows(X: Any) -> FloatArray:
        seen = _seen(X, steps)
        found = held.together(*held.layers.rows(seen.toarray() if hasattr(seen, "toarray") else seen), axes=2)
        return np.concatenate([found[place].reshape(*found[place].shape[:2], -1) for place in kept], axis=2)

    def moved(change: FloatArray) -> Callable[[Any], AnyArray]:
        leaves = [leaf + step for leaf, step in zip(held.leaves, whole(change), strict=True)]
        other = copy(last)
        for attribute, value in _tree(held.names, leaves).items():
            setattr(other, attribute, value)
        return lambda X: np.asarray(getattr(other, method)(_seen(X, steps)))

    return Parametric(structure, pull, push, rows, moved)


def _held(last: Any, method: str) -> Held | None:
    """Return the parameters of the classifier at the end, where their scores are affine layers."""
    names = [ancestor.__name__ for ancestor in type(last).__mro__ if ancestor.__module__.startswith("sklearn.")]
    if "MLPClassifier" in names and method == "predict_proba" and last.activation in ACTIVATIONS:
        layers = Layers(list(last.coefs_), list(last.intercepts_), *ACTIVATIONS[last.activation])
        n = len(last.coefs_)
        kept = [f"coefs_[{place}]" for place in range(n)] + [f"intercepts_[{place}]" for place in range(n)]
        return Held(layers, tuple(kept), transposed=False)
    known = LINEAR if method == "decision_function" else PROBABILISTIC
    if not any(name in known for name in names) or hasattr(last.coef_, "toarray"):
        return None
    n_classes, how = len(last.classes_), getattr(last, "multi_class", "auto")
    if method == "predict_proba" and (
        getattr(last, "loss", "log_loss") != "log_loss" or (how == "multinomial" and n_classes == 2)
    ):
        return None
    against_rest = n_classes > 2 and (
        how == "ovr" or getattr(last, "solver", "") == "liblinear" or "SGDClassifier" in names
    )
    coef = np.atleast_2d(np.asarray(last.coef_, dtype=np.float64))
    bias = np.broadcast_to(np.asarray(last.intercept_, dtype=np.float64), len(coef))
    layers = Layers([coef.T], [bias], *ACTIVATIONS["identity"], against_rest and method == "predict_proba")
    kept = ["coef_", "intercept_"] if getattr(last, "fit_intercept", True) else ["coef_"]
    return Held(layers, tuple(kept), transposed=True)


def _seen(X: Any, steps: Sequence[Any]) -> Any:
    """Return rows as the classifier at the end sees them."""
    for step in steps:
        X = step.transform(X)
    return check_array(X, accept_sparse="csr", dtype=np.float64)


def _tree(names: Sequence[str], leaves: Sequence[FloatArray]) -> dict[str, Any]:
    """Return leaves by attribute; those of a list as one, with None for what is not there."""
    found: dict[str, Any] = {}
    for name, leaf in zip(names, leaves, strict=True):
        attribute, bracket, place = name.partition("[")
        if not bracket:
            found[attribute] = leaf
            continue
        own = found.setdefault(attribute, [])
        own += [None] * (int(place[:-1]) + 1 - len(own))
        own[int(place[:-1])] = leaf
    return found


def _leaves(names: Sequence[str], tree: Any) -> list[Any]:
    parts = (name.partition("[") for name in names)
    return [tree[attribute][int(place[:-1])] if bracket else tree[attribute] for attribute, bracket, place in parts]
