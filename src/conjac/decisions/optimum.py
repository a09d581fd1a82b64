"""The interval of an optimum: approximate in this version, and said so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import BoolArray, FloatArray
from conjac.coordinates import COORDINATES, margins, scores_of
from conjac.decisions.along import AT_MOST, Curve, component, in_order
from conjac.decisions.smoothed import SmoothedMetric
from conjac.inference import Cells, Interval, metric_stderr, quantile
from conjac.metrics import Metric
from conjac.motion import Motion
from conjac.sensitivity import metric_slope


@dataclass(frozen=True, eq=False)
class BendLimits:
    """For scores with a density: the slope's error over the smoothed metric's curvature, on the margin scale."""

    curve: Curve
    cut: float
    stderr: float
    df: int | None

    @classmethod
    def at(cls, curve: Curve, smoothed: SmoothedMetric, score: float) -> BendLimits:
        """Measure slope and curvature at a decision."""
        scale = curve.density.tally.scale
        at = np.array([score])
        cells = curve.cells_at_score(at)
        cut = float(margins(at, scale)[0])
        motion = Motion.at(curve.density, COORDINATES[scale], at, cells)
        slope_error = float(metric_slope(smoothed.row, motion)[2][0])
        reach = float(smoothed.smoother.bandwidth.mean())
        low, middle, high = smoothed(np.array([cut - reach, cut, cut + reach]))
        curvature = (low - 2 * middle + high) / reach**2
        return cls(curve, cut, slope_error / -curvature if curvature < 0 else np.nan, cells.df)

    def __call__(self, level: float) -> Interval:
        """Return the limits in the curve's unit; nan where the metric does not bend at the decision."""
        half = quantile(level, self.df) * self.stderr
        if not np.isfinite(half):
            return Interval(np.array(np.nan), np.array(np.nan))
        ends = scores_of(np.array([self.cut - half, self.cut + half]), self.curve.density.tally.scale)
        return in_order(self.curve, float(ends[0]), float(ends[1]))


@dataclass(frozen=True, eq=False)
class PlateauLimits:
    """For scores on atoms: the thresholds around the optimum whose metric is not beyond noise below it."""

    curve: Curve
    row: Metric
    score: float

    def __call__(self, level: float) -> Interval:
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
        return in_order(self.curve, float(scores[first]), float(scores[last]))


def _paired_stderr(row: Metric, best: Cells, others: Cells, higher: BoolArray) -> FloatArray:
    """Return the standard error of the difference in a metric between one threshold and others, same rows."""
    a, b = best.centred(row.gradient(best.weight)), others.centred(row.gradient(others.weight))
    alerts = np.stack(np.broadcast_arrays(best.weight2[..., 1], others.weight2[..., 1]))
    above, total = alerts.min(axis=0), best.weight2.sum(axis=-1)
    below = total - alerts.max(axis=0)
    changed = np.where(higher[:, None], a[..., 1] - b[..., 0], a[..., 0] - b[..., 1])
    variance = (
        above * (a[..., 1] - b[..., 1]) ** 2
        + below * (a[..., 0] - b[..., 0]) ** 2
        + (total - above - below) * changed**2
    ).sum(axis=-1)
    simple = metric_stderr(row, Cells(best.weight, best.weight2, None, best.condition_on))
    clustered = metric_stderr(row, best)
    factor = clustered / simple if simple.all() else 1.0
    return np.asarray(np.sqrt(variance) * factor)
