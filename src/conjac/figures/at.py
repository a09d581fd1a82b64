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
    condition_on : "class" or None
        Whether the class totals are fixed by design.
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
        t : float or array of shape (n_points,) or any other
            Thresholds, in units of ``coordinate``.
        exact : bool
            Raise where only a bound is known.

        Returns
        -------
        array of shape ``(*t.shape, 2, 2)``
            Rows true, columns predicted; exact integers without weights.

        Raises
        ------
        InexactError
            With ``exact=True``, at a threshold inside a bin of a tally.
        InvalidInputError
            A threshold that is nan, or a percentile outside [0, 1].
        """
        counts = self._counts(t)
        if exact and counts.bound.any():
            raise InexactError(
                "exact=True: a tally is exact at its named thresholds and bin edges only; "
                "name the threshold when the curve is built (thresholds=), or read bound_at"
            )
        return counts.weight

    def bound_at(self, t: Any) -> FloatArray:
        """Return how far each class's cells can be from the exact count; 0 where counts are exact.

        Parameters
        ----------
        t : float or array of shape (n_points,) or any other
            Thresholds, in units of ``coordinate``.

        Returns
        -------
        array of shape ``(*t.shape, 2)``
            In rows, or in their weight.

        Raises
        ------
        InvalidInputError
            A threshold that is nan, or a percentile outside [0, 1].
        """
        return self._counts(t).bound

    def jacobian_at(self, t: Any) -> FloatArray:
        """Return dC/dt, the derivative of the matrix by the threshold.

        Parameters
        ----------
        t : float or array of shape (n_points,) or any other
            Thresholds, in units of ``coordinate``.

        Returns
        -------
        array of shape ``(*t.shape, 2, 2)``
            Per 1.0 of ``coordinate``; nan at the end of the domain.

        Raises
        ------
        InvalidInputError
            A threshold that is nan, or a percentile outside [0, 1].
        """
        return self._shaped(self._slopes_at(t).value, t)

    def center_at(self, t: Any) -> FloatArray:
        """Return the bias-corrected dC/dt on which intervals are centred.

        Parameters
        ----------
        t : float or array of shape (n_points,) or any other
            Thresholds, in units of ``coordinate``.

        Returns
        -------
        array of shape ``(*t.shape, 2, 2)``
            Per 1.0 of ``coordinate``.

        Raises
        ------
        InvalidInputError
            A threshold that is nan, or a percentile outside [0, 1].
        """
        return self._shaped(self._slopes_at(t).center, t)

    def stderr_at(self, t: Any) -> FloatArray:
        """Return the standard error of `center_at`.

        Parameters
        ----------
        t : float or array of shape (n_points,) or any other
            Thresholds, in units of ``coordinate``.

        Returns
        -------
        array of shape ``(*t.shape, 2, 2)``
            Per 1.0 of ``coordinate``; nan with too few rows near the threshold.

        Raises
        ------
        InvalidInputError
            A threshold that is nan, or a percentile outside [0, 1].
        """
        return self._shaped(self._slopes_at(t).stderr, t)

    def confint_at(self, t: Any, level: float = 0.95) -> Interval:
        """Return the pointwise interval of dC/dt.

        Parameters
        ----------
        t : float or array of shape (n_points,) or any other
            Thresholds, in units of ``coordinate``.
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        Interval
            Lower and upper limits, arrays of shape ``(*t.shape, 2, 2)``, per 1.0 of ``coordinate``.

        Raises
        ------
        InvalidInputError
            A threshold that is nan, a percentile outside [0, 1], or a level outside (0, 1).
        """
        found = self._slopes_at(t)
        half = quantile(level, self._df) * found.stderr
        return Interval(self._shaped(found.center - half, t), self._shaped(found.center + half, t))

    def matrix_confint_at(self, t: Any, level: float = 0.95) -> Interval:
        """Return Wilson's interval of each cell, for the population's expected matrix of as many rows.

        Parameters
        ----------
        t : float or array of shape (n_points,) or any other
            Thresholds, in units of ``coordinate``.
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        Interval
            Lower and upper limits, arrays of shape ``(*t.shape, 2, 2)``.

        Raises
        ------
        InvalidInputError
            A threshold that is nan, a percentile outside [0, 1], or a level outside (0, 1).

        Notes
        -----
        Wilson 1927, JASA 22:209, at the effective number of rows.
        """
        cells = self.cells_at(t)
        limits = cells_interval(cells, np.sqrt(cells.variance), None, level)
        return Interval(*(self._shaped(side, t) for side in limits))

    def calibration_at(self, t: Any) -> Estimate:
        """Return by how much the labels' log-odds differ from the scores' at thresholds; 0 where scores are calibrated.

        Parameters
        ----------
        t : float or array of shape (n_points,) or any other
            Thresholds, in units of ``coordinate``.

        Returns
        -------
        Estimate
            In log-odds, arrays of t's shape. ``bound`` is that of its bias, where the difference changes within 1.5
            standard deviations of the scores.

        Raises
        ------
        InvalidInputError
            Scores that are no probabilities, or no labelled row.

        Notes
        -----
        A local logistic regression of the labels on the scores: see :doc:`/density`.
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
        """Return a metric's value and its error at thresholds.

        Parameters
        ----------
        metric : str or Metric
            A name such as "f1" or "recall[spam]", or an object of `conjac.metrics`.
        t : float or array of shape (n_points,) or any other
            Thresholds, in units of ``coordinate``.

        Returns
        -------
        Estimate
            Arrays of t's shape, in the unit of the metric.

        Raises
        ------
        UnknownMetricError
            A metric that does not exist for two classes.
        InvalidInputError
            A threshold that is nan, or a percentile outside [0, 1].
        """
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
        """Return a metric's derivative at thresholds; its interval is that of bias correction.

        Parameters
        ----------
        metric : str or Metric
            A name such as "f1" or "recall[spam]", or an object of `conjac.metrics`.
        t : float or array of shape (n_points,) or any other
            Thresholds, in units of ``coordinate``.

        Returns
        -------
        Estimate
            Arrays of t's shape, per 1.0 of ``coordinate``.

        Raises
        ------
        UnknownMetricError
            A metric that does not exist for two classes.
        InvalidInputError
            A threshold that is nan, or a percentile outside [0, 1].
        """
        row = resolve(metric, self.labels)
        found = self._slopes_at(t, lambda motion: motion.metric_slope(row))
        slope, center, error = (self._shaped(x, t) for x in found[:3])

        def limits(level: float) -> Interval:
            half = quantile(level, self._df) * error
            return Interval(center - half, center + half)

        return Estimate(slope, error, np.zeros_like(slope), limits)

    def method_at(self, t: Any) -> AnyArray:
        """Return which estimator gives the slope at thresholds.

        Parameters
        ----------
        t : float or array of shape (n_points,) or any other
            Thresholds, in units of ``coordinate``.

        Returns
        -------
        array of shape ``t.shape``
            Of str: "tangent", "secant" or "undefined".

        Raises
        ------
        InvalidInputError
            A threshold that is nan, or a percentile outside [0, 1].
        """
        return np.asarray(self.motion_at(t).flux.method.reshape(np.shape(t)))

    def cutoffs(self) -> FloatArray:
        """Return every threshold that alerts a different set of rows.

        Returns
        -------
        array of shape (n_cutoffs,)
            On the scores' own scale, ascending; the last alerts none.
        """
        return self.counter.cutoffs()

    def score_of(self, t: Any) -> FloatArray:
        """Return thresholds on the scores' own scale.

        Parameters
        ----------
        t : float or array of shape (n_points,) or any other
            Thresholds, in units of ``coordinate``.

        Returns
        -------
        array of shape ``t.shape``
            In units of the score.

        Raises
        ------
        InvalidInputError
            A threshold that is nan, or a percentile outside [0, 1].
        """
        return to_score(self.counter, self.unit, t)

    def told(self, score: Any) -> FloatArray:
        """Return thresholds on the scores' own scale in units of ``coordinate``: the inverse of `score_of`.

        Parameters
        ----------
        score : float or array of shape (n_points,) or any other
            In units of the score.

        Returns
        -------
        array of shape ``score.shape``
            In units of ``coordinate``.
        """
        return from_score(self.counter, self.unit, score)

    def cells_at(self, t: Any) -> Cells:
        """Return the cells at thresholds; at a share of rows, with the noise of where that share is cut.

        Parameters
        ----------
        t : float or array of shape (n_points,) or any other
            Thresholds, in units of ``coordinate``.

        Returns
        -------
        Cells
            Arrays of shape (n_points, 2, 2): the points of ``t`` in a row.

        Raises
        ------
        InvalidInputError
            A threshold that is nan, or a percentile outside [0, 1].
        """
        if self.unit.cut is None:
            return self.motion_at(t).joint.cells
        return self.cells_at_score(self.score_of(t).reshape(-1))

    def motion_at(self, t: Any) -> Motion:
        """Return cells, fluxes and their covariance at thresholds; the last ones asked for are kept.

        Parameters
        ----------
        t : float or array of shape (n_points,) or any other
            Thresholds, in units of ``coordinate``.

        Returns
        -------
        Motion
            Of the points of ``t`` in a row.

        Raises
        ------
        InvalidInputError
            A threshold that is nan, or a percentile outside [0, 1].
        """
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
        """Return the matrices alone, for thresholds on the scores' own scale.

        Parameters
        ----------
        score : array of shape (n_points,)
            In units of the score.

        Returns
        -------
        array of shape (n_points, 2, 2)
            Rows true, columns predicted.
        """
        return self.counter.at(score).weight

    def cells_at_score(self, score: FloatArray) -> Cells:
        """Return what `cells_at` does, for thresholds on the scores' own scale.

        Parameters
        ----------
        score : array of shape (n_points,)
            In units of the score.

        Returns
        -------
        Cells
            Arrays of shape (n_points, 2, 2).
        """
        return cells_at(self.counter, self.density, self.unit, score, self.condition_on)

    def motion_at_score(self, score: FloatArray) -> Motion:
        """Return what `motion_at` does, for thresholds on the scores' own scale.

        Parameters
        ----------
        score : array of shape (n_points,)
            In units of the score.

        Returns
        -------
        Motion
            Of these points.
        """
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
