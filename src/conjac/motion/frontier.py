"""How the cells of several classes move as the offset of one of them does, at many values of it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from conjac._typing import FloatArray
from conjac.calculus.analytic import along
from conjac.inference import Cells, FrontierJoint
from conjac.metrics import Metric
from conjac.motion.offsets import Figure, covaried, on_enough_rows
from conjac.motion.slopes import MIN_ROWS, Slopes


@dataclass(frozen=True, eq=False)
class FrontierMotion:
    """Cells and the fluxes between one class and the others, at values of its offset.

    Attributes
    ----------
    joint : FrontierJoint
    methods : tuple of {"tangent", "secant"}
        Which estimator served the fluxes at each value.
    """

    joint: FrontierJoint
    methods: tuple[str, ...]

    @property
    def counted(self) -> Cells:
        """Exact counts at each value."""
        return self.joint.cells

    def slopes(self) -> Slopes:
        """Return the derivative of the matrix, arrays of shape (n_values, n_columns, n_columns)."""
        value, noise = self.joint.derivative, self.joint.entering(self.joint.noise, self.joint.noise)
        rows = np.divide(value**2, noise, out=np.zeros_like(noise), where=noise > 0)
        return Slopes(value, value, np.where(rows >= MIN_ROWS, np.sqrt(self.joint.slope_variance()), np.nan))

    def metric_slope(self, row: Metric) -> Slopes:
        """Return a metric's derivative, arrays of shape (n_values,)."""
        cells, figure = self.counted.weight, self.figure(row)
        value = row.slope(cells, self.joint.derivative)
        steps = np.abs(figure[0][:, :, self.joint.column, None] - figure[0])
        crossing = steps * (cells.sum(axis=2, keepdims=True) > 0)
        known = on_enough_rows(crossing, self.joint, (1, 2))
        return Slopes(value, value, np.where(known, np.sqrt(self.joint.figure_variance(*figure)), np.nan))

    def slope_covariance(self, rows: Sequence[Metric]) -> FloatArray:
        """Return the covariance of metrics' derivatives, array of shape (n_values, n_metrics, n_metrics)."""
        return covaried(self.joint.figure_variance, [self.figure(row) for row in rows])

    def figure(self, row: Metric) -> Figure:
        """Return a metric's gradient in the cells, and what a unit of each cell adds to its slope by bending that."""
        cells = self.counted.weight.astype(np.float64)
        bent = along(row.gradient, cells, self.joint.derivative[None])[0]
        return np.nan_to_num(row.gradient(cells)), np.nan_to_num(bent)
