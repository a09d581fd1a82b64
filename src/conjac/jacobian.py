"""The confusion matrix at one decision, with its Jacobian: `ConfusionJacobian`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from conjac import coordinates, exports, perturbations
from conjac._typing import AnyArray, ConditionOn, CoordinateName, FloatArray, Normalize
from conjac.calculus.linear import LinearMap
from conjac.density import density_of
from conjac.diagnostics import explain
from conjac.engines.arrays import count_at, tally_of
from conjac.engines.thresholds import resolve_threshold
from conjac.errors import ConjacWarning, InvalidInputError, NotSupportedError
from conjac.frames import to_frame
from conjac.inference import Cells, Interval, Joint, cells_interval, propagate, quantile
from conjac.inference.delta import normalized, normalized_slope
from conjac.metrics import Metric, resolve
from conjac.models import response
from conjac.motion import Motion
from conjac.perturbations import Threshold
from conjac.readonly import ReadOnly, locked
from conjac.sensitivity import Sensitivity, exchange_rate, sensitivity
from conjac.validation import Predictions, check_condition, check_predictions

NORMALIZE = (None, "true", "pred", "all")


@dataclass(frozen=True, eq=False, repr=False)
class ConfusionJacobian(LinearMap):
    """A confusion matrix and how fast each cell moves, each figure with a standard error.

    Make one with `confusion_jacobian`, `from_predictions` or `from_estimator`.

    Attributes
    ----------
    labels : tuple of length K
        Class labels, in the order of rows and columns; a binary classifier's positive label is last.
    threshold : float
        Where the decision is cut, in the ``coordinate``, which is also the unit of the slopes.
    parameters, units : tuple of str
        What moves, and what a step of 1 of it is.
    diagnostics : mapping
        Rows, effective rows at the boundary, bandwidth or step, what was assumed, and what not to believe.

    Examples
    --------
    >>> import conjac as cj
    >>> cj.ConfusionJacobian.from_predictions([0, 0, 1, 1] * 50, [0.2, 0.6, 0.4, 0.9] * 50).matrix
    array([[50, 50],
           [50, 50]])
    """

    output_ndim: ClassVar[int] = 2

    labels: tuple[Any, ...]
    threshold: float
    coordinate: CoordinateName
    normalize: Normalize | None
    diagnostics: Mapping[str, Any]
    parameters: tuple[str, ...]
    units: tuple[str, ...]
    _motion: Motion = field(repr=False)

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_score: Any,
        *,
        threshold: float | None = None,
        offsets: Any = None,
        wrt: str | Threshold | None = None,
        coordinate: CoordinateName | None = None,
        labels: Sequence[Any] | None = None,
        pos_label: Any = None,
        sample_weight: Any = None,
        groups: Any = None,
        normalize: Normalize | None = None,
        condition_on: ConditionOn | None = None,
        assume_calibrated: bool = False,
        random_state: Any = None,
    ) -> Self:
        """Count the cells and estimate their derivatives from labels and scores.

        Parameters
        ----------
        y_true : array of shape (n_samples,)
            True labels, of any type that sorts.
        y_score : array of shape (n_samples,) or (n_samples, 2)
            Scores of the positive class, or of both classes in the order of ``labels``. Used as given.
        threshold : float, optional
            Positive where ``score >= threshold``, in units of ``coordinate``. Default: .5 for probabilities,
            0 for scores.
        offsets : None
            For more than two classes; not in this version.
        wrt : "threshold" or Threshold, optional
            What moves.
        coordinate : {"probability", "logit", "percentile", "score"}, optional
            Unit of the threshold and of the slope. Default: "probability" where all scores lie in [0, 1],
            else "score".
        labels : sequence of length 2, optional
            Negative label, positive label. Default: sorted.
        pos_label : label, optional
            The positive label. Default: the last one.
        sample_weight : array of shape (n_samples,), optional
            Sampling weights.
        groups : array of shape (n_samples,), optional
            Clusters of rows that are not independent, such as a patient's; makes the errors cluster-robust.
        normalize : {"true", "pred", "all"}, optional
            Divide by row, by column or by the total; the derivative includes the denominator's motion.
        condition_on : "class", optional
            Take the class totals as fixed by design (stratified samples).
        assume_calibrated : bool
            Take scores as probabilities that hold: both slopes share the pooled density, which helps a rare class.
        random_state : None or int
            Nothing here is random.

        Returns
        -------
        ConfusionJacobian

        Raises
        ------
        InvalidInputError
            Input that cannot be used; the message says where and what to do.
        NotSupportedError
            More than two classes, or a perturbation that is planned.

        Warns
        -----
        ConjacWarning
            An interval that should not be believed, or is nan for want of rows: ``diagnostics["cautions"]``.

        Examples
        --------
        >>> import numpy as np
        >>> import conjac as cj
        >>> rng = np.random.default_rng(0)
        >>> y = rng.integers(0, 2, 2000)
        >>> score = 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1)))
        >>> J = cj.confusion_jacobian(y, score)
        >>> J.matrix
        array([[812, 145],
               [168, 875]])
        >>> J.jacobian[1, 1] < 0  # a higher threshold finds fewer of the positives
        np.True_
        """
        del random_state
        if offsets is not None:
            raise NotSupportedError("offsets: this version serves binary classifiers; pass threshold instead")
        rows = check_predictions(
            y_true, y_score, labels=labels, pos_label=pos_label, sample_weight=sample_weight, groups=groups
        )
        result = cls.from_rows(
            rows,
            threshold=threshold,
            wrt=wrt,
            coordinate=coordinate,
            normalize=normalize,
            condition_on=condition_on,
            assume_calibrated=assume_calibrated,
        )
        for caution in result.diagnostics["cautions"]:
            warnings.warn(caution, ConjacWarning, stacklevel=2)
        return result

    @classmethod
    def from_rows(
        cls,
        rows: Predictions,
        *,
        threshold: float | None = None,
        wrt: str | Threshold | None = None,
        coordinate: CoordinateName | None = None,
        normalize: Normalize | None = None,
        condition_on: ConditionOn | None = None,
        assume_calibrated: bool = False,
    ) -> Self:
        """Do as `from_predictions`, in silence, on rows that `conjac.validation.check_predictions` has checked."""
        if normalize not in NORMALIZE:
            raise InvalidInputError(f"normalize={normalize!r}: expected one of {NORMALIZE}")
        check_condition(condition_on)
        moves = perturbations.resolve(wrt)
        unit = coordinates.choose(rows.score, coordinate)
        told, score = resolve_threshold(rows, unit, threshold)
        cells = count_at(rows, score, condition_on)
        density = density_of(tally_of(rows, unit), assume_calibrated, condition_on)
        motion = Motion.at(density, unit, np.array([score]), cells)
        return cls(
            labels=rows.labels,
            threshold=told,
            coordinate=unit.name,
            normalize=normalize,
            diagnostics=ReadOnly(explain(rows, unit, coordinate is None, density, motion)),
            parameters=(moves.name,),
            units=(unit.unit,),
            _motion=motion,
        )

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: Any, *, output: str = "auto", training_data: Any = None, **options: Any
    ) -> Self:
        """Score ``X`` with a fitted scikit-learn classifier, then as `from_predictions`.

        Parameters
        ----------
        estimator : fitted binary classifier
        X : array or frame of shape (n_samples, n_features)
        y : array of shape (n_samples,)
        output : {"auto", "probabilities", "scores"}
            ``predict_proba``, ``decision_function``, or the first of them that there is.
        training_data : None
            For what goes through training; not in this version.
        **options
            As for `from_predictions`.

        Raises
        ------
        InvalidInputError
            An estimator with neither method, or not the one asked for.
        """
        if training_data is not None:
            raise NotSupportedError("training_data: this version differentiates nothing through training")
        named = options.get("labels")
        positive = options.get("pos_label", None if named is None else named[-1])
        score, name, classes = response(estimator, X, output, positive)
        if named is None and options.get("pos_label") is None:
            options["labels"] = classes
        result = cls.from_predictions(y, score, **options)
        return replace(result, diagnostics=ReadOnly({**result.diagnostics, "response_method": name}))

    @property
    def joint(self) -> Joint:
        """Cells and fluxes with their covariance, at one point."""
        return self._motion.joint

    @property
    def cells(self) -> Cells:
        """Exact counts, not normalised, with what their sampling variance needs; one point."""
        return self.joint.cells

    @property
    def method(self) -> str:
        """How the derivative was estimated: "tangent" (kernel), "secant" (recount), or "undefined" (domain's end)."""
        return str(self._motion.flux.method[0])

    @cached_property
    def matrix(self) -> AnyArray:
        """`sklearn.metrics.confusion_matrix`, array of shape (K, K): rows true; exact integers without weights."""
        return locked(normalized(self.cells.weight[0], self.normalize))

    @cached_property
    def matrix_stderr(self) -> FloatArray:
        """Standard error of each cell, array of shape (K, K)."""

        def cells(point: AnyArray) -> AnyArray:
            return normalized(point.reshape(1, 2, 2), self.normalize).reshape(1, 4)

        point = self.cells.weight.reshape(1, 4).astype(np.float64)
        return locked(propagate(cells, point, self.joint.covariance[:, :4, :4])[1].reshape(2, 2))

    def matrix_confint(self, level: float = 0.95) -> Interval:
        """Return Wilson's interval of each cell as normalised, lower and upper arrays of shape (K, K)."""
        return cells_interval(self.cells, self.matrix_stderr, self.normalize, level)

    @cached_property
    def jacobian(self) -> FloatArray:
        """Derivative of the matrix as normalised, per ``units``, array of shape (K, K)."""
        return locked(self._slope(self._motion.point)[0])

    @cached_property
    def center(self) -> FloatArray:
        """Bias-corrected derivative, on which `confint` is centred, array of shape (K, K)."""
        return locked(self._slope(self._motion.center)[0])

    @cached_property
    def stderr(self) -> FloatArray:
        """Standard error of ``center``, array of shape (K, K); nan with too few rows at the boundary."""

        def flat(point: AnyArray) -> AnyArray:
            return self._slope(point).reshape(1, 4)

        with np.errstate(invalid="ignore"):
            error = propagate(flat, self._motion.center, self.joint.covariance)[1].reshape(2, 2)
        trusted = self._motion.trusted[0]
        if self.normalize == "pred":
            trusted = np.broadcast_to(trusted.all(), 2)
        return locked(np.where(trusted[:, None], error, np.nan))

    def confint(self, level: float = 0.95) -> Interval:
        """Return the interval of each derivative: ``center`` -+ quantile x ``stderr``, arrays of shape (K, K)."""
        half = quantile(level, self.cells.df) * self.stderr
        return Interval(self.center - half, self.center + half)

    def of(self, metric: str | Metric) -> Sensitivity:
        """Return a metric's value and its derivative, by the chain rule through the cells.

        Parameters
        ----------
        metric : str or Metric
            A name such as "f1" or "recall[spam]", or an object of `conjac.metrics`.

        Returns
        -------
        Sensitivity
        """
        return sensitivity(resolve(metric, self.labels), self._motion, self.units)

    def exchange_rate(self, paid: str = "fp", gained: str = "tp") -> Sensitivity:
        """Return how many of one cell are paid for one more of another when the parameter moves.

        Parameters
        ----------
        paid, gained : {"tn", "fp", "fn", "tp"}
            Cells. By default: false positives per extra true positive.

        Returns
        -------
        Sensitivity
            Whose ``gradient`` is the rate, with an interval on the log scale.
        """
        return exchange_rate(paid, gained, self._motion)

    def to_columns(self, level: float = 0.95) -> dict[str, list[Any]]:
        """Return one row per cell as columns: value, derivative, errors and limits."""
        return exports.columns(self, level)

    def to_frame(self, backend: str = "pandas", level: float = 0.95) -> Any:
        """Return a tidy frame, one row per cell.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}
        level : float
            Of the intervals.

        Raises
        ------
        MissingDependencyError
            The backend is not installed.
        """
        return to_frame(self.to_columns(level), backend)

    def to_dict(self, level: float = 0.95) -> dict[str, Any]:
        """Return everything as plain types, ready for JSON; nan becomes None."""
        return exports.plain(self, level)

    def plot(self, *, ax: Any = None) -> Any:
        """Draw the Jacobian as a heat map centred on zero; return the Matplotlib axes."""
        from conjac.views.charts import jacobian_heatmap

        return jacobian_heatmap(self.to_dict(), ax=ax)

    def __repr__(self) -> str:
        """Show the matrix, its Jacobian and where it stands."""
        return exports.text(self)

    def _slope(self, point: AnyArray) -> AnyArray:
        return normalized_slope(self._motion.cells(point), self._motion.slope(point), self.normalize)


confusion_jacobian = ConfusionJacobian.from_predictions
