"""What a search makes largest: a metric, once its constraints are met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from conjac._typing import FloatArray
from conjac.decisions.constraints import Constraint
from conjac.inference import Cells, metric_interval, metric_stderr, quantile
from conjac.metrics import Metric

FEW_ROWS = 3.0
UNMET = 1e250
"""What lies between meeting the constraints and not, far beyond any metric."""
MORE = 1.05
"""By how much doubt grows at least where a constraint is missed by the rows themselves."""
PENALTY = 100.0
"""Of a squared shortfall, in units of the metric."""


@dataclass(frozen=True, eq=False)
class Objective:
    """A metric, turned so that more is better, subject to constraints.

    Attributes
    ----------
    row : Metric
    constraints : sequence of Constraint
    confidence : float or None
        One-sided level at which they are to be met; None for the counts alone.
    unit : float
        Squared weight to a unit of weight.
    scale : float
        Of the metric: a cost may be told in cents or in millions.
    doubt : tuple of float
        How many times the variance of each constraint's metric is that of single rows of one weight.
    """

    row: Metric
    constraints: Sequence[Constraint] = ()
    confidence: float | None = None
    unit: float = 1.0
    scale: float = 1.0
    doubt: tuple[float, ...] = ()

    def scaled(self, cells: FloatArray) -> Objective:
        """Return the objective in units of what one row can do to the mean, of a metric without bounds."""
        if np.isfinite([self.row.domain.lower, self.row.domain.upper]).all():
            return self
        spread = float(np.abs(np.nan_to_num(self.row.gradient(cells))).max() * cells.sum())
        return replace(self, scale=spread or 1.0)

    def told(self, merit: float) -> float:
        """Return the metric of a merit; nan where constraints are missed."""
        return self.sign * self.scale * merit if merit > -UNMET else np.nan

    @property
    def sign(self) -> float:
        """1 where more is better, -1 of a cost."""
        return self.row.sign

    def merit(self, cells: FloatArray) -> FloatArray:
        """Return the metric where constraints are met, and how far they are missed elsewhere, far below.

        Parameters
        ----------
        cells : array of shape (n, n_classes, n_columns)
        """
        value = np.nan_to_num(self.sign / self.scale * self.row.value(cells), nan=-np.inf)
        if not self.constraints:
            return np.asarray(value)
        missed = self.missed(cells)
        return np.asarray(np.where(missed > 0, -UNMET * (1 + missed), value))

    def missed(self, cells: FloatArray) -> FloatArray:
        """Return by how much the constraints are missed in all; 0 where they are met."""
        parts = [constraint.shortfall(self._judged(place, cells)) for place, constraint in enumerate(self.constraints)]
        return np.asarray(np.sum(parts, axis=0)) if parts else np.zeros(len(cells))

    def binding(self, cells: FloatArray) -> list[Constraint]:
        """Return the constraints that a few rows more would break.

        Parameters
        ----------
        cells : array of shape (n_classes, n_columns)
        """
        held = []
        for place, constraint in enumerate(self.constraints):
            row_moves = FEW_ROWS * self.unit * np.abs(np.nan_to_num(constraint.metric.gradient(cells))).max()
            room = float(self._judged(place, cells[None])[0]) - constraint.bound
            if constraint.side_sign * room <= row_moves:
                held.append(constraint)
        return held

    def limits(self, counted: Cells) -> FloatArray:
        """Return what constraints are to be met by: metrics of counted cells or their limits, (n_constraints,)."""
        if self.confidence is None:
            return np.array([float(c.metric.value(counted.weight)[0]) for c in self.constraints])
        level = 2 * self.confidence - 1  # a one-sided limit at c is a two-sided one at 2c - 1
        return np.array([float(c.side(metric_interval(c.metric, counted, level))[0]) for c in self.constraints])

    def met(self, counted: Cells) -> bool:
        """Whether counted cells meet the constraints."""
        limits = self.limits(counted)
        return all(c.shortfall(limit) <= 0 for c, limit in zip(self.constraints, limits, strict=True))

    def doubted(self, counted: Cells) -> Objective:
        """Return the objective with the doubt that rows, of their weights and groups, tell of what they miss."""
        doubt = list(self.doubt or [1.0] * len(self.constraints))
        single = Cells(counted.weight, counted.weight * self.unit)
        for place, (constraint, limit) in enumerate(zip(self.constraints, self.limits(counted), strict=True)):
            if constraint.shortfall(limit) > 0:
                actual, plain = (self._half(constraint.metric, rows) for rows in (counted, single))
                doubt[place] = max(MORE * doubt[place], (actual / plain) ** 2 if plain > 0 else 0.0)
        return replace(self, doubt=tuple(doubt))

    def _half(self, row: Metric, counted: Cells) -> float:
        level = 2 * (self.confidence or 0.5) - 1
        return quantile(level, counted.df) * float(metric_stderr(row, counted)[0])

    def _judged(self, place: int, cells: FloatArray) -> FloatArray:
        constraint = self.constraints[place]
        if self.confidence is None:
            return np.asarray(constraint.metric.value(cells))
        unit = self.unit * (self.doubt[place] if self.doubt else 1.0)
        limits = metric_interval(constraint.metric, Cells(cells, cells * unit), 2 * self.confidence - 1)
        return constraint.side(limits)

    def smooth(self, cells: FloatArray) -> tuple[float, FloatArray]:
        """Return the metric less a penalty of what is missed, and its gradient by the cells."""
        turn = self.sign / self.scale
        value, gradient = turn * float(self.row.value(cells)), turn * np.nan_to_num(self.row.gradient(cells))
        for place, constraint in enumerate(self.constraints):
            missed = float(constraint.shortfall(self._judged(place, cells[None]))[0])
            if np.isfinite(missed) and missed > 0:
                value -= PENALTY * missed**2
                gradient = gradient + 2 * PENALTY * missed * constraint.side_sign * np.nan_to_num(
                    constraint.metric.gradient(cells)
                )
        return float(np.nan_to_num(value)), gradient
