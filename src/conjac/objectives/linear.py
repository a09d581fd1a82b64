r"""The training problem of a linear classifier, at the parameters that were fitted.

.. math:: L(\theta) = \sum_i \sum_k s_{ik}\, \ell(f_{ik}) + \tfrac12 \sum_{kj} \lambda_{kj} \theta_{kj}^2,
   \qquad f_{ik} = \sum_j \theta_{kj} z_{ij}

with z a row's columns and, where there is an intercept, a last one of 1. Parameters are arrays of shape
(n_outputs, n_columns), flat in C order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from scipy import sparse

from conjac._typing import FloatArray, IntArray
from conjac.objectives.losses import Loss

BLOCK = 2**11
"""Rows that are held at a time with their columns multiplied out: few enough for a processor's cache."""


@dataclass(frozen=True, eq=False)
class Design:
    """Rows as a linear model sees them.

    Attributes
    ----------
    columns : array or sparse array of shape (n_rows, n_features)
    intercept : bool
        Whether there is one more column, of 1.
    """

    columns: Any
    intercept: bool

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows, and of columns with that of the intercept."""
        return self.columns.shape[0], self.columns.shape[1] + self.intercept

    @property
    def density(self) -> float:
        """Share of the columns' entries that are held."""
        n_rows, n_features = self.columns.shape
        return self.columns.nnz / (n_rows * n_features) if sparse.issparse(self.columns) else 1.0

    def times(self, parameters: FloatArray) -> FloatArray:
        """Return products of the rows with parameters, array of shape (n_rows, n_outputs).

        Parameters
        ----------
        parameters : array of shape (n_outputs, n_columns)
        """
        n_features = self.columns.shape[1]
        found = np.asarray(self.columns @ parameters[:, :n_features].T)
        return found + parameters[:, -1] if self.intercept else found

    def sums(self, each: FloatArray) -> FloatArray:
        """Return sums over rows of products with what each has, array of shape (n_outputs, n_columns).

        Parameters
        ----------
        each : array of shape (n_rows, n_outputs)
        """
        found = np.asarray((self.columns.T @ each).T)
        return np.column_stack([found, each.sum(axis=0)]) if self.intercept else found

    def parts(self) -> Iterator[slice]:
        """Yield slices of rows, few at a time."""
        n_rows = self.columns.shape[0]
        for start in range(0, n_rows, BLOCK):
            yield slice(start, min(start + BLOCK, n_rows))

    def scaled(self, part: slice, factor: Any) -> FloatArray:
        """Return rows with all their columns, each times a factor: a number, or array of shape (n_part, 1)."""
        some = self.columns[part]
        rows = np.empty((some.shape[0], self.shape[1]))
        np.multiply(some.toarray() if sparse.issparse(some) else some, factor, out=rows[:, : some.shape[1]])
        rows[:, some.shape[1] :] = factor
        return rows

    def blocks(self) -> Iterator[tuple[slice, FloatArray]]:
        """Yield slices of rows with all their columns."""
        for part in self.parts():
            yield part, self.scaled(part, 1.0)


