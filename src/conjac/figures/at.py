"""What a curve tells at thresholds: matrices, slopes and metrics, each with its error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from conjac._typing import AnyArray, ConditionOn, CoordinateName, FloatArray, IntArray
from conjac.coordinates import Coordinate
from conjac.density import Calibration, Density
from conjac.engines.binned import cells_at
from conjac.engines.ordered import Counts
from conjac.engines.thresholds import Counter, from_score, to_score
from conjac.errors import InexactError, InvalidInputError
from conjac.inference import (
    Cells,
    Estimate,
    Interval,
    cells_interval,
    metric_limits,
    metric_stderr,
    quantile,
)
from conjac.metrics import Metric, resolve
from conjac.motion import MANY, Motion, Slopes, cut_of, slopes_along
from conjac.tally import Tally


@dataclass(frozen=True, eq=False, repr=False)
class FiguresAt:
    """Every figure at every threshold.

    Attributes
    ----------
    labels : tuple of length 2
        Negative label, positive label.
    unit : Coordinate
        Of every threshold given or returned.
    density : Density
        What the slopes are made of.
    counter : Counter
        What the matrices are counted by.
    condition_on : {"class", None}
    """

    labels: tuple[Any, Any]
    unit: Coordinate
    density: Density
    counter: Counter
    condition_on: ConditionOn | None

    @property
    def tally(self) -> Tally:
        """What the densities are estimated from, and all that `merge` needs."""
        return self.density.tally

    @property
    def assume_calibrated(self) -> bool:
        """Whether scores are taken as probabilities that hold."""
        return self.density.assumes_calibration

    @property
    def coordinate(self) -> CoordinateName:
        """Unit of every threshold given or returned."""
        return self.unit.name

    def matrix_at(self, t: Any, *, exact: bool = False) -> AnyArray:
        """Return the matrix at thresholds, array of shape ``(*t.shape, 2, 2)``; exact integers without weights.

        Parameters
        ----------
        t : float or array
            In units of ``coordinate``.
        exact : bool
            Raise where only a bound is known.

        Raises
        ------
        InexactError
            With ``exact=True``, at a threshold inside a bin of a tally.
        """
        counts = self._counts(t)
        if exact and counts.bound.any():
            raise InexactError(
                "exact=True: a tally is exact at its named thresholds and bin edges only; "
                "name the threshold when the curve is built (thresholds=), or read bound_at"
            )
        return counts.weight

    def bound_at(self, t: Any) -> FloatArray:
        """Return how far each class's cells can be from the exact count, array of shape ``(*t.shape, 2)``."""
        return self._counts(t).bound

    def jacobian_at(self, t: Any) -> FloatArray:
        """Return dC/dt, array of shape ``(*t.shape, 2, 2)``; nan at the end of the domain."""
        return self._shaped(self._slopes_at(t).value, t)

    def center_at(self, t: Any) -> FloatArray:
        """Return the bias-corrected dC/dt on which intervals are centred, array of shape ``(*t.shape, 2, 2)``."""
        return self._shaped(self._slopes_at(t).center, t)

    def stderr_at(self, t: Any) -> FloatArray:
        """Return the standard error of `center_at`, array of shape ``(*t.shape, 2, 2)``."""
        return self._shaped(self._slopes_at(t).stderr, t)

    def confint_at(self, t: Any, level: float = 0.95) -> Interval:
        """Return the pointwise interval of dC/dt, lower and upper arrays of shape ``(*t.shape, 2, 2)``."""
        found = self._slopes_at(t)
        half = quantile(level, self._df) * found.stderr
        return Interval(self._shaped(found.center - half, t), self._shaped(found.center + half, t))

    def matrix_confint_at(self, t: Any, level: float = 0.95) -> Interval:
        """Return Wilson's interval of each cell, lower and upper arrays of shape ``(*t.shape, 2, 2)``.

        It is for the population's expected matrix of as many rows.
        """
        cells = self.cells_at(t)
        limits = cells_interval(cells, np.sqrt(cells.variance), None, level)
        return Interval(*(self._shaped(side, t) for side in limits))

    def calibration_at(self, t: Any) -> Estimate:
        """Return by how much the labels' log-odds differ from the scores' at thresholds, arrays of t's shape.

        By a local logistic regression; 0 where scores are calibrated. ``bound`` is that of its bias, where the
        difference changes within 1.5 standard deviations of the scores.

        Raises
        ------
        InvalidInputError
            Scores that are no probabilities, or no labelled row.
        """
        if self.tally.scale != "logit":
            raise InvalidInputError("calibration_at: raw scores are no probabilities; pass scores in [0, 1]")
        found = self._calibration(cut_of(self.score_of(t).reshape(-1), self.unit))

        def limits(level: float) -> Interval:
            half = quantile(level, None) * np.hypot(found.stderr, found.bound)
            return Interval(self._shaped(found.shift - half, t), self._shaped(found.shift + half, t))

        shift, stderr, bound = (self._shaped(x, t) for x in (found.shift, found.stderr, found.bound))
        return Estimate(shift, stderr, bound, limits)

    def _calibration(self, cut: FloatArray) -> Calibration:
        return Calibration.at(self.tally, cut)

    def metric_at(self, metric: str | Metric, t: Any) -> Estimate:
        """Return a metric's value and its error at thresholds, arrays of t's shape."""
        row, cells = resolve(metric, self.labels), self.cells_at(t)
        inside = self._counts(t).bound.reshape(-1, 2)[:, :, None]
        bound = np.zeros(len(inside))
        if inside.any():
            bound = np.where(inside > 0, np.abs(row.gradient(cells.weight)) * inside, 0.0).sum(axis=(1, 2))

        def limits(level: float) -> Interval:
            sides = metric_limits(row, cells, quantile(level, cells.df), error)
            return Interval(*(self._shaped(side, t) for side in sides))

        value, error = row.value(cells.weight), metric_stderr(row, cells)
        return Estimate(self._shaped(value, t), self._shaped(error, t), self._shaped(bound, t), limits)

    def metric_slope_at(self, metric: str | Metric, t: Any) -> Estimate:
        """Return a metric's derivative at thresholds, arrays of t's shape; its interval is that of bias correction."""
        row = resolve(metric, self.labels)
        found = self._slopes_at(t, lambda motion: motion.metric_slope(row))
        slope, center, error = (self._shaped(x, t) for x in found[:3])

        def limits(level: float) -> Interval:
            half = quantile(level, self._df) * error
            return Interval(center - half, center + half)

        return Estimate(slope, error, np.zeros_like(slope), limits)

    def method_at(self, t: Any) -> AnyArray:
        """Return which estimator gives the slope at thresholds ("tangent", "secant" or "undefined"), of t's shape."""
        return np.asarray(self.motion_at(t).flux.method.reshape(np.shape(t)))

    def cutoffs(self) -> FloatArray:
        """Return every threshold that alerts a different set, on the scores' own scale; the last alerts none."""
        return self.counter.cutoffs()

    def score_of(self, t: Any) -> FloatArray:
        """Return thresholds on the scores' own scale, array of t's shape."""
        return to_score(self.counter, self.unit, t)

    def told(self, score: Any) -> FloatArray:
        """Return thresholds on the scores' own scale in units of ``coordinate``: the inverse of `score_of`."""
        return from_score(self.counter, self.unit, score)

    def cells_at(self, t: Any) -> Cells:
        """Return the cells at thresholds, in a row; at a share of rows, with the noise of where that share is cut."""
        if self.unit.cut is None:
            return self.motion_at(t).joint.cells
        return self.cells_at_score(self.score_of(t).reshape(-1))

    def motion_at(self, t: Any) -> Motion:
        """Return cells, fluxes and their covariance at thresholds, in a row; the last ones asked for are kept."""
        score = self.score_of(t).reshape(-1)
        key = score.tobytes()
        if key not in self._last_motion:
            self._last_motion.clear()
            self._last_motion[key] = self.motion_at_score(score)
        return self._last_motion[key]

    @cached_property
    def _last_motion(self) -> dict[bytes, Motion]:
        return {}

    def weight_at_score(self, score: FloatArray) -> AnyArray:
        """Return the matrices alone, array of shape (n_points, 2, 2), for thresholds on the scores' own scale."""
        return self.counter.at(score).weight

    def cells_at_score(self, score: FloatArray) -> Cells:
        """Return what `cells_at` does, for thresholds on the scores' own scale."""
        return cells_at(self.counter, self.density, self.unit, score, self.condition_on)

    def motion_at_score(self, score: FloatArray) -> Motion:
        """Return what `motion_at` does, for thresholds on the scores' own scale."""
        return Motion.at(self.density, self.unit, score, self.cells_at_score(score))

    def _slopes_at(self, t: Any, slopes: Callable[[Motion], Slopes] = lambda motion: motion.slopes(None)) -> Slopes:
        """Return slopes at thresholds, in a row; of very many, by straight lines between those at some of them."""
        if np.size(t) <= MANY:
            return slopes(self.motion_at(t))
        score, place = np.unique(self.score_of(t), return_inverse=True)

        def motion_at(places: IntArray) -> Motion:
            return self.motion_at_score(score[places])

        found = slopes_along(self.density, cut_of(score, self.unit), motion_at, slopes)
        return found.mapped(lambda figure: figure[place.reshape(-1)])

    @property
    def _df(self) -> int | None:
        """Degrees of freedom of errors from blocks; None where rows are independent."""
        return self.cells_at_score(np.zeros(1)).df if self.density.clustered else None

    def _counts(self, t: Any) -> Counts:
        return self.counter.at(self.score_of(t))

    def _shaped(self, values: AnyArray, t: Any) -> FloatArray:
        return np.asarray(values).reshape((*np.shape(t), *np.shape(values)[1:]))
