r"""The interval and the p-value of a difference between separate rows, also where these are few.

A normal interval around a difference is too short where a side has few rows, or a value near its end. Each side's own
interval knows better: Wilson's, or on a scale where it is nearly normal. From limits :math:`l, u` of either, those of
the difference :math:`d = b - a` are

.. math:: d - \sqrt{(b - l_b)^2 + (u_a - a)^2}, \quad d + \sqrt{(u_b - b)^2 + (a - l_a)^2}

(Newcombe 1998, Statistics in Medicine 17:873; of any figures, Zou and Donner 2008, Statistics in Medicine 27:1693). The
p-value is 1 less the level at which that interval reaches 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from conjac._typing import FloatArray
from conjac.inference import Cells, Interval, metric_limits, quantile
from conjac.metrics import Metric

QUANTILES = np.linspace(0, 8, 801)
"""Where intervals are tried; beyond the last, p-values are not told apart: 1e-15."""


@dataclass(frozen=True, eq=False)
class SeparateBand:
    """Intervals of the differences of metrics between independent rows, at any level.

    Attributes
    ----------
    metrics : sequence of Metric
    a, b : Cells
        At one point; of rows without clusters.
    difference : array of shape (n_metrics,)
        nan where it is not to be told.
    """

    metrics: Sequence[Metric]
    a: Cells
    b: Cells
    difference: FloatArray

    def __call__(self, level: float) -> Interval:
        """Return the limits, arrays of shape (n_metrics,)."""
        q = np.array([quantile(level)])
        sides = [self._limits(place, q) for place in range(len(self.metrics))]
        return Interval(*(np.array([side[k][0] for side in sides]) for k in (0, 1)))

    def p_values(self) -> FloatArray:
        """Return two-sided p-values, not adjusted; nan where there is no difference to tell."""
        return np.array([self._p_value(place) for place in range(len(self.metrics))])

    def _limits(self, place: int, q: FloatArray) -> Interval:
        """Return the limits at quantiles, arrays of their shape."""
        row, difference = self.metrics[place], self.difference[place]
        below, above = [], []
        for cells in (self.a, self.b):
            value = row.value(cells.weight)
            lower, upper = metric_limits(row, cells, q)
            below.append(np.maximum(value - lower, 0))
            above.append(np.maximum(upper - value, 0))
        return Interval(difference - np.hypot(below[1], above[0]), difference + np.hypot(above[1], below[0]))

    def _p_value(self, place: int) -> float:
        difference = self.difference[place]
        if not difference:
            return 1.0
        lower, upper = self._limits(place, QUANTILES)
        room = lower if difference > 0 else -upper  # between 0 and the interval, less and less as it grows
        if np.isnan(room).any():
            return float("nan")
        return float(2 * stats.norm.sf(np.interp(0.0, -room, QUANTILES)))
