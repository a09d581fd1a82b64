"""How the cells of several classes move as several offsets do at once, in one direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from conjac._typing import FloatArray
from conjac.inference import Cells
from conjac.metrics import Metric
from conjac.motion.offsets import OffsetMotion, covaried, on_enough_rows
from conjac.motion.slopes import Slopes


@dataclass(frozen=True, eq=False)
class DirectedMotion:
    """Cells and fluxes at one rule, with offsets that move together.

    Attributes
    ----------
    motion : OffsetMotion
        With each offset alone.
    direction : array of shape (n_columns,)
        How far each offset goes for a unit of the one parameter.
    """

    motion: OffsetMotion
    direction: FloatArray

    @property
    def counted(self) -> Cells:
        """Exact counts at one point."""
        return self.motion.counted

    def metric_slope(self, row: Metric) -> Slopes:
        """Return a metric's derivative, arrays of shape (1,)."""
        figure, joint = self.motion.figure(row), self.motion.joint
        value = row.slope(self.counted.weight[0], joint.derivative) @ self.direction[:, None]
        speed = np.abs(self.direction[None, :] - self.direction[:, None])
        crossing = np.triu(self.motion.crossing(figure[0]) * speed)  # each facet once
        known = on_enough_rows(crossing, joint.boundary, (0, 1, 2))
        return Slopes(value, value, np.where(known, np.sqrt(self._variance(*figure)), np.nan))

    def slope_covariance(self, rows: Sequence[Metric]) -> FloatArray:
        """Return the covariance of metrics' derivatives, array of shape (1, n_metrics, n_metrics)."""
        return covaried(self._variance, [self.motion.figure(row) for row in rows])

    def _variance(self, gradient: FloatArray, bent: FloatArray) -> FloatArray:
        covariance = self.motion.joint.figure_covariance(gradient, bent)
        return np.atleast_1d(np.maximum(self.direction @ covariance @ self.direction, 0.0))
