"""How a model's scores follow its own parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.models.objective import Losses, Objective
from conjac.models.structure import Structure


@dataclass(frozen=True, eq=False)
class Parametric:
    r"""A model's scores as functions of its parameters, around where these are.

    Scores are what margins are made of, as for `conjac.models.Model`; directions are flat vectors.

    Attributes
    ----------
    structure : Structure
    pull : callable
        The vector-Jacobian product, summed over rows: from inputs and cotangents, array of shape (n_rows, n_outputs),
        to :math:`\sum_{ik} c_{ik}\, \partial u_{ik} / \partial \theta`, array of shape (n_parameters,).
    push : callable
        The Jacobian-vector product: from inputs and a direction, array of shape (n_parameters,), to an array of shape
        (n_rows, n_outputs).
    rows : callable
        Each row's Jacobian: from inputs to an array of shape (n_rows, n_outputs, n_parameters).
    moved : callable
        From a change of the parameters, array of shape (n_parameters,), to a function from inputs to scores, as
        `conjac.models.Model.scores` tells them.
    frozen : tuple of str
        Parameters that were left out since they are not trained.
    losses : callable or None
        From an `Objective` to what it makes of training rows; None where second derivatives are not known.
    """

    structure: Structure
    pull: Callable[[Any, FloatArray], FloatArray]
    push: Callable[[Any, FloatArray], FloatArray]
    rows: Callable[[Any], FloatArray]
    moved: Callable[[FloatArray], Callable[[Any], AnyArray]]
    frozen: tuple[str, ...] = ()
    losses: Callable[[Objective], Losses] | None = None

    def turned(self, columns: FloatArray) -> Self:
        """Return the same of other outputs.

        Parameters
        ----------
        columns : array of shape (n_outputs, n_others)
            What of these outputs each other one is made of.
        """
        return replace(
            self,
            pull=lambda X, cotangent: self.pull(X, cotangent @ columns.T),
            push=lambda X, direction: self.push(X, direction) @ columns,
            rows=lambda X: np.einsum("ikp,ko->iop", self.rows(X), columns, optimize=True),
        )

    def read(self, read: Callable[[AnyArray], AnyArray]) -> Self:
        """Return the same with scores as they are read; see `conjac.models.oriented`."""

        def moved(change: FloatArray) -> Callable[[Any], AnyArray]:
            scores = self.moved(change)
            return lambda X: read(scores(X))

        return replace(self, moved=moved)
