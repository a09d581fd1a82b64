r"""Hyper-parameters of a training problem: what each does to its penalties and to the weights of its rows.

At the optimum :math:`\nabla L = 0`, so a hyper-parameter moves the parameters by
:math:`d\theta / d\lambda = -H^{-1}\, \partial_\lambda \nabla L`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import FloatArray
from conjac.objectives.linear import LinearProblem


@dataclass(frozen=True, eq=False)
class Lever:
    """A hyper-parameter, by the logarithms of what it multiplies.

    Attributes
    ----------
    value : float
        Where it stands; positive.
    penalty : array that broadcasts to (n_outputs, n_columns)
        Derivative of the penalties' logarithms by its own.
    weight : array that broadcasts to (n_classes, n_outputs), or None
        Derivative of the logarithm of rows' weights by its own, for rows of each class; None for 0.
    """

    value: float
    penalty: FloatArray
    weight: FloatArray | None = None


def mixed(problem: LinearProblem, lever: Lever) -> FloatArray:
    """Return the derivative of the training gradient by a lever's logarithm, array of shape (n_outputs, n_columns)."""
    found = lever.penalty * problem.penalty * problem.parameters
    if lever.weight is None:
        return np.asarray(found)
    return np.asarray(found + problem.design.sums(problem.pulls * lever.weight[problem.label]))
