r"""Intervals of offsets: of an optimum, where a metric's slope is 0, and of targets, where metrics have given values.

With the slope g of a metric in the offsets and its derivative H there, the offsets at which the population's slope is 0
are estimated with covariance :math:`H^+ \operatorname{Cov}(g)\, H^+`; with the Jacobian J of several metrics m in the
offsets, those at which the population's metrics have their values with :math:`J^+ \operatorname{Cov}(m)\, J^{+T}`. The
pseudo-inverse leaves out what the metrics do not tell: one constant added to all offsets among it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from conjac._typing import FloatArray
from conjac.inference import Interval, quantile
from conjac.metrics import Metric
from conjac.motion import OffsetMotion
from conjac.rules import ArgmaxRule

Moving = Callable[[ArgmaxRule], OffsetMotion]
"""From a rule to its cells and fluxes."""
SINGULAR = 1e-6
"""Singular values below this share of the largest are taken as 0."""
FLAT = 1e-3
"""What of the direction of an offset may lie outside those in which the metric falls."""
ASIDE = 0.5
"""Step of the slope's derivative, in median bandwidths."""


Located = tuple[FloatArray, FloatArray]
"""Offsets and their covariance."""


@dataclass(frozen=True, eq=False)
class OffsetLimits:
    """Limits of offsets less the first label's, computed when they are asked for.

    Attributes
    ----------
    located : callable
        From nothing to the offsets that are estimated, array of shape (n_columns,), and their covariance.
    df : int or None
    """

    located: Callable[[], Located]
    df: int | None

    @cached_property
    def _found(self) -> Located:
        return self.located()

    @property
    def offsets(self) -> FloatArray:
        """What intervals are centred on."""
        return np.asarray(self._found[0] - self._found[0][0])

    @cached_property
    def stderr(self) -> FloatArray:
        """Standard errors of the differences to the first offset."""
        covariance = self._found[1]
        variance = np.diag(covariance) - 2 * covariance[0] + covariance[0, 0]
        return np.sqrt(np.where(variance < 0, 0.0, variance))

    def __call__(self, level: float) -> list[Interval]:
        """Return one part: lower and upper arrays of shape (n_columns,)."""
        half = quantile(level, self.df) * self.stderr
        return [Interval(self.offsets - half, self.offsets + half)]


def unknown(offsets: FloatArray) -> Located:
    """Return offsets with a covariance of nan."""
    return offsets, np.full((len(offsets), len(offsets)), np.nan)


def of_optimum(moving: Moving, rule: ArgmaxRule, row: Metric) -> FloatArray:
    """Return the covariance of the offsets at which a metric's slope is 0; of nan where it is not at its best there.

    An offset that the metric does not fall with, or whose slope rests on too few rows, has a variance of nan.
    """
    motion = moving(rule)
    bend = curvature(moving, rule, row, motion)
    values, vectors = np.linalg.eigh(row.sign * bend)
    told = np.abs(values) > SINGULAR * np.abs(values).max(initial=1e-300)
    if (values[told] > 0).any():
        return np.full_like(bend, np.nan)
    inverse = (vectors[:, told] / values[told]) @ vectors[:, told].T
    covariance = inverse @ motion.metric_slope_covariance(row) @ inverse
    away = np.eye(len(bend)) - np.eye(len(bend))[0]
    untold = np.abs(away - away @ vectors[:, told] @ vectors[:, told].T).max(axis=1) > FLAT
    untold |= np.isnan(motion.metric_slope(row).stderr)
    return np.asarray(covariance + np.diag(np.where(untold, np.nan, 0.0)))


def of_targets(motion: OffsetMotion, rows: Sequence[Metric]) -> FloatArray:
    """Return the covariance of the offsets at which metrics have given values."""
    slopes = np.stack([motion.metric_slope(row).value for row in rows])
    inverse = np.linalg.pinv(slopes, rcond=SINGULAR)
    covariance = motion.metric_covariance(rows)
    if not (np.diag(covariance) > 0).all():  # a recall of 1: nothing was seen of how it varies
        return np.full_like(inverse @ inverse.T, np.nan)
    return np.asarray(inverse @ covariance @ inverse.T)


def curvature(moving: Moving, rule: ArgmaxRule, row: Metric, motion: OffsetMotion) -> FloatArray:
    """Return the derivative of a metric's slope by the offsets, by differences, array of shape (n, n); symmetric."""
    n = len(rule.offsets)
    width = motion.joint.boundary.widths
    step = ASIDE * float(np.median(width)) if len(width) else 1.0
    columns = []
    for k in range(n):
        aside = step * np.eye(n)[k]
        more, less = (moving(rule.at(rule.offsets + side * aside)).metric_slope(row).value[:n] for side in (1, -1))
        columns.append((more - less) / (2 * step))
    bend = np.nan_to_num(np.stack(columns, axis=1))
    gauge = np.eye(n) - 1 / n
    return np.asarray(gauge @ (bend + bend.T) @ gauge / 2)
