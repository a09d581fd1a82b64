"""A metric of the smoothed cells: an objective with a slope, whose optimum varies less from sample to sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from conjac._typing import FloatArray
from conjac.coordinates import margins, scores_of
from conjac.decisions.along import Curve
from conjac.density import Smoother
from conjac.metrics import Metric


@dataclass(frozen=True, eq=False)
class SmoothedMetric:
    """A metric of the smoothed cells, turned so that more is better."""

    row: Metric
    sign: float
    smoother: Smoother
    curve: Curve
    grid: FloatArray

    @classmethod
    def of(cls, curve: Curve, row: Metric, sign: float) -> SmoothedMetric:
        """Smooth the cells of a curve."""
        smoother = curve.density.smoother
        return cls(row, sign, smoother, curve, smoother.grid)

    def __call__(self, cut: FloatArray) -> FloatArray:
        """Return the objective at cuts on the margin scale, array of shape (n_points,)."""
        alerts = self.smoother.alerts(cut)
        totals = self.curve.density.tally.totals()[0]
        return np.asarray(self.sign * self.row.value(np.stack([totals - alerts, alerts], axis=-1)))

    def at_cutoffs(self, cutoffs: FloatArray) -> FloatArray:
        """Return the objective at thresholds on the scores' own scale, between a grid's points."""
        return np.interp(self._cut(cutoffs), self.grid, self(self.grid))

    def polish(self, cutoffs: FloatArray, shortfall: FloatArray, at: int) -> float:
        """Return the optimum between the neighbours of a cut-off, as a score; the cut-off itself if none is better."""
        if (shortfall[max(at - 1, 0) : at + 2] > 0).any() or not 0 < at < len(cutoffs) - 2:
            return float(cutoffs[at])
        place = np.clip(np.searchsorted(self.grid, self._cut(cutoffs[[at]]))[0], 2, len(self.grid) - 3)
        around = self._cut(cutoffs[[at - 1, at + 1]])
        low, high = min(around[0], self.grid[place - 2]), max(around[1], self.grid[place + 2])
        found = minimize_scalar(lambda c: -self(np.array([c]))[0], bounds=(low, high), method="bounded")
        score = float(scores_of(found.x, self.curve.density.tally.scale))
        lands = int(np.searchsorted(cutoffs, score))
        return score if shortfall[lands] <= 0 else float(cutoffs[at])

    def _cut(self, cutoffs: FloatArray) -> FloatArray:
        finite = np.where(np.isfinite(cutoffs), cutoffs, 0.5)
        cut = np.where(np.isfinite(cutoffs), margins(finite, self.curve.density.tally.scale), self.grid[-1])
        return np.clip(cut, self.grid[0], self.grid[-1])