@dataclass(frozen=True, eq=False)
class LinearProblem:
    """What a linear classifier minimised.

    Attributes
    ----------
    design : Design
        Of the training rows.
    parameters : array of shape (n_outputs, n_columns)
    loss : Loss
    label : array of shape (n_rows,)
        Places of the rows' classes.
    row_weight : array of shape (n_rows,)
    targets : array of shape (n_classes, n_outputs)
        What the predictors of a row of each class aim at.
    class_weight : array of shape (n_classes, n_outputs) or (n_classes, 1)
        By which the losses of rows of each class are multiplied.
    penalty : array of shape (n_outputs, n_columns)
    """

    design: Design
    parameters: FloatArray
    loss: Loss
    label: IntArray
    row_weight: FloatArray
    targets: FloatArray
    class_weight: FloatArray
    penalty: FloatArray

    @property
    def n_parameters(self) -> int:
        """How many parameters there are."""
        return self.parameters.size

    @cached_property
    def target(self) -> FloatArray:
        """What each row's predictors aim at, array of shape (n_rows, n_outputs)."""
        return np.asarray(self.targets[self.label])

    @cached_property
    def weight(self) -> FloatArray:
        """Factor of each row's losses, array of shape (n_rows, n_outputs) or (n_rows, 1)."""
        return np.asarray(self.class_weight[self.label] * self.row_weight[:, None])

    def at(self, parameters: FloatArray) -> Self:
        """Return the problem at other parameters."""
        return replace(self, parameters=parameters)

    def relabelled(self, label: IntArray) -> Self:
        """Return the problem with other labels, at the same parameters."""
        return replace(self, label=label)

    @cached_property
    def predictors(self) -> FloatArray:
        """Predictors of the training rows, array of shape (n_rows, n_outputs)."""
        return self.design.times(self.parameters)

    @cached_property
    def pulls(self) -> FloatArray:
        """Derivative of each row's weighted loss by its predictors, array of shape (n_rows, n_outputs)."""
        return np.asarray(self.weight * self.loss.gradient(self.predictors, self.target))

    @cached_property
    def curvature(self) -> FloatArray:
        """Second derivative of each row's weighted loss, but for `coupling`, array of shape (n_rows, n_outputs)."""
        return np.asarray(self.weight * self.loss.curvature(self.predictors, self.target))

    @cached_property
    def coupling(self) -> FloatArray | None:
        """What the second derivatives lack, as in `Loss`, weighted; None where each output has a loss of its own."""
        if self.loss.coupling is None:
            return None
        return np.asarray(np.sqrt(self.weight) * self.loss.coupling(self.predictors, self.target))

    @property
    def value(self) -> float:
        """The training objective."""
        losses = self.weight * self.loss.value(self.predictors, self.target)
        return float(losses.sum() + (self.penalty * self.parameters**2).sum() / 2)

    @property
    def gradient(self) -> FloatArray:
        """Gradient of the training objective, array of shape (n_outputs, n_columns)."""
        return self.design.sums(self.pulls) + self.penalty * self.parameters

    def product(self, direction: FloatArray) -> FloatArray:
        """Return the Hessian times a direction, array of shape (n_outputs, n_columns)."""
        found = self.penalty * direction
        whole = sparse.issparse(self.design.columns)
        for part in [slice(None)] if whole else self.design.parts():  # rows stay in the cache for both products
            rows = Design(self.design.columns[part], self.design.intercept)
            moved = rows.times(direction)
            turned = self.curvature[part] * moved
            if self.coupling is not None:
                own = self.coupling[part]
                turned -= own * (own * moved).sum(axis=1, keepdims=True)
            found = found + rows.sums(turned)
        return np.asarray(found)

    def hessian(self) -> list[FloatArray]:
        """Return the Hessian's diagonal blocks: one an output, or one of all where outputs are coupled."""
        q, p = self.parameters.shape
        pairs = [(j, k) for j in range(q) for k in range(j + 1) if j == k or self.coupling is not None]
        sums = {pair: np.zeros((p, p)) for pair in pairs}
        for part in self.design.parts():
            for pair in pairs:
                own = self.design.scaled(part, self._bend(part, *pair))
                sums[pair] += own.T @ own
        blocks = [sums[k, k] + np.diag(self.penalty[k]) for k in range(q)]
        if self.coupling is None:
            return blocks
        whole = np.empty((q, p, q, p))
        for j, k in pairs:
            whole[j, :, k] = whole[k, :, j] = blocks[k] if j == k else -sums[j, k]
        return [whole.reshape(q * p, q * p)]

    def _bend(self, part: slice, j: int, k: int) -> FloatArray:
        """Return the root of the size of rows' second derivatives by two outputs, array of shape (n_part, 1)."""
        own = self.curvature[part, k]
        if self.coupling is not None:
            both = self.coupling[part, j] * self.coupling[part, k]
            own = np.maximum(own - both, 0) if j == k else both
        return np.asarray(np.sqrt(own)[:, None])

    def diagonal(self) -> FloatArray:
        """Return the Hessian's diagonal, array of shape (n_outputs, n_columns)."""
        design = self.design
        own = self.curvature if self.coupling is None else self.curvature - self.coupling**2
        if sparse.issparse(design.columns):
            return self.penalty + Design(design.columns.power(2), design.intercept).sums(own)
        found = self.penalty.astype(np.float64).copy()
        for part, rows in design.blocks():
            found += own[part].T @ rows**2
        return np.asarray(found)

    @cached_property
    def gauge(self) -> FloatArray:
        """Directions in which no probability moves, orthonormal, array of shape (n_parameters, n_gauge).

        Of the softmax: one constant added to all outputs, in each column whose parameters have no penalty.
        """
        q, p = self.parameters.shape
        free = np.flatnonzero((self.penalty == 0).all(axis=0)) if self.coupling is not None else np.zeros(0, np.intp)
        found = np.zeros((q, p, len(free)))
        found[:, free, np.arange(len(free))] = 1 / np.sqrt(q)
        return found.reshape(q * p, len(free))


def signs(n_classes: int) -> FloatArray:
    """Return targets of 1 for a row's own class and -1 for others; of two classes, one for the second."""
    each = 2 * np.eye(n_classes) - 1
    return each[:, 1:] if n_classes == 2 else each
