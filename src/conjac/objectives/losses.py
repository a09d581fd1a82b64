r"""Losses of linear predictors, as rows of a table: each with its first and second derivative.

A target is a row of :math:`\pm 1`, one for each predictor, or of 0 and one 1 for the softmax.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit, log_softmax, softmax

from conjac._typing import FloatArray

Derivative = Callable[[FloatArray, FloatArray], FloatArray]
"""From predictors and targets, arrays of shape (n_rows, n_outputs), to an array of that shape."""


@dataclass(frozen=True)
class Loss:
    """A loss of one row, by what it does to the predictors.

    Attributes
    ----------
    name : str
    value : callable
        The losses: one for each predictor, or array of shape (n_rows, 1) for all together.
    gradient : callable
        The derivative by each predictor.
    curvature : callable
        The second derivative by each predictor, but for ``coupling``.
    coupling : callable or None
        What the second derivatives lack: the Hessian of a row is ``diag(curvature) - outer(coupling, coupling)``; not
        negative. None where predictors have losses of their own.
    kinked : bool
        Whether the gradient has kinks, so that the second derivative is a generalised one.
    """

    name: str
    value: Derivative
    gradient: Derivative
    curvature: Derivative
    coupling: Derivative | None = None
    kinked: bool = False


def _hinge(f: FloatArray, target: FloatArray) -> FloatArray:
    return np.asarray(np.maximum(1 - target * f, 0))


LOGISTIC: Final = Loss(
    "log loss",
    value=lambda f, target: np.logaddexp(0, -target * f),
    gradient=lambda f, target: -target * expit(-target * f),
    curvature=lambda f, _: np.asarray(expit(f) * expit(-f)),
)
SOFTMAX: Final = Loss(
    "log loss of the softmax",
    value=lambda f, target: -(target * log_softmax(f, axis=1)).sum(axis=1, keepdims=True),
    gradient=lambda f, target: softmax(f, axis=1) - target,
    curvature=lambda f, _: softmax(f, axis=1),
    coupling=lambda f, _: softmax(f, axis=1),
)
SQUARED: Final = Loss(
    "squared error",
    value=lambda f, target: (f - target) ** 2,
    gradient=lambda f, target: 2 * (f - target),
    curvature=lambda f, _: np.full(f.shape, 2.0),
)
SQUARED_HINGE: Final = Loss(
    "squared hinge",
    value=lambda f, target: _hinge(f, target) ** 2,
    gradient=lambda f, target: -2 * target * _hinge(f, target),
    curvature=lambda f, target: np.where(target * f < 1, 2.0, 0.0),
    kinked=True,
)
LOSSES: Final = (LOGISTIC, SOFTMAX, SQUARED, SQUARED_HINGE)
