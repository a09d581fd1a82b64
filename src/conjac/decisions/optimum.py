"""The confidence set of an optimum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import BoolArray, FloatArray
from conjac.coordinates import COORDINATES, margins, scores_of
from conjac.decisions.along import AT_MOST, Curve, component, in_order
from conjac.decisions.smoothed import SmoothedMetric
from conjac.density.flux import PENALTY
from conjac.inference import Cells, Interval, metric_stderr, quantile
from conjac.metrics import Metric
from conjac.motion import Motion

POINTS = 801
"""Thresholds at which slopes are measured."""
WORSE = 3.5
"""Standard errors by which a threshold must lose to the optimum to be no candidate for it."""


@dataclass(frozen=True, eq=False)
class SlopeLimits:
    """For scores with a density: the thresholds at which the metric's slope may be 0 and its value the best.

    At the population's optimum the slope is 0, and a pointwise interval of it holds 0 there as often as it claims.
    So the thresholds whose interval does are a confidence set, which need not be one interval; a bootstrap of the
    argmax gives none (Kim & Pollard 1990; Cattaneo, Jansson & Nagasawa 2020). What is worse than the optimum beyond
    doubt is left out: the slope is 0 at the worst threshold too.

    Attributes
    ----------
    grid : array of shape (n_grid,)
        Thresholds on the scores' own scale, ascending.
    ratio : array of shape (n_grid,)
        The bias-corrected slope over its standard error; nan where that is unknown.
    loss : array of shape (n_grid,)
        How far the metric is below its best, in standard errors of the difference.
    """

    curve: Curve
    score: float
    grid: FloatArray
    ratio: FloatArray
    loss: FloatArray
    df: int | None

    @classmethod
    def at(cls, curve: Curve, smoothed: SmoothedMetric, score: float) -> SlopeLimits:
        """Measure slopes on a grid around a decision."""
        scale = curve.density.tally.scale
        cuts = smoothed.grid[np.linspace(0, len(smoothed.grid) - 1, POINTS).astype(np.intp)]
        cuts = np.union1d(cuts, margins(np.array([score]), scale))
        grid = scores_of(cuts, scale)
        cells = curve.cells_at_score(grid)
        best = curve.cells_at_score(np.array([score]))
        motion = Motion.at(curve.density, COORDINATES[scale], grid, cells)
        _, center, stderr, _ = motion.metric_slope(smoothed.row)
        gap = smoothed.sign * (smoothed.row.value(best.weight) - smoothed.row.value(cells.weight))
        with np.errstate(invalid="ignore", divide="ignore"):
            loss = np.nan_to_num(gap / _paired_stderr(smoothed.row, best, cells, grid > score))
            ratio = smoothed.sign * center / stderr
        return cls(curve, score, grid, ratio, loss, cells.df)

    def __call__(self, level: float) -> list[Interval]:
        """Return the parts of the set in the curve's unit, ascending; one of nan where no slope is known."""
        grid, ratio = self.grid, self.ratio
        if np.isnan(ratio).all():
            return [Interval(np.array(np.nan), np.array(np.nan))]
        reach = quantile(level, self.df)
        with np.errstate(invalid="ignore"):
            inside = (np.abs(ratio) <= reach) & (self.loss <= WORSE)
        inside[np.argmin(np.abs(grid - self.score))] = True
        change = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]])))
        parts = []
        for first, last in zip(change[::2], change[1::2] - 1, strict=True):
            low = _crossing(grid, ratio, reach, first, first - 1)
            high = _crossing(grid, ratio, reach, last, last + 1)
            parts.append(in_order(self.curve, low, high))
        return sorted(parts, key=lambda part: float(part.lower))


def _crossing(grid: FloatArray, ratio: FloatArray, reach: float, inner: int, outer: int) -> float:
    """Return where the slope's interval ceases to hold 0 between a point inside and its neighbour outside."""
    if not 0 <= outer < len(grid) or not abs(ratio[inner]) <= reach < abs(ratio[outer]):
        return float(grid[inner])
    bound = np.sign(ratio[outer]) * reach
    share = (bound - ratio[inner]) / (ratio[outer] - ratio[inner])
    return float(grid[inner] + np.clip(share, 0, 1) * (grid[outer] - grid[inner]))


@dataclass(frozen=True, eq=False)
class PlateauLimits:
    """For scores on atoms: the thresholds around the optimum whose metric is not beyond noise below it."""

    curve: Curve
    row: Metric
    score: float

    def __call__(self, level: float) -> list[Interval]:
        """Return the limits in the curve's unit."""
        cutoffs = self.curve.cutoffs()
        chosen = np.linspace(0, len(cutoffs) - 1, min(AT_MOST, len(cutoffs))).astype(np.intp)
        chosen = np.union1d(chosen, np.searchsorted(cutoffs, self.score))
        scores = cutoffs[chosen]
        best = self.curve.cells_at_score(np.array([self.score]))
        others = self.curve.cells_at_score(scores)
        loss = np.abs(self.row.value(best.weight) - self.row.value(others.weight))
        with np.errstate(invalid="ignore"):
            near = loss <= quantile(level, best.df) * _paired_stderr(self.row, best, others, scores > self.score)
        first, last = component(near, int(np.searchsorted(scores, self.score)))
        return [in_order(self.curve, float(scores[first]), float(scores[last]))]


def _paired_stderr(row: Metric, best: Cells, others: Cells, higher: BoolArray) -> FloatArray:
    """Return the standard error of the difference in a metric between one threshold and others, same rows.

    Half a row of each class is added to those that change sides: where few do, and none of the class that counts most,
    the difference looks surer than it is.
    """
    a, b = best.centred(row.gradient(best.weight)), others.centred(row.gradient(others.weight))
    alerts = np.stack(np.broadcast_arrays(best.weight2[..., 1], others.weight2[..., 1]))
    above, total = alerts.min(axis=0), best.weight2.sum(axis=-1)
    below = total - alerts.max(axis=0)
    one_row = total / best.weight.sum(axis=-1)
    crossed = total - above - below + PENALTY * one_row**2
    changed = np.where(higher[:, None], a[..., 1] - b[..., 0], a[..., 0] - b[..., 1])
    variance = (above * (a[..., 1] - b[..., 1]) ** 2 + below * (a[..., 0] - b[..., 0]) ** 2 + crossed * changed**2).sum(
        axis=-1
    )
    simple = metric_stderr(row, Cells(best.weight, best.weight2, None, best.condition_on))
    clustered = metric_stderr(row, best)
    factor = clustered / simple if simple.all() else 1.0
    return np.asarray(np.sqrt(np.maximum(variance, 0)) * factor)
