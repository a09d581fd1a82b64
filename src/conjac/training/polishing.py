"""A fitted classifier brought to the optimum of its training problem."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
from scipy import linalg, optimize

from conjac._typing import FloatArray
from conjac.errors import ConvergenceError
from conjac.objectives import Fitted, LinearProblem, curvature_of
from conjac.objectives.curvature import LARGEST
from conjac.validation import check_training

NEAR = 1e-6
"""Gradient per unit of weight from which Newton steps go the rest of the way."""


def polish(estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> Any:
    """Return a copy of a fitted classifier whose parameters solve its training problem to full precision.

    Solvers stop early, which predictions do not feel and derivatives may: those by the implicit function theorem are of
    the optimum.

    Parameters
    ----------
    estimator : fitted classifier
        As for `conjac.Hyperparameters` where training is smooth: left as it is.
    X : array or frame of shape (n_samples, n_features)
        Training rows.
    y : array of shape (n_samples,)
        Their labels.
    sample_weight : array of shape (n_samples,), optional
        As it was fitted with.

    Returns
    -------
    fitted classifier
        Of the same class, with other parameters.

    Raises
    ------
    NotDifferentiableError
        A training problem that is not known to be smooth.
    ConvergenceError
        No optimum is found, as where classes can be told apart without error and no penalty holds parameters back.

    Notes
    -----
    A trust region until the optimum is near, then Newton's steps for as long as the gradient falls: J. Nocedal, S. J.
    Wright 2006, Numerical Optimization, 2nd ed., chapter 4. See :doc:`/training`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 200)
    >>> X = rng.normal(size=(200, 2)) + y[:, None]
    >>> rough = LogisticRegression(tol=0.1).fit(X, y)
    >>> exact = LogisticRegression(tol=1e-12, solver="newton-cholesky").fit(X, y)
    >>> np.abs(polish(rough, X, y).coef_ - exact.coef_).max() < 1e-9
    np.True_
    """
    solved = deepcopy(estimator)
    fitted = Fitted.of(solved, check_training((X, y, sample_weight)))
    fitted.solution.write(fitted.estimator, _finished(_minimised(fitted.solution.problem)).parameters)
    return solved


def _minimised(problem: LinearProblem) -> LinearProblem:
    """Go near the optimum, by a trust region."""
    shape, total = problem.parameters.shape, problem.weight.sum()

    def at(flat: FloatArray) -> LinearProblem:
        return problem.at(flat.reshape(shape))

    def product(flat: FloatArray, direction: FloatArray) -> FloatArray:
        return np.asarray(at(flat).product(direction.reshape(-1, 1)).ravel() / total)

    small = problem.n_parameters <= LARGEST
    curved = (
        {"method": "trust-exact", "hess": lambda flat: linalg.block_diag(*at(flat).hessian()) / total}
        if small
        else {"method": "trust-krylov", "hessp": product}
    )
    found = optimize.minimize(
        lambda flat: at(flat).value / total,
        problem.parameters.ravel(),
        jac=lambda flat: at(flat).gradient.ravel() / total,
        options={"gtol": NEAR},
        **curved,
    )
    slope = float(np.abs(found.jac).max())
    if not slope <= np.sqrt(NEAR):
        raise ConvergenceError(
            f"the training problem has no optimum nearby: its gradient is {slope:.2g} per row after {found.nit} steps; "
            "add a penalty (a finite C, alpha > 0), or scale the columns",
            nearest=found.x,
            residual=slope,
            steps=(),
        )
    return at(found.x)


def _finished(problem: LinearProblem) -> LinearProblem:
    """Take Newton steps for as long as the gradient falls."""
    while True:
        step = curvature_of(problem, 1).solve(problem.gradient.reshape(-1, 1))
        closer = problem.at(problem.parameters - step.reshape(problem.parameters.shape))
        if not np.abs(closer.gradient).max() < np.abs(problem.gradient).max():
            return problem
        problem = closer
