"""What a curve tells at thresholds: matrices, slopes and metrics, each with its error."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from conjac._typing import AnyArray, ConditionOn, CoordinateName, FloatArray
from conjac.coordinates import Coordinate
from conjac.decisions import CostCurve, DecisionCurve, Tradeoff, cost_curve, decision_curve, tradeoff
from conjac.decisions.charted import points
from conjac.decisions.path import ThresholdPath
from conjac.density import Calibration, Density
from conjac.engines.arrays import Counts
from conjac.engines.binned import cells_at
from conjac.engines.thresholds import Counter, from_score, to_score
from conjac.errors import InexactError, InvalidInputError
from conjac.inference import (
    Cells,
    Estimate,
    Interval,
    metric_interval,
    metric_stderr,
    quantile,
)
from conjac.metrics import Metric, resolve
from conjac.motion import Motion, cut_of
from conjac.tally import Tally


@dataclass(frozen=True, eq=False, repr=False)
class Figures:
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
        motion = self.motion_at(t)
        return self._shaped(motion.slope(motion.point), t)

    def center_at(self, t: Any) -> FloatArray:
        """Return the bias-corrected dC/dt on which intervals are centred, array of shape ``(*t.shape, 2, 2)``."""
        motion = self.motion_at(t)
        return self._shaped(motion.slope(motion.center), t)

    def stderr_at(self, t: Any) -> FloatArray:
        """Return the standard error of `center_at`, array of shape ``(*t.shape, 2, 2)``."""
        return self._shaped(self.motion_at(t).slopes(None).stderr, t)

    def confint_at(self, t: Any, level: float = 0.95) -> Interval:
        """Return the pointwise interval of dC/dt, lower and upper arrays of shape ``(*t.shape, 2, 2)``."""
        motion = self.motion_at(t)
        _, center, stderr, _ = motion.slopes(None)
        half = quantile(level, motion.counted.df) * stderr
        return Interval(self._shaped(center - half, t), self._shaped(center + half, t))

    def matrix_confint_at(self, t: Any, level: float = 0.95) -> Interval:
        """Return Wilson's interval of each cell, lower and upper arrays of shape ``(*t.shape, 2, 2)``.

        It is for the population's expected matrix of as many rows.
        """
        motion = self.motion_at(t)
        return Interval(*(self._shaped(side, t) for side in motion.cells_confint(level)))

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
        bound = np.where(inside > 0, np.abs(row.gradient(cells.weight)) * inside, 0.0).sum(axis=(1, 2))

        def limits(level: float) -> Interval:
            return Interval(*(self._shaped(side, t) for side in metric_interval(row, cells, level)))

        value, error = self._shaped(row.value(cells.weight), t), self._shaped(metric_stderr(row, cells), t)
        return Estimate(value, error, self._shaped(bound, t), limits)

    def metric_slope_at(self, metric: str | Metric, t: Any) -> Estimate:
        """Return a metric's derivative at thresholds, arrays of t's shape; its interval is that of bias correction."""
        motion = self.motion_at(t)
        slope, center, error = (self._shaped(x, t) for x in motion.metric_slope(resolve(metric, self.labels))[:3])

        def limits(level: float) -> Interval:
            half = quantile(level, motion.joint.cells.df) * error
            return Interval(center - half, center + half)

        return Estimate(slope, error, np.zeros_like(slope), limits)

    def tradeoff(
        self, first: str | Metric, second: str | Metric, thresholds: Any = None, level: float = 0.95
    ) -> Tradeoff:
        """Compare two metrics along the threshold: which of them pays for the other, at what rate, and where.

        Parameters
        ----------
        first, second : str or Metric
            A name such as "precision", an object of `conjac.metrics`, or a cell: "tn", "fp", "fn", "tp".
        thresholds : float or array of shape (n_points,), optional
            In units of ``coordinate``; by default 101 cut-offs, evenly by rank.
        level : float
            Of the pointwise intervals by which signs are told, and of those in `Tradeoff.to_columns`.

        Returns
        -------
        Tradeoff
            Values, slopes and exchange rate at the thresholds; its ``front`` is over all cut-offs.

        Raises
        ------
        InvalidInputError
            Missing, infinite or no thresholds, a level outside (0, 1), a metric that is not for two classes.
        UnknownMetricError
            Neither a metric nor a cell.

        Notes
        -----
        The exchange rate is the ratio of the two slopes; its interval is Fieller's set (1954), of two cells that of
        the delta method on the log scale.

        Examples
        --------
        >>> import numpy as np
        >>> import conjac as cj
        >>> rng = np.random.default_rng(0)
        >>> y = rng.integers(0, 2, 2000)
        >>> curve = cj.ConfusionCurve.from_predictions(y, rng.normal(2 * y - 1, 1))
        >>> curve.tradeoff("fp", "tp", 0.0).exchange_rate.value.round(2)  # false alarms per true positive
        array([0.8])
        """
        at = None if thresholds is None else points(thresholds, "thresholds")
        return tradeoff(ThresholdPath(self), first, second, at, level)

    def decision_curve(
        self, thresholds: Any = None, *, prevalence: float | None = None, level: float = 0.95
    ) -> DecisionCurve:
        """Return net benefit at threshold probabilities, where the classifier's threshold is that probability.

        Parameters
        ----------
        thresholds : float or array of shape (n_points,), optional
            Threshold probabilities, inside (0, 1); by default .01, .02, ..., .99.
        prevalence : float, optional
            Of the population that it is to be told for, inside (0, 1), taken as known: rows are reweighted to it by
            class. By default that of the rows.
        level : float
            Of the limits in `DecisionCurve.to_columns`.

        Returns
        -------
        DecisionCurve
            In true positives per row.

        Raises
        ------
        InvalidInputError
            A curve in another coordinate than "probability", or of one class; arguments outside their range.

        Notes
        -----
        A. J. Vickers, E. B. Elkin 2006, Medical Decision Making 26:565.

        Examples
        --------
        >>> import numpy as np
        >>> import conjac as cj
        >>> y, p = np.arange(8) % 2, np.array([0.1, 0.4, 0.2, 0.9, 0.6, 0.8, 0.3, 0.7])
        >>> found = cj.ConfusionCurve.from_predictions(y, p).decision_curve(0.5)
        >>> found.net_benefit.value, found.treat_all
        (array([0.25]), array([0.]))
        """
        return decision_curve(self, thresholds, prevalence, level)

    def cost_curve(
        self, probability_cost: Any = None, *, threshold: float | None = None, level: float = 0.95
    ) -> CostCurve:
        """Return the normalised expected cost of the best threshold and of a fixed one, whatever errors cost.

        Parameters
        ----------
        probability_cost : float or array of shape (n_points,), optional
            In [0, 1]: the positives' share of what it would cost to be wrong on every row; by default 0, .01, ..., 1.
        threshold : float, optional
            The fixed one, in units of ``coordinate``; by default where the probability is one half, or the score 0.
        level : float
            Of the limits in `CostCurve.to_columns`.

        Returns
        -------
        CostCurve
            In shares of the cost of being wrong on every row.

        Raises
        ------
        InvalidInputError
            A curve of one class; arguments outside their range.

        Notes
        -----
        C. Drummond, R. C. Holte 2006, Machine Learning 65:95.

        Examples
        --------
        >>> import numpy as np
        >>> import conjac as cj
        >>> y, p = np.arange(8) % 2, np.array([0.1, 0.4, 0.2, 0.9, 0.6, 0.8, 0.3, 0.7])
        >>> found = cj.ConfusionCurve.from_predictions(y, p).cost_curve([0.2, 0.5])
        >>> found.envelope, found.best_threshold, found.fixed.value
        (array([0.05 , 0.125]), array([0.7, 0.7]), array([0.25, 0.25]))
        """
        return cost_curve(self, probability_cost, threshold, level)

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

    def _counts(self, t: Any) -> Counts:
        return self.counter.at(self.score_of(t))

    def _shaped(self, values: AnyArray, t: Any) -> FloatArray:
        return np.asarray(values).reshape((*np.shape(t), *np.shape(values)[1:]))
