r"""Solving with the Hessian of a training problem: by one factorisation, or by products alone.

A direction in which no probability moves (`LinearProblem.gauge`) is taken out; any other in which the Hessian is flat
is an error, since the training problem does not say where parameters would go.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, Self

import numpy as np
from scipy import linalg
from scipy.sparse.linalg import LinearOperator, cg

from conjac._typing import FloatArray, IntArray
from conjac.errors import ConvergenceError, NotSupportedError, SingularJacobianError
from conjac.objectives.linear import LinearProblem

LARGEST = 4096
"""Parameters whose Hessian is held and factorised."""
CYCLES = 2000
"""Parameters at which a factorisation takes as long as one solution by products, about, where no entry is 0."""
FLAT = 1e-13
"""Reciprocal condition, columns scaled alike, below which a Hessian counts as singular."""


class Curvature(Protocol):
    """The inverse of a Hessian, as a map."""

    @property
    def told(self) -> str:
        """How it is solved with."""
        ...

    def solve(self, right: FloatArray) -> FloatArray:
        """Return solutions, array of shape (n_parameters, n_right)."""
        ...


@dataclass(frozen=True, eq=False)
class Factored:
    """A Hessian by its Cholesky factors, block by block.

    Attributes
    ----------
    problem : LinearProblem
    factors : list of array
        Of each block, rows and columns divided by ``scale``.
    scale : array of shape (n_parameters,)
    """

    problem: LinearProblem
    factors: list[FloatArray]
    scale: FloatArray
    told: str = "one Cholesky factorisation"

    @classmethod
    def of(cls, problem: LinearProblem) -> Self:
        """Factorise the Hessian at the problem's parameters.

        Raises
        ------
        SingularJacobianError
            A flat direction that is no gauge.
        """
        blocks, scales, factors = problem.hessian(), [], []
        size = problem.parameters.shape[1]
        for place, block in enumerate(blocks):
            if problem.gauge.shape[1]:
                size_of = np.diag(block) @ problem.gauge**2
                block = block + problem.gauge * size_of @ problem.gauge.T
            first = place * size
            scale = np.sqrt(np.diag(block))
            _refuse_flat(problem, np.flatnonzero(~(scale > 0)) + first)
            scaled = block / scale / scale[:, None]
            factor, failed = linalg.lapack.dpotrf(scaled, lower=True)
            known = 0.0 if failed else linalg.lapack.dpocon(factor, np.abs(scaled).sum(axis=0).max(), uplo="L")[0]
            if known < FLAT:
                flattest = np.abs(linalg.eigh(scaled, subset_by_index=[0, 0])[1][:, 0])
                _refuse_flat(problem, np.flatnonzero(flattest > flattest.max() / 4) + first)
            factors.append(factor)
            scales.append(scale)
        return cls(problem, factors, np.concatenate(scales))

    def solve(self, right: FloatArray) -> FloatArray:
        """Return solutions, array of shape (n_parameters, n_right)."""
        scaled = right / self.scale[:, None]
        parts = np.split(scaled, len(self.factors))
        solved = [linalg.cho_solve((f, True), part) for f, part in zip(self.factors, parts, strict=True)]
        return _off_gauge(self.problem, np.concatenate(solved) / self.scale[:, None])


@dataclass(frozen=True, eq=False)
class MatrixFree:
    """A Hessian by its products with vectors: conjugate gradients, preconditioned by its diagonal.

    Attributes
    ----------
    problem : LinearProblem
    tolerance : float
        Of the residual, relative to the right-hand side.
    """

    problem: LinearProblem
    tolerance: float = 1e-10
    told: str = "conjugate gradients"

    @cached_property
    def _preconditioner(self) -> LinearOperator:
        diagonal = self.problem.diagonal().ravel()
        return LinearOperator((len(diagonal),) * 2, matvec=lambda v: v.ravel() / diagonal, dtype=np.float64)

    def solve(self, right: FloatArray) -> FloatArray:
        """Return solutions, array of shape (n_parameters, n_right).

        Raises
        ------
        ConvergenceError
            A solution that is not reached.
        """
        shape, n = self.problem.parameters.shape, self.problem.n_parameters
        hessian = LinearOperator(
            (n, n), matvec=lambda v: self.problem.product(v.reshape(shape)).ravel(), dtype=np.float64
        )
        solved = []
        for each in _off_gauge(self.problem, right).T:
            found, failed = cg(hessian, each, rtol=self.tolerance, maxiter=10 * n, M=self._preconditioner)
            if failed:
                residual = float(np.linalg.norm(hessian @ found - each) / np.linalg.norm(each))
                told = (
                    f"conjugate gradients did not solve with the Hessian of {n} parameters in {10 * n} steps: scale "
                    "the columns alike, as by StandardScaler, or pass method='refit'"
                )
                raise ConvergenceError(told, nearest=found, residual=residual, steps=())
            solved.append(found)
        return _off_gauge(self.problem, np.stack(solved, axis=1))


def curvature_of(problem: LinearProblem, n_right: int) -> Curvature:
    """Return the inverse Hessian in the form that is likely to be faster for so many right-hand sides.

    Conjugate gradients take some 10 steps where columns are independent, and 100 to 400 where neighbours correlate by
    .9; a factorisation takes the same time on both, and adds up zeros too.

    Raises
    ------
    SingularJacobianError
        A flat direction that is no gauge.
    NotSupportedError
        Too many parameters to look for one, where columns have no penalty.
    """
    n = problem.n_parameters if problem.coupling is not None else problem.parameters.shape[1]
    if n <= LARGEST and n <= CYCLES * problem.design.density * max(n_right, 1):
        return Factored.of(problem)
    free = np.flatnonzero((problem.penalty == 0).any(axis=0))
    if len(free) > problem.design.intercept:
        if n <= LARGEST:
            return Factored.of(problem)
        raise NotSupportedError(
            f"{n} parameters without a penalty: too many to make sure that training determines them; set a finite C"
        )
    return MatrixFree(problem)


def _off_gauge(problem: LinearProblem, values: FloatArray) -> FloatArray:
    """Take out of solutions what moves no probability."""
    return np.asarray(values - problem.gauge @ (problem.gauge.T @ values))


def _refuse_flat(problem: LinearProblem, places: IntArray) -> None:
    if not len(places):
        return
    columns = np.unique(places % problem.parameters.shape[1]).tolist()
    last = problem.parameters.shape[1] - 1
    named = ["the intercept" if problem.design.intercept and c == last else f"column {c}" for c in columns[:10]]
    raise SingularJacobianError(
        f"the training problem does not determine the coefficients of {', '.join(named)}: its Hessian is singular "
        "there (columns that repeat or add to one another, or are constant); drop one, or add a penalty: a finite C, "
        "alpha > 0"
    )
