"""How figures move with training rows where the model's parameters are too many for directions: each figure by itself.

A figure's gradient in the parameters is pulled from the rows that are evaluated, solved with once, and pulled on to the
training rows. Errors are those of `conjac.motion.pulled`, from 64 blocks of rows: as many times the work, so they are
made only where they are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Self

import numpy as np

from conjac._typing import AnyArray, FloatArray, Normalize
from conjac.inference import Cells
from conjac.inference.delta import normalized_slope
from conjac.metrics import Metric
from conjac.motion.pulled import PulledMotion
from conjac.motion.slopes import Slopes


@dataclass(frozen=True, eq=False)
class AdjointMotion:
    """Cells at one rule, and their motion with training rows.

    Attributes
    ----------
    pulled : PulledMotion
        Its parameters are the weights of all rows, then all rows left out, then all under their other label.
    label, other : array of shape (n_rows,)
        As for `conjac.motion.weighted.Changes`.
    errors : bool
        Whether standard errors are made; else they are nan.
    """

    pulled: PulledMotion
    label: AnyArray
    other: AnyArray
    errors: bool = False

    @property
    def counted(self) -> Cells:
        """Exact counts at one point."""
        return self.pulled.counted

    @property
    def method(self) -> str:
        """By a kernel and margins' derivatives."""
        return self.pulled.method

    @property
    def derivative(self) -> FloatArray:
        """Derivative of the cells by each weight, array of shape (n_rows, n_columns, n_columns)."""
        return self.pulled.derivative[: len(self.label)]

    def cells_stderr(self, how: Normalize | None) -> FloatArray:
        """Return the standard error of each cell as normalised, array of shape (n_columns, n_columns)."""
        return self.pulled.cells_stderr(how)

    def arranged(self, values: FloatArray) -> FloatArray:
        """Return figures with the row as their last axis."""
        return self.pulled.arranged(values)

    def with_errors(self) -> Self:
        """Return the same, with standard errors."""
        return replace(self, errors=True)

    def slopes(self, how: Normalize | None) -> Slopes:
        """Return the derivative of the matrix as normalised, arrays of shape (n_rows, n_columns, n_columns)."""
        if self.errors:
            return self._ways(self.pulled.slopes(how))[0]
        cells = self.counted.weight[0].astype(np.float64)
        value, center = (normalized_slope(cells, moved, how) for moved in self.pulled.moved)
        return self._ways(Slopes(value, center, np.full(value.shape, np.nan)))[0]

    def metric_slope(self, row: Metric) -> Slopes:
        """Return a metric's derivative by each weight, arrays of shape (n_rows,)."""
        return self.effects(row)[0]

    def effects(self, row: Metric) -> tuple[Slopes, ...]:
        """Return what rows do to a metric: by their weight, left out, and under the other label."""
        if self.errors:
            return self._ways(self.pulled.metric_slope(row))
        gradient = self.pulled.gradient_in_cells(row)
        value, center = self.pulled.vjp(gradient), self.pulled.centred(gradient)
        return self._ways(Slopes(value, center, np.full(value.shape, np.nan)))

    def _ways(self, found: Slopes) -> tuple[Slopes, ...]:
        n = len(self.label)
        return tuple(found.mapped(itemgetter(slice(start, start + n))) for start in (0, n, 2 * n))
