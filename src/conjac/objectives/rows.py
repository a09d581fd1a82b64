r"""What single training rows do to the parameters of a linear classifier.

Whatever happens to row i changes the training gradient by :math:`c_i \otimes z_i`, with so much for each output, and
the Hessian by :math:`\Delta B_i \otimes z_i z_i^\top`. One Newton step from the old optimum moves the parameters by

.. math:: \delta_i = -H^{-1}\,\big((I + \Delta B_i Q_i)^{-1} c_i\big) \otimes z_i,
   \qquad Q_i = (I \otimes z_i)^\top H^{-1} (I \otimes z_i),

by Woodbury's identity. With :math:`\Delta B_i = -B_i` that is leaving a row out, its leverage corrected (Pregibon 1981,
Annals of Statistics 9:705).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from conjac._typing import FloatArray, IntArray
from conjac.density.near import or_one
from conjac.objectives.curvature import Factored
from conjac.objectives.linear import LinearProblem

RELATIVE = 1e-12
"""Share of the largest, columns scaled alike, below which a direction that rows pull in counts as none."""

LEAST = 1e-6
"""Share of the mean squared pull that every row has at least: under another label it may pull where none does now."""


@dataclass(frozen=True, eq=False)
class RowEffects:
    """Directions of the parameters that training rows can cause, and where in them each change of a row lies.

    Attributes
    ----------
    problem : LinearProblem
    curvature : Factored
    """

    problem: LinearProblem
    curvature: Factored

    @cached_property
    def pulls(self) -> FloatArray:
        """What a unit of each row's weight adds to the training gradient, by output: array (n_rows, n_outputs)."""
        return _pulls(self.problem)

    @cached_property
    def _roots(self) -> list[tuple[FloatArray, FloatArray]]:
        """Return for each output a root R of the rows' second moment, weighted by their pulls, and its inverse."""
        moments = np.zeros((len(self.problem.parameters), *(self.problem.parameters.shape[1],) * 2))
        squared = self.pulls**2
        squared += LEAST * squared.mean(axis=0)
        for part, rows in self.problem.design.blocks():
            for moment, own in zip(moments, squared[part].T, strict=True):
                moment += (own[:, None] * rows).T @ rows
        found = []
        for moment in moments:
            scale = or_one(np.sqrt(np.diag(moment)))
            size, axes = np.linalg.eigh(moment / scale / scale[:, None])
            kept = size > RELATIVE * size.max()
            root = np.sqrt(size[kept])
            found.append((axes[:, kept] * root * scale[:, None], (axes[:, kept] / root / scale[:, None]).T))
        return found

    @cached_property
    def basis(self) -> FloatArray:
        r"""Directions :math:`H^{-1} R` of the parameters, array of shape (n_parameters, n_basis).

        Of unit weights in them rows have the second moment 1: they are the principal directions in which parameters
        scatter as training rows are drawn anew, outputs taken one by one.
        """
        q, p = self.problem.parameters.shape
        right = np.zeros((q, p, sum(root.shape[1] for root, _ in self._roots)))
        place = 0
        for k, (root, _) in enumerate(self._roots):
            right[k, :, place : place + root.shape[1]] = root
            place += root.shape[1]
        return self.curvature.solve(right.reshape(q * p, -1))

    def coordinates(self, change: FloatArray) -> FloatArray:
        """Return where changes of the training gradient lie in the basis, array of shape (n_rows, n_basis).

        Parameters
        ----------
        change : array of shape (n_rows, n_outputs)
            What of each row is added to the gradient, by output.
        """
        parts = [self.problem.design.times(inverse) for _, inverse in self._roots]
        return np.hstack([-own * part for own, part in zip(change.T[..., None], parts, strict=True)])

    @property
    def newton(self) -> FloatArray:
        """Where one Newton step of the training problem lies in the basis, array of shape (n_basis,)."""
        parts = [inverse @ own for (_, inverse), own in zip(self._roots, self.problem.gradient, strict=True)]
        return -np.concatenate(parts)

    @cached_property
    def _leverages(self) -> FloatArray:
        """Return Q of each row, array of shape (n_rows, n_outputs, n_outputs)."""
        q, p = self.problem.parameters.shape
        inverse = self.curvature.solve(np.eye(q * p)).reshape(q, p, q, p)
        found = np.zeros((len(self.problem.label), q, q))
        pairs = [(j, k) for j in range(q) for k in range(j + 1) if j == k or self.problem.coupling is not None]
        for part, rows in self.problem.design.blocks():
            for j, k in pairs:
                found[part, j, k] = found[part, k, j] = np.einsum(
                    "ip,pr,ir->i", rows, inverse[j, :, k], rows, optimize=True
                )
        return found

    def removed(self) -> FloatArray:
        """Return the change that leaves each row out, array of shape (n_rows, n_outputs)."""
        weight = self.problem.row_weight
        return self._bent(-weight[:, None] * self.pulls, -weight[:, None, None] * _bends(self.problem))

    def relabelled(self, label: IntArray) -> FloatArray:
        """Return the change that gives each row another label, array of shape (n_rows, n_outputs).

        Parameters
        ----------
        label : array of shape (n_rows,)
        """
        weight, other = self.problem.row_weight, self.problem.relabelled(label)
        change = weight[:, None] * (_pulls(other) - self.pulls)
        return self._bent(change, weight[:, None, None] * (_bends(other) - _bends(self.problem)))

    def _bent(self, change: FloatArray, bend: FloatArray) -> FloatArray:
        """Correct changes of the gradient for what rows do to the Hessian; nan where one alone fixes a parameter."""
        whole = np.eye(change.shape[1]) + bend @ self._leverages
        alone = np.abs(np.linalg.det(whole)) < np.sqrt(np.finfo(float).eps)
        whole[alone] = np.eye(change.shape[1])
        found = np.linalg.solve(whole, change[..., None])[..., 0]
        found[alone] = np.nan
        return np.asarray(found)


def _pulls(problem: LinearProblem) -> FloatArray:
    gradient = problem.loss.gradient(problem.predictors, problem.target)
    return np.asarray(problem.class_weight[problem.label] * gradient)


def _bends(problem: LinearProblem) -> FloatArray:
    """Return each row's second derivatives by its predictors, array of shape (n_rows, n_outputs, n_outputs)."""
    own = problem.class_weight[problem.label]
    curved = own * problem.loss.curvature(problem.predictors, problem.target)
    found = curved[:, :, None] * np.eye(curved.shape[1])
    if problem.loss.coupling is None:
        return np.asarray(found)
    coupling = np.sqrt(own) * problem.loss.coupling(problem.predictors, problem.target)
    return np.asarray(found - coupling[:, :, None] * coupling[:, None, :])
