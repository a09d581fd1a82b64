"""Every threshold at once: `ConfusionCurve`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np

from conjac import coordinates
from conjac._typing import AnyArray, ConditionOn, CoordinateName, FloatArray
from conjac.coordinates import COORDINATES, Coordinate
from conjac.decisions import Decision, best_threshold, solve_threshold
from conjac.density import Density
from conjac.diagnostics import sampling_note
from conjac.engines.arrays import Counts, SortedRows, tally_of
from conjac.engines.binned import BinnedRows, alerts_by_block
from conjac.engines.thresholds import Counter, from_score, named_scores, to_score
from conjac.errors import InexactError, InvalidInputError
from conjac.inference import Cells, Estimate, Interval, metric_interval, metric_stderr, quantile
from conjac.metrics import Metric, resolve
from conjac.motion import Motion, cut_of
from conjac.reading import Reading
from conjac.readonly import ReadOnly
from conjac.sensitivity import metric_slope
from conjac.tally import Tally
from conjac.validation import Predictions, check_condition, check_predictions


@dataclass(frozen=True, eq=False, repr=False)
class ConfusionCurve:
    """The confusion matrix of a binary classifier, and its Jacobian, at every threshold.

    Make one with `from_predictions`, `from_tally` or `merge`.

    Attributes
    ----------
    labels : tuple of length 2
        Negative label, positive label.
    tally : Tally
        What the slopes are estimated from, and all that `merge` needs.
    diagnostics : mapping

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 2000)
    >>> score = 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1)))
    >>> curve = cj.ConfusionCurve.from_predictions(y, score)
    >>> curve.matrix_at(0.5)
    array([[812, 145],
           [168, 875]])
    >>> curve.metric_at("f1", np.array([0.3, 0.5, 0.7])).value.round(2)
    array([0.82, 0.85, 0.68])
    """

    labels: tuple[Any, Any]
    unit: Coordinate
    tally: Tally
    counter: Counter
    diagnostics: Mapping[str, Any]
    condition_on: ConditionOn | None = None
    reading: Reading = field(default_factory=Reading)

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_score: Any,
        *,
        labels: Any = None,
        pos_label: Any = None,
        sample_weight: Any = None,
        groups: Any = None,
        coordinate: CoordinateName | None = None,
        thresholds: Any = None,
        condition_on: ConditionOn | None = None,
    ) -> Self:
        """Make a curve from labels and scores; counts are exact at any threshold.

        Parameters
        ----------
        y_true : array of shape (n_samples,)
        y_score : array of shape (n_samples,) or (n_samples, 2)
        labels, pos_label, sample_weight, groups, coordinate, condition_on
            As for `ConfusionJacobian.from_predictions`.
        thresholds : array of shape (n_thresholds,), optional
            Thresholds, in units of ``coordinate``, whose counts stay exact after `merge`.

        Raises
        ------
        InvalidInputError
            Input that cannot be used; the message says where and what to do.
        """
        rows = check_predictions(
            y_true, y_score, labels=labels, pos_label=pos_label, sample_weight=sample_weight, groups=groups
        )
        return cls.from_rows(rows, coordinate=coordinate, thresholds=thresholds, condition_on=condition_on)

    @classmethod
    def from_rows(
        cls,
        rows: Predictions,
        *,
        coordinate: CoordinateName | None = None,
        thresholds: Any = None,
        condition_on: ConditionOn | None = None,
    ) -> Self:
        """Do as `from_predictions` on rows that `conjac.validation.check_predictions` has checked."""
        check_condition(condition_on)
        unit = coordinates.choose(rows.score, coordinate)
        named = () if thresholds is None else named_scores(unit, thresholds)
        notes = {
            "n_samples": len(rows.true),
            "scores": "probabilities" if unit.scale == "logit" else "raw scores",
            "coordinate": f"{unit.name}, {'by default' if coordinate is None else 'as asked'}",
            "counts": "exact at any threshold",
            "sampling": sampling_note(rows, condition_on),
            **rows.notes,
        }
        tally = tally_of(rows, unit, named)
        return cls(rows.labels, unit, tally, SortedRows.of(rows), ReadOnly(notes), condition_on, rows.reading)

    @classmethod
    def from_tally(
        cls, tally: Tally, *, labels: tuple[Any, Any] = (0, 1), coordinate: CoordinateName | None = None
    ) -> Self:
        """Make a curve from a tally alone.

        Counts are exact at its named thresholds and bin edges; elsewhere they carry a bound.
        """
        if not isinstance(tally, Tally):
            raise InvalidInputError(f"tally is a {type(tally).__name__}; expected a Tally")
        name = coordinate or ("probability" if tally.scale == "logit" else "score")
        unit = COORDINATES.get(name)
        if unit is None or unit.scale != tally.scale:
            raise InvalidInputError(f"coordinate={name!r} does not fit a tally on the {tally.scale} scale")
        notes = {
            "n_samples": int(tally.rows.sum()),
            "counts": "exact at named thresholds and bin edges; elsewhere within a bound",
            "bin_width": tally.step,
        }
        return cls(labels, unit, tally, BinnedRows.of(tally), ReadOnly(notes))

    def merge(self, other: ConfusionCurve) -> Self:
        """Return the curve of both sets of rows, from their tallies alone.

        Raises
        ------
        InvalidInputError
            Other labels, another coordinate, or tallies that do not merge.
        """
        if not isinstance(other, ConfusionCurve):
            raise InvalidInputError(f"other is a {type(other).__name__}; expected a ConfusionCurve")
        for name in ("labels", "coordinate", "condition_on", "reading"):
            if getattr(self, name) != getattr(other, name):
                raise InvalidInputError(
                    f"curves of different {name} do not merge: {getattr(self, name)} and {getattr(other, name)}"
                )
        tally = self.tally.merge(other.tally)
        merged = type(self).from_tally(tally, labels=self.labels, coordinate=self.unit.name)
        told = {name: value for name, value in self.diagnostics.items() if other.diagnostics.get(name) == value}
        return replace(
            merged,
            diagnostics=ReadOnly({**told, **merged.diagnostics}),
            condition_on=self.condition_on,
            reading=self.reading,
        )

    @cached_property
    def density(self) -> Density:
        """The densities that the slopes are made of."""
        return Density(self.tally)

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
        return self._shaped(self.motion_at(t).slope_stderr(), t)

    def confint_at(self, t: Any, level: float = 0.95) -> Interval:
        """Return the pointwise interval of dC/dt, lower and upper arrays of shape ``(*t.shape, 2, 2)``."""
        motion = self.motion_at(t)
        center = motion.slope(motion.center)
        half = quantile(level, motion.joint.cells.df) * motion.slope_stderr()
        return Interval(self._shaped(center - half, t), self._shaped(center + half, t))

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
        slope, center, error = (self._shaped(x, t) for x in metric_slope(resolve(metric, self.labels), motion))

        def limits(level: float) -> Interval:
            half = quantile(level, motion.joint.cells.df) * error
            return Interval(center - half, center + half)

        return Estimate(slope, error, np.zeros_like(slope), limits)

    def method_at(self, t: Any) -> AnyArray:
        """Return which estimator gives the slope at thresholds ("tangent", "secant" or "undefined"), of t's shape."""
        return np.asarray(self.motion_at(t).flux.method.reshape(np.shape(t)))

    def maximize(
        self,
        metric: str | Metric,
        *,
        subject_to: Any = (),
        confidence: float | None = None,
        method: Literal["smooth", "exact"] = "smooth",
    ) -> Decision:
        """Return the threshold at which a metric is best (least, for a cost), over all cut-offs.

        Parameters
        ----------
        metric : str or Metric
        subject_to : str, Constraint or sequence of them
            Such as "recall >= .9".
        confidence : float, optional
            Ask that each constraint's one-sided limit at this level meets its bound: a constraint met on the sample
            is met in about half of repeats.
        method : {"smooth", "exact"}
            The optimum of the smoothed metric, which varies less from sample to sample, or of the counts.

        Raises
        ------
        InfeasibleError
            No threshold meets the constraints; ``nearest`` tells the one that comes nearest.
        """
        return best_threshold(self, metric, subject_to=subject_to, confidence=confidence, method=method)

    def solve(self, target: Mapping[str, float] | None = None, **metrics: float) -> Decision:
        """Return the threshold at which a metric meets a target, such as ``solve(recall=.95)``.

        Of recall, the largest threshold that meets it; ``diagnostics["roots"]`` lists every crossing of a metric
        that is not monotone. The interval inverts the metric's own.

        Parameters
        ----------
        target : mapping of one name to its value, optional
            For names that are not identifiers: ``{"recall[spam]": .95}``.
        **metrics : float
            One metric and its value.

        Raises
        ------
        InfeasibleError
            No threshold reaches it; ``nearest`` tells the one that comes nearest.
        """
        return solve_threshold(self, {**(target or {}), **metrics})

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
        counts = self.counter.at(score)
        return Cells(
            counts.weight,
            counts.weight2,
            alerts_by_block(self.tally, cut_of(score, self.unit)) if self.tally.clustered else None,
            self.condition_on,
        )

    def motion_at_score(self, score: FloatArray) -> Motion:
        """Return what `motion_at` does, for thresholds on the scores' own scale."""
        return Motion.at(self.density, self.unit, score, self.cells_at_score(score))

    def _counts(self, t: Any) -> Counts:
        return self.counter.at(self.score_of(t))

    def _shaped(self, values: AnyArray, t: Any) -> FloatArray:
        return np.asarray(values).reshape((*np.shape(t), *np.shape(values)[1:]))

    def __repr__(self) -> str:
        """Show what the curve is of."""
        negative, positive = self.labels
        totals = self.counter.totals
        return (
            f"ConfusionCurve({totals[1]:g} of {positive!r}, {totals[0]:g} of {negative!r}; "
            f"thresholds in {self.coordinate}; {self.diagnostics['counts']})"
        )
