r"""What single training rows do to the parameters of a network.

A unit of weight on row i changes the gradient of the mean loss by :math:`(g_i - \bar g) / W`, since all weights are
divided by their sum; another label changes it by :math:`w_i (g_i' - g_i) / W`. What a row does to the Hessian is left
out: these are first-order effects, without the leverage that `conjac.objectives.RowEffects` corrects for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.density.near import or_one
from conjac.objectives.network import NetworkProblem
from conjac.objectives.products import Products, Whole
from conjac.objectives.rows import LEAST, RELATIVE


@dataclass(frozen=True, eq=False)
class NetworkEffects:
    """Directions of the parameters that training rows can cause, and where in them each change of a row lies.

    Attributes
    ----------
    problem : NetworkProblem
    curvature : Whole
    other : array of shape (n_rows,)
        The label that each row might have had instead, as the loss takes it.
    """

    problem: NetworkProblem
    curvature: Whole
    other: AnyArray

    @cached_property
    def _relabelled(self) -> NetworkProblem:
        return self.problem.relabelled(self.other)

    @cached_property
    def _roots(self) -> tuple[FloatArray, FloatArray]:
        """Return a root R of the second moment of the rows' gradients, and its inverse."""
        moment, least = _moment(self.problem), _moment(self._relabelled)
        slope = self._slope / (np.linalg.norm(self._slope) or 1.0)
        moment += LEAST * (least + np.trace(moment) * np.outer(slope, slope))
        scale = or_one(np.sqrt(np.diag(moment)))
        size, axes = np.linalg.eigh(moment / scale / scale[:, None])
        kept = size > RELATIVE * size.max()
        root = np.sqrt(size[kept])
        return axes[:, kept] * root * scale[:, None], (axes[:, kept] / root / scale[:, None]).T

    @cached_property
    def basis(self) -> FloatArray:
        r"""Directions :math:`H^{-1} R` of the parameters, array of shape (n_parameters, n_basis)."""
        return self.curvature.solve(self._roots[0])

    @property
    def newton(self) -> FloatArray:
        """Where one Newton step of the training problem lies in the basis, array of shape (n_basis,)."""
        return -self._roots[1] @ self._slope

    @cached_property
    def _slope(self) -> FloatArray:
        return self.curvature.off_flat(self.problem.gradient)

    @cached_property
    def weight(self) -> FloatArray:
        """Where a unit of each row's weight lies in the basis, array of shape (n_rows, n_basis)."""
        return (self._roots[1] @ self.problem.mean_pull - self._places(self.problem)) / self.problem.total

    def removed(self) -> FloatArray:
        """Return where leaving each row out lies in the basis, array of shape (n_rows, n_basis)."""
        return -self.problem.row_weight[:, None] * self.weight

    def relabelled(self) -> FloatArray:
        """Return where giving each row its other label lies in the basis, array of shape (n_rows, n_basis)."""
        change = self._places(self.problem) - self._places(self._relabelled)
        return self.problem.row_weight[:, None] * change / self.problem.total

    def _places(self, problem: NetworkProblem) -> FloatArray:
        found = np.empty((len(problem.y), len(self._roots[1])))
        for part, rows in problem.rows():
            found[part] = rows @ self._roots[1].T
        return found


@dataclass(frozen=True, eq=False)
class AdjointEffects:
    r"""What training rows do to figures, from these figures' gradients in the parameters, without any direction.

    A figure with the gradient G changes by :math:`s^\top (g_i - \bar g) / W` per unit of row i's weight, with
    :math:`s = -H^{-1} G` solved once for all rows.

    Attributes
    ----------
    problem : NetworkProblem
    curvature : Products
    other : array of shape (n_rows,)
        The label that each row might have had instead, as the loss takes it.
    """

    problem: NetworkProblem
    curvature: Products
    other: AnyArray

    def of(self, gradient: FloatArray) -> FloatArray:
        """Return what rows do to a figure, array of shape (3, n_rows): by weight, left out, under the other label.

        Parameters
        ----------
        gradient : array of shape (n_parameters,)
            Of the figure.
        """
        solved, problem = -self.curvature.solve(gradient[:, None])[:, 0], self.problem
        own = problem.along(solved)
        weight = (own - problem.mean_pull @ solved) / problem.total
        turned = problem.row_weight * (problem.relabelled(self.other).along(solved) - own) / problem.total
        return np.stack([weight, -problem.row_weight * weight, turned])


def _moment(problem: NetworkProblem) -> FloatArray:
    found = np.zeros((problem.n_parameters,) * 2)
    for _, rows in problem.rows():
        found += rows.T @ rows
    return found
