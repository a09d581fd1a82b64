"""A model made by hand, whose scores and their derivatives by its parameters are told by formulas."""

import numpy as np
from scipy.special import expit, softmax

from conjac.models import Model
from conjac.models.parametric import Parametric
from conjac.models.structure import Structure

STRETCH = 2.0


def parameters_of(n_classes, seed=0):
    """Return biases and weights: one output for two classes, else one a class."""
    rng = np.random.default_rng(seed)
    q = 1 if n_classes == 2 else n_classes
    return rng.normal(size=q) * 0.3, rng.normal(size=(q, 2))


def outputs(bias, weight, X):
    """Return u = b + 2 tanh(x W), array of shape (n_rows, n_outputs)."""
    return bias + STRETCH * np.tanh(X @ weight.T)


def rows_of(bias, weight, X):
    """Return the derivatives of u, array of shape (n_rows, n_outputs, n_parameters), biases first."""
    q, slope = len(bias), STRETCH / np.cosh(X @ weight.T) ** 2
    own = np.eye(q)[None, :, :, None] * (slope[:, :, None] * X[:, None, :])[:, :, None, :]
    return np.concatenate([np.broadcast_to(np.eye(q), (len(X), q, q)), own.reshape(len(X), q, -1)], axis=2)


def model_of(n_classes, output="probabilities", seed=0, twice=False):
    """Return the model; ``twice`` moves each bias by two parameters, "bias" and "again"."""
    bias, weight = parameters_of(n_classes, seed)
    leaves = {"bias": bias, "weight": weight} | ({"again": 0 * bias} if twice else {})
    structure = Structure(
        tuple(leaves),
        tuple(leaf.shape for leaf in leaves.values()),
        lambda own: dict(zip(leaves, own, strict=True)),
        lambda tree: [tree[name] for name in leaves],
    )

    def scores(X, bias=bias, weight=weight):
        u = outputs(bias, weight, np.asarray(X))
        u = u[:, 0] if n_classes == 2 else u
        if output == "scores":
            return u
        return expit(u) if n_classes == 2 else softmax(u, axis=1)

    def rows(X):
        found = rows_of(bias, weight, np.asarray(X))
        return np.concatenate([found, found[:, :, : len(bias)]], axis=2) if twice else found

    def moved(change):
        change = structure.leaves(change)
        return lambda X: scores(X, bias + change[0] + (change[2] if twice else 0), weight + change[1])

    parametric = Parametric(
        structure,
        pull=lambda X, cotangent: np.einsum("ik,ikp->p", cotangent, rows(X)),
        push=lambda X, direction: rows(X) @ direction,
        rows=rows,
        moved=moved,
    )
    return Model(
        scores,
        classes=tuple(range(n_classes)),
        scale="score" if output == "scores" else "logit",
        derivative="by hand",
        parametric=lambda _: parametric,
    )


def drawn(n_classes, n, seed=0, output="probabilities"):
    """Return a model, rows and labels that follow it."""
    rng = np.random.default_rng([seed, n_classes])
    X = rng.normal(size=(n, 2)) * 1.2
    bias, weight = parameters_of(n_classes)
    u = outputs(bias, weight, X)
    u = np.column_stack([np.zeros(n), u]) if n_classes == 2 else u
    y = (u + rng.gumbel(size=u.shape) * 0.7).argmax(axis=1)
    return model_of(n_classes, output), X, y
