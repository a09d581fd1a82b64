"""Multi-layer perceptrons: derivatives by back-propagation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import expit

from conjac._typing import FloatArray
from conjac.models.scikit.part import Part, numbers, serve, unknown

Elementwise = Callable[[FloatArray], FloatArray]

ACTIVATIONS: dict[str, tuple[Elementwise, Elementwise]] = {
    "identity": (lambda z: z, np.ones_like),
    "logistic": (expit, lambda a: a * (1 - a)),
    "relu": (lambda z: np.maximum(z, 0), lambda a: (a > 0).astype(np.float64)),
    "tanh": (np.tanh, lambda a: 1 - a**2),
}
"""Each function, and its derivative as a function of its value; that of "relu" almost everywhere."""


def perceptron(estimator: Any) -> Part:
    """Return a network's last layer before its logistic or softmax: log-odds, or logarithms up to a common term."""
    if estimator.activation not in ACTIVATIONS:
        return unknown(f"MLPClassifier(activation={estimator.activation!r})")
    activate, slope = ACTIVATIONS[estimator.activation]

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        values = [numbers(X)]
        for weights, bias in zip(estimator.coefs_[:-1], estimator.intercepts_[:-1], strict=True):
            values.append(activate(values[-1] @ weights + bias))
        pulled = cotangent @ estimator.coefs_[-1].T
        for weights, value in zip(reversed(estimator.coefs_[:-1]), reversed(values[1:]), strict=True):
            pulled = (pulled * slope(value)) @ weights.T
        return np.asarray(pulled, dtype=np.float64)

    return Part(pull)


serve("predict_proba", {"MLPClassifier": perceptron})
