"""Solving with the Hessian of a network's training problem: by products alone, or whole, where it is small."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from scipy.sparse.linalg import LinearOperator, cg

from conjac._typing import BoolArray, FloatArray
from conjac.errors import ConvergenceError, SingularJacobianError
from conjac.objectives.network import NetworkProblem

TOLERANCE = 1e-10
"""Of the residual, relative to the right-hand side; 30 roundings where these are larger."""
ROUGH = 1e-3
"""The same, of a Newton step, which tells how far off an optimum is."""
FLAT = 500
"""Roundings of the largest curvature that count as none."""
STEPS = 2000
"""Steps at most: each is a pass over the training rows."""
WAY_OUT = (
    "train on to a minimum, give the parameters that nothing determines a penalty, hold them (requires_grad=False), or "
    "pass Objective(damping=...)"
)


@dataclass(frozen=True, eq=False)
class Products:
    """A Hessian by its products with directions; as `conjac.objectives.Curvature`.

    Attributes
    ----------
    problem : NetworkProblem
    """

    problem: NetworkProblem

    @property
    def told(self) -> str:
        """How it is solved with."""
        return "conjugate gradients on products with the Hessian" + _damped(self.problem)

    def solve(self, right: FloatArray) -> FloatArray:
        """Return solutions, array of shape (n_parameters, n_right).

        Raises
        ------
        SingularJacobianError
            A direction in which the objective does not curve upwards.
        ConvergenceError
            A solution that is not reached.
        """
        tolerance = max(TOLERANCE, 30 * self.problem.losses.eps)
        return np.stack([self._solved(each, tolerance) for each in right.T], axis=1)

    def newton(self) -> FloatArray:
        """Return about what a Newton step does to the parameters, array of shape (n_parameters,)."""
        if self.problem.is_solved:  # what is left may point where the objective is flat
            return np.zeros(self.problem.n_parameters)
        return -self._solved(self.problem.gradient, ROUGH)

    def _solved(self, right: FloatArray, tolerance: float) -> FloatArray:
        n = self.problem.n_parameters
        steepest = 0.0

        def product(direction: FloatArray) -> FloatArray:
            nonlocal steepest
            direction = direction.ravel()
            found = self.problem.product(direction)
            squared = direction @ direction
            curved = float(direction @ found) / squared
            steepest = max(steepest, float(np.linalg.norm(found) / np.sqrt(squared)))
            if curved <= FLAT * self.problem.losses.eps * steepest:
                raise SingularJacobianError(
                    f"the training objective curves by {curved:.2g} in some direction, and by {steepest:.2g} in "
                    f"others: these parameters are no minimum that its rows determine; {WAY_OUT}"
                )
            return found

        operator = LinearOperator((n, n), matvec=product, dtype=np.float64)
        steps = min(10 * n, STEPS)
        found, failed = cg(operator, right, rtol=tolerance, maxiter=steps)
        if failed:
            residual = float(np.linalg.norm(self.problem.product(found) - right) / np.linalg.norm(right))
            raise ConvergenceError(
                f"conjugate gradients did not solve with the Hessian of {n} parameters in {steps} steps (what is left "
                f"is {residual:.2g} of the right-hand side): pass Objective(damping=...), or scale the inputs alike",
                nearest=found,
                residual=residual,
                steps=(),
            )
        return np.asarray(found)


@dataclass(frozen=True, eq=False)
class Whole:
    """A Hessian by its eigenvectors; as `conjac.objectives.Curvature`.

    Attributes
    ----------
    problem : NetworkProblem
    values : array of shape (n_parameters,)
    vectors : array of shape (n_parameters, n_parameters)
    """

    problem: NetworkProblem
    values: FloatArray
    vectors: FloatArray

    @classmethod
    def of(cls, problem: NetworkProblem) -> Self:
        """Put the Hessian together, a product for each parameter.

        Raises
        ------
        SingularJacobianError
            A direction in which the objective falls on both sides.
        """
        hessian = np.stack([problem.product(direction) for direction in np.eye(problem.n_parameters)])
        values, vectors = np.linalg.eigh((hessian + hessian.T) / 2)
        if values[0] < -cls._flat(problem, values):
            raise SingularJacobianError(
                f"the training objective curves by {values[0]:.2g} in some direction, and by {values[-1]:.2g} in "
                f"others: these parameters are no minimum; {WAY_OUT}, above {-values[0]:.2g}"
            )
        return cls(problem, values, vectors)

    @property
    def told(self) -> str:
        """How it is solved with."""
        return "the eigenvectors of the Hessian" + _damped(self.problem)

    def solve(self, right: FloatArray) -> FloatArray:
        """Return solutions, array of shape (n_parameters, n_right).

        Raises
        ------
        SingularJacobianError
            What would move along a direction in which the objective is flat.
        """
        along, flat = self.vectors.T @ right, self._is_flat
        if (np.abs(along[flat]) > np.sqrt(self.problem.losses.eps) * np.linalg.norm(right, axis=0)).any():
            raise SingularJacobianError(
                f"the training objective is flat in {flat.sum()} directions, and what moves would push along them: "
                f"its rows do not determine these parameters; {WAY_OUT}"
            )
        along[flat] = 0
        return np.asarray(self.vectors @ (along / np.where(flat, 1.0, self.values)[:, None]))

    def off_flat(self, change: FloatArray) -> FloatArray:
        """Return a change of the gradient, array of shape (n_parameters,), without what points where none can be."""
        kept = self.vectors[:, ~self._is_flat]
        return np.asarray(kept @ (kept.T @ change))

    @cached_property
    def _is_flat(self) -> BoolArray:
        return np.asarray(np.abs(self.values) <= self._flat(self.problem, self.values))

    @staticmethod
    def _flat(problem: NetworkProblem, values: FloatArray) -> float:
        return float(FLAT * problem.losses.eps * np.abs(values).max())


def _damped(problem: NetworkProblem) -> str:
    return f", {problem.damping:g} added to its diagonal" if problem.damping else ""
