"""The confusion matrix at one decision, with its Jacobian: `ConfusionJacobian`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, ClassVar, Self

import numpy as np

from conjac import coordinates, perturbations
from conjac._typing import AnyArray, ConditionOn, CoordinateName, FloatArray, Normalize
from conjac.contributions import Attributed
from conjac.density import density_of
from conjac.diagnostics import as_told, explain, notes_of, warned
from conjac.engines.arrays import count_at, counter_of, tally_of
from conjac.engines.classes import of_rows, rule_of
from conjac.engines.decided import order_of
from conjac.engines.mix import mixed, mixed_classes, of_column
from conjac.engines.moved import ByModel, moved
from conjac.engines.outcomes import Outcomes
from conjac.engines.parameters import Learned
from conjac.engines.thresholds import resolve_threshold
from conjac.engines.velocities import SHARED, told_of_rows
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.exports import Exported
from conjac.framed import BundledJacobian, FramedJacobian
from conjac.gradients import Graded
from conjac.inference import Cells, Interval, NormalBand, cells_interval
from conjac.inference.delta import normalized, normalized_slope
from conjac.models import Objective, bind, oriented, scored
from conjac.motion import CellMotion, Motion, Slopes
from conjac.perturbations import Mix, Offsets, Threshold, Velocities
from conjac.reading import n_columns
from conjac.readonly import ReadOnly, locked
from conjac.rules import ThresholdRule
from conjac.validation import (
    ClassPredictions,
    Predictions,
    check_classes,
    check_condition,
    check_normalize,
    check_predictions,
    refuse_with_offsets,
    refuse_with_threshold,
)


@dataclass(frozen=True, eq=False, repr=False)
class ConfusionJacobian(Graded, Attributed, FramedJacobian, BundledJacobian, Exported):
    """A confusion matrix and how fast each cell moves, each figure with a standard error.

    Make one with `confusion_jacobian`, `from_estimator`, `from_frame` or `from_tally`.

    Attributes
    ----------
    labels : tuple of length K
        Class labels, in the order of rows and columns; a binary classifier's positive label is last.
    threshold : float
        Where a binary decision is cut, in the ``coordinate``, which is also the unit of the slopes; nan with offsets.
    offsets : array of shape (K,) or (K + 1,), or None
        What is added to each class's score, less that of the first; for more than two classes. One more is that of a
        reject option, which has a column more in every matrix.
    coordinate : {"probability", "logit", "percentile", "score"}
        What the threshold or the offsets are told in.
    normalize : {"true", "pred", "all"} or None
        What ``matrix`` and every slope of it are divided by; None of counts.
    diagnostics : mapping
        Rows, effective rows at the boundary, bandwidth or step, what was assumed, and what not to believe.
    parameters, units : sequence of str
        What moves, and what a step of 1 of it is.

    Notes
    -----
    The estimators are those of :doc:`/density` (a local likelihood after Hjort and Jones, 1996); what each figure is an
    estimate of is in :doc:`/design`. Features, parameters and training have pages of their own: :doc:`/features`,
    :doc:`/parameters`, :doc:`/training`.

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
    offsets: FloatArray | None
    coordinate: CoordinateName
    normalize: Normalize | None
    diagnostics: Mapping[str, Any]
    parameters: Sequence[str]
    units: Sequence[str]
    _motion: CellMotion = field(repr=False)
    _outcomes: Outcomes | None = field(repr=False)
    _learned: Learned | None = field(default=None, repr=False)

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_score: Any,
        *,
        threshold: float | None = None,
        offsets: Any = None,
        wrt: str | Threshold | Offsets | Mix | Velocities | None = None,
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
        y_score : array of shape (n_samples,), (n_samples, 2) or (n_samples, K)
            Scores of the positive class, or of every class in the order of ``labels``. Used as given.
        threshold : float, optional
            Positive where ``score >= threshold``, in units of ``coordinate``. Default: .5 for probabilities,
            0 for scores.
        offsets : array of shape (K,) or (K + 1,), optional
            With a score a class: predict the largest ``u + offsets``, u being the logarithm of probabilities, or the
            scores as they are. Default: none, for more than two classes. One more is a reject option's, whose u is 0.
        wrt : {"threshold", "offsets"}, Threshold, Offsets, Mix or Velocities, optional
            What moves. Default: the threshold of two classes, the offsets of more.
        coordinate : {"probability", "logit", "percentile", "score"}, optional
            Unit of the threshold and of the slope. Default: "probability" where all scores lie in [0, 1],
            else "score". Of offsets: "logit" for probabilities, else "score".
        labels : sequence of length K, optional
            Of two: negative label, positive label. Default: sorted.
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
            With matrix and slopes of shapes (K, K) and ``(K, K, *parameter_shape)``.

        Raises
        ------
        InvalidInputError
            Input that cannot be used; the message says where and what to do.
        NotSupportedError
            A perturbation that is planned, or the threshold of more than two classes.

        Warns
        -----
        ConjacWarning
            An interval that should not be believed, or is nan for want of rows: ``diagnostics["cautions"]``.

        Notes
        -----
        The figures estimate the derivative of the population's matrix, not of the sample's step function:
        see :doc:`/design`. How the density at the threshold is estimated is in :doc:`/density`, offsets in
        :doc:`/offsets`.

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
        same = {"labels": labels, "sample_weight": sample_weight, "groups": groups}
        how: dict[str, Any] = {"coordinate": coordinate, "normalize": normalize, "condition_on": condition_on}
        moves = perturbations.resolve("offsets" if wrt is None and offsets is not None else wrt, n_columns(y_score))
        if isinstance(moves, ByModel):
            raise InvalidInputError(f"wrt={wrt!r}: scores do not tell what moves them; use from_estimator")
        if isinstance(moves, Velocities):
            check_normalize(normalize)
            if assume_calibrated:
                raise NotSupportedError(SHARED)
            rule = {"threshold": threshold, "offsets": offsets, "pos_label": pos_label, **same}
            rule |= {"coordinate": coordinate, "condition_on": condition_on}
            return warned(cls(normalize=normalize, **told_of_rows(moves, y_true, y_score, **rule)))
        how["mix"] = moves if isinstance(moves, Mix) else None
        if moves == Offsets() or (how["mix"] and (offsets is not None or n_columns(y_score) > 2)):
            refuse_with_offsets(threshold=threshold, pos_label=pos_label, assume_calibrated=assume_calibrated or None)
            classes = check_classes(y_true, y_score, coordinate=coordinate, **same)
            result = cls.from_classes(classes, offsets=offsets, **how)
        else:
            rows = check_predictions(y_true, y_score, pos_label=pos_label, **same)
            refuse_with_threshold(offsets, bool(how["mix"]) and assume_calibrated)
            result = cls.from_rows(rows, threshold=threshold, assume_calibrated=assume_calibrated, **how)
        return warned(result)

    @classmethod
    def from_rows(
        cls,
        rows: Predictions,
        *,
        threshold: float | None = None,
        coordinate: CoordinateName | None = None,
        normalize: Normalize | None = None,
        condition_on: ConditionOn | None = None,
        assume_calibrated: bool = False,
        mix: Mix | None = None,
    ) -> Self:
        """Do as `from_predictions`, in silence, on rows that `conjac.validation.check_predictions` has checked.

        Parameters
        ----------
        rows : Predictions
            Labels and scores of two classes.
        threshold : float, optional
            As for `from_predictions`.
        coordinate : {"probability", "logit", "percentile", "score"}, optional
            As for `from_predictions`.
        normalize : {"true", "pred", "all"}, optional
            As for `from_predictions`.
        condition_on : "class", optional
            As for `from_predictions`.
        assume_calibrated : bool
            As for `from_predictions`.
        mix : Mix, optional
            What moves, instead of the threshold.

        Returns
        -------
        ConfusionJacobian
            Its cautions are in ``diagnostics`` alone.

        Raises
        ------
        InvalidInputError
            A threshold outside its domain, or an unknown ``normalize`` or ``condition_on``.
        """
        check_normalize(normalize)
        check_condition(condition_on)
        unit = coordinates.choose(rows.score, coordinate)
        told, score = resolve_threshold(partial(counter_of, rows), unit, threshold)
        cutting = ThresholdRule(score)
        outcomes = Outcomes.of(rows, cutting.predict(rows.score), 2, cutting if mix is None else None)
        rule: dict[str, Any] = {"threshold": told, "offsets": None, "coordinate": unit.name, "_outcomes": outcomes}
        if mix is not None:
            moved = mixed(rows, outcomes, mix, as_told(unit.name, coordinate is None), condition_on)
            return cls(labels=rows.labels, normalize=normalize, **rule, **moved)
        density = density_of(
            partial(tally_of, rows, unit), unit.scale, rows.block is not None, assume_calibrated, condition_on
        )
        motion = Motion.at(density, unit, np.array([score]), count_at(rows, score, condition_on))
        return cls(
            labels=rows.labels,
            normalize=normalize,
            diagnostics=ReadOnly(explain(rows.labels, notes_of(rows, unit), unit, coordinate is None, density, motion)),
            parameters=(Threshold().name,),
            units=(unit.unit,),
            _motion=motion,
            **rule,
        )

    @classmethod
    def from_classes(
        cls,
        rows: ClassPredictions,
        *,
        offsets: Any = None,
        coordinate: CoordinateName | None = None,
        normalize: Normalize | None = None,
        condition_on: ConditionOn | None = None,
        mix: Mix | None = None,
    ) -> Self:
        """Do as `from_predictions`, in silence, on rows that `conjac.validation.check_classes` has checked.

        Parameters
        ----------
        rows : ClassPredictions
            Labels, and a score a class.
        offsets : array of shape (K,) or (K + 1,), optional
            As for `from_predictions`.
        coordinate : {"logit", "score"}, optional
            As for `from_predictions`.
        normalize : {"true", "pred", "all"}, optional
            As for `from_predictions`.
        condition_on : "class", optional
            As for `from_predictions`.
        mix : Mix, optional
            What moves, instead of the offsets.

        Returns
        -------
        ConfusionJacobian
            Its cautions are in ``diagnostics`` alone.

        Raises
        ------
        InvalidInputError
            Offsets of another number, or an unknown ``normalize`` or ``condition_on``.
        """
        check_normalize(normalize)
        check_condition(condition_on)
        argmax = rule_of(rows, offsets)
        if mix is not None:
            return cls(normalize=normalize, **mixed_classes(rows, argmax, mix, condition_on, coordinate is None))
        return cls(normalize=normalize, **of_rows(rows, argmax, condition_on, coordinate is None))

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        output: str = "auto",
        training_data: Any = None,
        objective: Objective | None = None,
        **options: Any,
    ) -> Self:
        """Score ``X`` with a fitted classifier, then as `from_predictions`; or let its inputs or its training move.

        Parameters
        ----------
        estimator : fitted classifier, callable or `conjac.models.Model`
            A callable takes ``X`` and returns scores.
        X : array or frame of shape (n_samples, n_features)
            Rows that it was not fitted on; as the estimator takes them, images of more axes too.
        y : array of shape (n_samples,)
            Their true labels.
        output : {"auto", "probabilities", "scores", "logits"}
            ``predict_proba``, ``decision_function``, or the first of them that there is; "logits" of networks.
        training_data : tuple, optional
            For what passes through training: (X, y) or (X, y, sample_weight), as ``estimator`` was fitted.
        objective : `conjac.models.Objective`, optional
            What a network was trained to minimise.
        **options
            As for `from_predictions`; ``wrt`` may also be `Features`, `Parameters`, `Hyperparameters` or
            `TrainingWeights`, or their names, and a `Mix` name a column of ``X``. ``random_state`` is that of refits.

        Returns
        -------
        ConfusionJacobian
            ``diagnostics["response_method"]`` tells what gave the scores.

        Raises
        ------
        InvalidInputError
            An estimator with neither method, or not the one asked for; input that cannot be used.
        NotDifferentiableError
            Derivatives through a training problem that is not smooth; the message says what to ask for.
        NotStationaryError
            A fit too far from the optimum of its training problem; see `polish`.
        NotSupportedError
            A perturbation that this kind of model does not serve.
        """
        model = bind(estimator, output)
        moves = perturbations.resolve(options.get("wrt"))
        if isinstance(moves, ByModel):
            normalize, _ = (options.pop(name, None) for name in ("normalize", "wrt"))
            check_normalize(normalize)
            found = moved(estimator, model, X, y, moves, training_data, objective, **options)
            return warned(cls(normalize=normalize, **found))
        if training_data is not None or objective is not None:
            raise InvalidInputError("training_data: nothing passes through training; ask for wrt='hyperparameters'")
        if isinstance(moves, Mix):
            options["wrt"] = of_column(moves, X)
        order = order_of(model, y, options.get("labels"), options.get("pos_label"))
        model, score = oriented(model, order, scored(model, X))
        result = cls.from_predictions(y, score, **{**options, "labels": order})
        return replace(result, diagnostics=ReadOnly({**result.diagnostics, "response_method": model.response}))

    @property
    def cells(self) -> Cells:
        """Exact counts, not normalised, with what their sampling variance needs."""
        return self._motion.counted

    @property
    def method(self) -> str:
        """How the derivative was estimated: "tangent" (kernel), "secant" (recount), or "undefined" (domain's end)."""
        return self._motion.method

    @cached_property
    def matrix(self) -> AnyArray:
        """`sklearn.metrics.confusion_matrix`, array of shape (K, K): rows true; exact integers without weights."""
        return self._of_classes(normalized(self.cells.weight[0], self.normalize))

    @cached_property
    def matrix_stderr(self) -> FloatArray:
        """Standard error of each cell, array of shape (K, K)."""
        return self._of_classes(self._cells_stderr)

    @cached_property
    def _cells_stderr(self) -> FloatArray:
        return self._motion.cells_stderr(self.normalize)

    def matrix_confint(self, level: float = 0.95) -> Interval:
        """Return Wilson's interval of each cell as normalised.

        Parameters
        ----------
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        Interval
            Lower and upper limits, arrays of shape (K, K), in the unit of ``matrix``.

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).

        Notes
        -----
        Wilson 1927, JASA 22:209, at the effective number of rows where these have weights or come in clusters.
        """
        limits = cells_interval(self.cells, self._cells_stderr[None], self.normalize, level)
        return Interval(*(self._of_classes(side[0]) for side in limits))

    @cached_property
    def jacobian(self) -> FloatArray:
        """Derivative of the matrix as normalised, per ``units``, array of shape ``(K, K, *parameter_shape)``."""
        value = normalized_slope(self.cells.weight, self._motion.derivative, self.normalize)
        return self._of_classes(self._motion.arranged(value))

    @property
    def center(self) -> FloatArray:
        """Bias-corrected derivative per ``units``, of shape ``jacobian.shape``: what `confint` is centred on."""
        return self._slopes.center

    @property
    def stderr(self) -> FloatArray:
        """Standard error of ``center`` per ``units``, of shape ``center.shape``; nan with too few rows behind it."""
        return self._slopes.stderr

    @cached_property
    def _slopes(self) -> Slopes:
        arranged = self._motion.slopes(self.normalize).mapped(self._motion.arranged)
        return arranged.mapped(self._of_classes)

    def _of_classes(self, values: AnyArray) -> AnyArray:
        """Leave out the row of a reject option, which nobody truly is."""
        return locked(values[: len(self.labels)])

    def confint(self, level: float = 0.95) -> Interval:
        """Return the interval of each derivative: ``center`` -+ quantile x ``stderr``.

        Parameters
        ----------
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        Interval
            Lower and upper limits, arrays of shape ``(K, K, *parameter_shape)``, per ``units``; nan where ``stderr``
            is.

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        """
        df = self.cells.df if self._slopes.df is None else self._slopes.df
        return NormalBand(self.center, self.stderr, df)(level)


confusion_jacobian = ConfusionJacobian.from_predictions
