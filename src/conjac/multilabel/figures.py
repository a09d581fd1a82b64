"""What the curves of several labels tell at a threshold each: matrices, slopes, averages over labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac._typing import AnyArray, CoordinateName, FloatArray
from conjac.calculus.analytic import along
from conjac.curve import ConfusionCurve
from conjac.decisions.charted import estimate
from conjac.errors import InvalidInputError
from conjac.inference import Estimate, Interval, NormalBand, quantile, wilson
from conjac.metrics import UNIT, Domain, Metric
from conjac.motion import Motion
from conjac.multilabel.averages import LabelAverage, resolve_average
from conjac.multilabel.covariance import JointRows
from conjac.reading import as_array, as_float
from conjac.rules import ThresholdRule
from conjac.validation import LabelPredictions


@dataclass(frozen=True, eq=False, repr=False)
class MultilabelFigures:
    """Every figure at a threshold a label.

    Attributes
    ----------
    rows : LabelPredictions
        Labels and scores, as they were checked.
    curves : tuple of ConfusionCurve
        One a label, in the order of the columns.
    """

    rows: LabelPredictions
    curves: tuple[ConfusionCurve, ...]

    @property
    def labels(self) -> tuple[Any, ...]:
        """Names of the labels, in the order of the columns."""
        return self.rows.labels

    @property
    def coordinate(self) -> CoordinateName:
        """Unit of every threshold given or returned."""
        return self.curves[0].coordinate

    def matrix_at(self, thresholds: Any) -> AnyArray:
        """Return each label's cells, as `sklearn.metrics.multilabel_confusion_matrix` counts them.

        Parameters
        ----------
        thresholds : float or array of shape (L,)
            In units of ``coordinate``; one number is that of every label.

        Returns
        -------
        array of shape (L, 2, 2)
            Of each label, rows true and columns predicted; integers without weights.

        Raises
        ------
        InvalidInputError
            Another number of thresholds, or one that is nan.
        """
        return self._each(lambda curve, t: curve.matrix_at(t), thresholds)

    def jacobian_at(self, thresholds: Any) -> FloatArray:
        """Return the derivative of each label's cells by its own threshold.

        A threshold moves no other label's cells: of the whole, (L, 2, 2, L), all other entries are 0.

        Parameters
        ----------
        thresholds : float or array of shape (L,)
            In units of ``coordinate``; one number is that of every label.

        Returns
        -------
        array of shape (L, 2, 2)
            Per 1.0 of ``coordinate``.

        Raises
        ------
        InvalidInputError
            Another number of thresholds, or one that is nan.
        """
        return self._each(lambda curve, t: curve.jacobian_at(t), thresholds)

    def center_at(self, thresholds: Any) -> FloatArray:
        """Return the bias-corrected `jacobian_at`, on which intervals are centred.

        Parameters
        ----------
        thresholds : float or array of shape (L,)
            In units of ``coordinate``; one number is that of every label.

        Returns
        -------
        array of shape (L, 2, 2)
            Per 1.0 of ``coordinate``.

        Raises
        ------
        InvalidInputError
            Another number of thresholds, or one that is nan.
        """
        return self._each(lambda curve, t: curve.center_at(t), thresholds)

    def stderr_at(self, thresholds: Any) -> FloatArray:
        """Return the standard error of `center_at`.

        Parameters
        ----------
        thresholds : float or array of shape (L,)
            In units of ``coordinate``; one number is that of every label.

        Returns
        -------
        array of shape (L, 2, 2)
            Per 1.0 of ``coordinate``; nan with too few rows.

        Raises
        ------
        InvalidInputError
            Another number of thresholds, or one that is nan.
        """
        return self._each(lambda curve, t: curve.stderr_at(t), thresholds)

    def confint_at(self, thresholds: Any, level: float = 0.95) -> Interval:
        """Return the pointwise interval of `jacobian_at`.

        Parameters
        ----------
        thresholds : float or array of shape (L,)
            In units of ``coordinate``; one number is that of every label.
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        Interval
            Lower and upper limits, arrays of shape (L, 2, 2), per 1.0 of ``coordinate``; not adjusted for the number of
            labels.

        Raises
        ------
        InvalidInputError
            Another number of thresholds, one that is nan, or a level outside (0, 1).
        """
        sides = self._each(lambda curve, t: np.stack(curve.confint_at(t, level)), thresholds)
        return Interval(sides[:, 0], sides[:, 1])

    def metric_at(self, metric: str | Metric, thresholds: Any) -> Estimate:
        """Return an average over labels and its error.

        The labels are of the same rows, and the error has their covariance. Intervals of averages in [0, 1] are
        Wilson's, with the number of rows that the error is worth.

        Parameters
        ----------
        metric : str or Metric
            Such as "f1_macro", "f1_micro", "jaccard_weighted", "hamming_loss" or
            ``conjac.metrics.fbeta(2, average="micro")``.
        thresholds : float or array of shape (L,)
            In units of ``coordinate``; one number is that of every label.

        Returns
        -------
        Estimate
            Arrays of shape (), in the unit of the metric.

        Raises
        ------
        NotSupportedError
            A metric of whole rows: subset accuracy, or an average over samples.
        UnknownMetricError
            No average over labels.
        """
        return self.average_at_score(resolve_average(metric), self.score_of(thresholds))

    def average_at_score(self, average: LabelAverage, score: FloatArray) -> Estimate:
        """Return what `metric_at` does, for thresholds on the scores' own scale.

        Parameters
        ----------
        average : LabelAverage
            What is averaged, and how.
        score : array of shape (L,)
            Thresholds, in units of the score.

        Returns
        -------
        Estimate
            Arrays of shape (), in the unit of the metric.
        """
        rows = self._rows_at(score)
        cells = np.stack([curve.weight_at_score(t) for curve, t in zip(self.curves, score, strict=True)])
        value = np.asarray(average.value(cells), dtype=np.float64)
        stderr = np.asarray(rows.stderr(average.gradient(cells)) if np.isfinite(value) else np.nan)
        behind = rows.effective(average.counted)
        return estimate(value, stderr, AverageBand(value, stderr, average.row.domain, behind, rows.df))

    def metric_slope_at(self, metric: str | Metric, thresholds: Any) -> Estimate:
        """Return the derivative of an average over labels by each threshold.

        The error has what the other labels add through what is averaged. It is nan where fewer than 5 effective rows
        of either class are near the threshold.

        Parameters
        ----------
        metric : str or Metric
            As for `metric_at`.
        thresholds : float or array of shape (L,)
            As for `metric_at`.

        Returns
        -------
        Estimate
            Arrays of shape (L,), per 1.0 of ``coordinate``.

        Raises
        ------
        NotSupportedError
            A metric of whole rows: subset accuracy, or an average over samples.
        UnknownMetricError
            No average over labels.
        """
        average, score = resolve_average(metric), self.score_of(thresholds)
        rows = self._rows_at(score)
        cells = self.matrix_at(thresholds).astype(np.float64)
        motions = [curve.motion_at(t) for curve, t in self._paired(thresholds)]
        gradient = average.gradient(cells)
        known = ~average.unknown(cells)
        moved = np.stack([[m.slope(m.point)[0], m.slope(m.center)[0]] for m in motions], axis=1)
        value, center = np.where(known, (gradient * moved).sum(axis=(2, 3)), np.nan)
        stderr = np.array([
            self._slope_stderr(average, rows, cells, label, motion, score[[label]]) if known[label] else np.nan
            for label, motion in enumerate(motions)
        ])  # fmt: skip
        return estimate(value, stderr, NormalBand(center, stderr, rows.df))

    def _slope_stderr(
        self, average: LabelAverage, rows: JointRows, cells: FloatArray, label: int, motion: Motion, score: FloatArray
    ) -> float:
        if not motion.trusted.all() or motion.rate is None:
            return np.nan
        moved = np.zeros((1, *cells.shape))
        moved[0, label] = motion.slope(motion.center)[0]
        second = along(average.gradient, cells, moved)[0]  # symmetric: the slope's derivative by every cell
        alerted = average.gradient(cells)[label] @ [-1, 1] * motion.rate[0]
        others = np.delete(second, label, axis=0)  # alike, but for labels that are left out
        coupled = max(others, key=lambda part: float(np.abs(part).sum()), default=np.zeros((2, 2)))
        own = np.concatenate([second[label].ravel(), alerted])
        return rows.slope_stderr(label, own, coupled, self.curves[label], motion, score)

    def score_of(self, thresholds: Any) -> FloatArray:
        """Return thresholds on the scores' own scale.

        Parameters
        ----------
        thresholds : float or array of shape (L,)
            In units of ``coordinate``; one number is that of every label.

        Returns
        -------
        array of shape (L,)
            In units of the score.

        Raises
        ------
        InvalidInputError
            Another number of thresholds, or one that is nan.
        """
        return np.array([float(curve.score_of(t)) for curve, t in self._paired(thresholds)])

    def _rows_at(self, score: FloatArray) -> JointRows:
        rules = zip(score, self.rows.score.T, strict=True)
        return JointRows(self.rows, np.stack([ThresholdRule(t).predict(column) for t, column in rules], axis=1))

    def _paired(self, thresholds: Any) -> list[tuple[ConfusionCurve, FloatArray]]:
        """Return each label's curve and its threshold."""
        told = as_float(as_array(thresholds, "thresholds"), "thresholds").astype(np.float64)
        if told.shape not in ((), (len(self.curves),)):
            raise InvalidInputError(
                f"thresholds has shape {told.shape}; expected one number, or one a label, ({len(self.curves)},)"
            )
        return list(zip(self.curves, np.broadcast_to(told, len(self.curves)), strict=True))

    def _each(self, figure: Callable[[ConfusionCurve, FloatArray], AnyArray], thresholds: Any) -> AnyArray:
        return np.stack([figure(curve, t) for curve, t in self._paired(thresholds)])


@dataclass(frozen=True, eq=False)
class AverageBand:
    """The interval of an average over labels at any level: Wilson's in [0, 1], else on the metric's own scale."""

    value: FloatArray
    stderr: FloatArray
    domain: Domain
    effective: float
    df: int | None

    def __call__(self, level: float) -> Interval:
        """Return the limits, arrays of shape (); nan where the average is 0/0."""
        q = quantile(level, self.df)
        if self.domain == UNIT:
            limits = wilson(np.nan_to_num(self.value), np.nan_to_num(self.stderr), np.array(self.effective), q)
            return Interval(*(np.where(np.isnan(self.value), np.nan, side) for side in limits))
        middle, half = self.domain.link(self.value), q * self.stderr * self.domain.derivative(self.value)
        return Interval(self.domain.inverse(middle - half), self.domain.inverse(middle + half))
