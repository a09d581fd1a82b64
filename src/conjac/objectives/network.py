r"""The training problem of a network: gradients and products with the Hessian, summed over batches of its rows.

.. math:: L(\theta) = \sum_i \frac{w_i}{W}\,\ell_i(\theta, \lambda) + R(\theta, \lambda), \qquad W = \sum_i w_i

Only products are asked of the library, :math:`\partial_\theta (\nabla L \cdot v)`: memory is that of a gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.errors import InvalidInputError, NotDifferentiableError
from conjac.models.networks import batches
from conjac.models.objective import Losses
from conjac.validation import TrainingData

HELD = 2**23
"""Numbers of the gradients of rows that are held at a time."""

LOOKED_AT = 16
"""Rows whose own gradients tell how large a gradient is."""
ROUNDING = 100
"""Roundings of these below which a gradient is none."""


@dataclass(frozen=True, eq=False)
class NetworkProblem:
    """What a network minimised, at its parameters.

    Attributes
    ----------
    losses : Losses
    X : array or frame of shape (n_rows, ...)
    y : array of shape (n_rows,)
        Labels as the loss takes them.
    row_weight : array of shape (n_rows,)
    damping : float
        Added to the diagonal of the Hessian.
    """

    losses: Losses
    X: Any
    y: AnyArray
    row_weight: FloatArray
    damping: float

    @classmethod
    def of(cls, losses: Losses, training: TrainingData, damping: float) -> Self:
        """Look at the rows that the network was trained on.

        Raises
        ------
        InvalidInputError
            Labels that are no numbers, and losses that are not finite.
        """
        y = training.y
        if y.dtype.kind not in "biuf":
            raise InvalidInputError(
                f"training_data: y holds {y[0]!r}, and a loss takes numbers: tell classes as 0, 1, ... here and in y"
            )
        weight = np.ones(len(y)) if training.weight is None else training.weight
        found = cls(losses, training.X, _labels(y), np.asarray(weight, dtype=np.float64), damping)
        for part, batch in batches(found.X):
            value = losses.values(batch, found.y[part])
            bad = np.flatnonzero(~np.isfinite(value))
            if len(bad):
                raise InvalidInputError(
                    f"Objective(loss=...): the loss of training row {part.start + bad[0]} is {value[bad[0]]} "
                    f"({len(bad)} such rows there); fill what is missing in X, or use a loss that is finite"
                )
        return found

    @property
    def n_parameters(self) -> int:
        """How many parameters follow the optimum."""
        return self.losses.structure.size

    @cached_property
    def total(self) -> float:
        """Weight of all rows."""
        return float(self.row_weight.sum())

    @cached_property
    def mean_pull(self) -> FloatArray:
        """Gradient of the mean loss, array of shape (n_parameters,)."""
        return self._over_rows(self.losses.gradient) / self.total

    @cached_property
    def gradient(self) -> FloatArray:
        """Gradient of the objective, array of shape (n_parameters,)."""
        return self._finite(self.mean_pull + self.losses.gradient(None, None, None))

    @cached_property
    def is_solved(self) -> bool:
        """Whether the gradient is what rounding leaves of it, beside those of single rows."""
        _, batch = next(batches(self.X))
        few, one = range(min(LOOKED_AT, len(batch))), np.ones(1)
        each = [self.losses.gradient(batch[i : i + 1], self.y[i : i + 1], one) for i in few]
        return bool(np.linalg.norm(self.gradient) <= ROUNDING * self.losses.eps * np.linalg.norm(each))

    def product(self, direction: FloatArray) -> FloatArray:
        """Return the Hessian, damped, times a direction, array of shape (n_parameters,)."""
        return self._turned(direction, None) + self.damping * direction

    def mixed(self, change: FloatArray) -> FloatArray:
        """Return the derivative of the gradient along a change of the hyper-parameters, array (n_parameters,)."""
        return self._turned(None, change)

    def rows(self) -> Iterator[tuple[slice, FloatArray]]:
        """Yield slices of rows with the gradients of their losses, array of shape (n_part, n_parameters)."""
        step = max(1, HELD // self.n_parameters)
        for part, batch in batches(self.X):
            for start in range(0, len(batch), step):
                some = slice(start, min(start + step, len(batch)))
                here = slice(part.start + some.start, part.start + some.stop)
                yield here, self.losses.rows(batch[some], self.y[here])

    def along(self, direction: FloatArray) -> FloatArray:
        """Return the derivative of each row's loss along a direction, array of shape (n_rows,)."""
        return np.concatenate([self.losses.along(batch, self.y[part], direction) for part, batch in batches(self.X)])

    def relabelled(self, y: AnyArray) -> Self:
        """Return the problem with other labels, at the same parameters."""
        return replace(self, y=_labels(y))

    def _turned(self, direction: FloatArray | None, change: FloatArray | None) -> FloatArray:
        def on_batch(batch: AnyArray | None, y: AnyArray | None, weight: FloatArray | None) -> FloatArray:
            return self.losses.turned(batch, y, weight, direction, change)

        return self._finite(self._over_rows(on_batch) / self.total + on_batch(None, None, None))

    def _over_rows(self, on_batch: Callable[[AnyArray, AnyArray, FloatArray], FloatArray]) -> FloatArray:
        found = np.zeros(self.n_parameters)
        for part, batch in batches(self.X):
            found += on_batch(batch, self.y[part], self.row_weight[part])
        return found

    def _finite(self, found: FloatArray) -> FloatArray:
        if not np.isfinite(found).all():
            raise NotDifferentiableError(
                "Objective: the derivatives of loss or penalty are not finite at these parameters, as that of a norm "
                "is not at 0; write them as functions that are smooth there"
            )
        return found


def _labels(y: AnyArray) -> AnyArray:
    """Return labels in the dtypes that losses take: whole numbers, or double precision."""
    return y.astype(np.float64 if y.dtype.kind == "f" else np.int64)
