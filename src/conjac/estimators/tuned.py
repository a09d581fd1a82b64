"""A classifier with the decision that serves a metric or costs best: `TunedDecisionClassifier`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
from sklearn import get_config
from sklearn.frozen import FrozenEstimator
from sklearn.utils import indexable
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from conjac._typing import AnyArray, FloatArray
from conjac.errors import ConjacWarning
from conjac.estimators.arguments import METRIC, check_target, method_of, tuning_of
from conjac.estimators.delegation import DelegatingClassifier
from conjac.estimators.held_out import OUTPUTS, Scorer, hold_out, splits_of
from conjac.estimators.nested import Nested
from conjac.inference import Interval
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric
from conjac.models import response
from conjac.readonly import ReadOnly
from conjac.validation import check_weight

FROZEN = "not fitted here: the rows given must not be those that it was trained on"
KEPT = "fitted on the training part of the single split"
REFITTED = "fitted on all rows; the decision was tuned on scores of models of parts of them"


class TunedDecisionClassifier(DelegatingClassifier):
    """Classifier whose threshold, or offsets of several classes, are tuned on scores of rows it has not seen.

    Each fold of ``cv`` is scored by a model fitted on the others; one decision is tuned on all these scores together by
    `conjac.maximize`, over all the values at which a prediction changes; then the estimator is fitted on all rows.

    Parameters
    ----------
    estimator : classifier
        With ``predict_proba`` or ``decision_function``. A `sklearn.frozen.FrozenEstimator` is not fitted again: the
        rows given to `fit` must then not be those that it was trained on.
    metric : str, Metric or None, default="balanced_accuracy"
        What is made best: a name such as "f1", "f1_macro", "recall[fraud]", or an object of `conjac.metrics`. None is
        the default, or the costs.
    subject_to : str, Constraint or sequence of them, optional
        Such as "recall[fraud] >= .9". Met on the held-out scores; in new rows, about half of the time without
        ``confidence``.
    cost_matrix : array of shape (n_classes, n_classes), optional
        ``cost_matrix[true, predicted]``, rows and columns in the order of ``classes_``. Instead of a metric: the mean
        cost of a row is made least.
    pos_label : label, optional
        The positive label of two. Default: the last of ``classes_``.
    response_method : {"auto", "predict_proba", "decision_function"}
        What scores are; "auto" takes the first that there is.
    cv : int, splitter or iterable of (train, test), optional
        Folds, 5 and stratified by default; an int keeps the rows of one of ``groups`` in one fold. No row may be
        scored twice.
    refit : bool
        Whether the estimator is fitted on all rows in the end. False needs a single split, whose model is kept, or a
        FrozenEstimator.
    confidence : float, optional
        One-sided level at which constraints are to be met, such as .95.
    method : {"smooth", "exact"}
        As for `conjac.maximize`.
    n_jobs : int, optional
        Folds at work at a time.
    random_state : int or RandomState, optional
        With ``cv`` an int or None: shuffles rows before they are split. Nothing else is random.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        Sorted labels.
    estimator_ : classifier
        What predicts.
    decision_ : Decision
        With its interval, flatness and `predict` for scores.
    threshold_ : float
        Of two classes, in ``decision_.coordinate``: "probability", or "score" for ``decision_function``.
    offsets_ : array of shape (n_classes,)
        Of more, added to scores as ``decision_.coordinate`` tells; less the first's.
    fold_decisions_ : tuple of rules
        Each fold's ``threshold`` or ``offsets``, tuned on the other folds: a description of the spread, not a standard
        error, since they share rows. None where the others meet no constraint.
    out_of_sample_score_, out_of_sample_stderr_ : float
        The metric of predictions by ``fold_decisions_``, all folds counted together: each row is scored by a model
        fitted on, and decided by a rule tuned on the scores of, other rows. The error is that of sampling these rows;
        what another fit would give is not in it. nan where a fold has no decision.
    out_of_sample_matrix_ : array of shape (n_classes, n_classes)
        Their confusion matrix, the positive label of two last.
    in_sample_score_ : float
        The metric of ``decision_`` on the scores that it was tuned on: optimistic.
    diagnostics_ : mapping
        How the folds were made, and what not to believe.
    n_features_in_ : int
        Number of features, as the inner classifier tells.
    feature_names_in_ : array of shape (n_features,)
        Their names, where it knows them.

    Notes
    -----
    The models that score the other folds were fitted on this fold too, as the models of a cross-validation are. What
    that leaves of optimism is small: on 150 rows of noise, where the in-sample balanced accuracy is .53 and the truth
    .50, the out-of-sample score is .51; it is .50 of a model that is not fitted. Fully nested folds, which take as many
    fits for each fold, are had by `sklearn.model_selection.cross_validate` of this classifier. See :doc:`/decisions`.

    Examples
    --------
    >>> import conjac as cj
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = make_classification(2000, weights=[0.9], class_sep=0.7, random_state=0)
    >>> tuned = cj.TunedDecisionClassifier(LogisticRegression(), cost_matrix=[[0, 1], [5, 0]]).fit(X, y)
    >>> lower, upper = tuned.decision_confint()  # a missed positive costs 5 false alarms: 1 / 6, if calibrated
    >>> bool(lower < 1 / 6 < upper)
    True
    >>> int(tuned.predict(X).sum()) > int(tuned.estimator_.predict(X).sum())
    True
    """

    def __init__(
        self,
        estimator: Any,
        *,
        metric: str | Metric | None = METRIC,
        subject_to: Any = None,
        cost_matrix: Any = None,
        pos_label: Any = None,
        response_method: str = "auto",
        cv: Any = None,
        refit: bool = True,
        confidence: float | None = None,
        method: Literal["smooth", "exact"] = "smooth",
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.metric = metric
        self.subject_to = subject_to
        self.cost_matrix = cost_matrix
        self.pos_label = pos_label
        self.response_method = response_method
        self.cv = cv
        self.refit = refit
        self.confidence = confidence
        self.method = method
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Tune the decision, and fit the estimator.

        Parameters
        ----------
        X : array, sparse matrix or frame of shape (n_samples, n_features)
            Rows, of which each fold is scored by a model fitted on the others.
        y : array of shape (n_samples,)
            True labels, of any type that sorts.
        sample_weight : array of shape (n_samples,), optional
            Sampling weights, for the tuning and for the estimator's ``fit``; where metadata routing is enabled, for the
            latter if it asks for them.
        **params
            ``groups`` goes to the splitter, and makes intervals cluster-robust; all else to the estimator's ``fit``.
            Where metadata routing is enabled, each to what asks for it.

        Returns
        -------
        TunedDecisionClassifier
            Itself, fitted.

        Raises
        ------
        InvalidInputError
            Arguments that do not go together, one class only, a cost matrix of another shape, an unknown metric or
            class, a class that some fold is not trained on, folds that overlap.
        InfeasibleError
            No decision meets the constraints.
        NotSupportedError
            A positive label with more than two classes.

        Warns
        -----
        ConjacWarning
            Weights that the estimator's ``fit`` does not take; folds whose decision cannot be tuned by the others.
        """
        X, y = indexable(X, y)
        y = check_target(y)
        weight = check_weight(sample_weight, len(y))
        method = method_of(self.estimator, self.response_method)
        frozen = isinstance(self.estimator, FrozenEstimator)
        if frozen:
            check_is_fitted(self.estimator)
        tuning = tuning_of(
            np.asarray(self.estimator.classes_) if frozen else np.unique(y),
            method,
            metric=self.metric,
            cost_matrix=self.cost_matrix,
            subject_to=self.subject_to,
            pos_label=self.pos_label,
            confidence=self.confidence,
            method=self.method,
        )
        fit_params, split_params = self._routed(sample_weight, params)
        splits = splits_of(self.cv, self.random_state, X, y, split_params)
        scorer = Scorer(self.estimator, fit_params, tuning.labels, method)
        if not (self.refit or frozen):
            scorer = scorer.kept(X, y, splits)
        rows = hold_out(scorer, X, y, splits, weight, split_params.get("groups"), self.n_jobs)
        decision = tuning.decide(rows)
        nested = Nested.of(tuning, rows, self.n_jobs)
        if nested.reason:
            warnings.warn(f"out_of_sample_score_ is nan: {nested.reason}", ConjacWarning, stacklevel=2)
        self.estimator_ = scorer.of_all(X, y)
        self.decision_, self._nested, self._method = decision, nested, method
        self.in_sample_score_ = decision.value
        self.out_of_sample_score_, self.out_of_sample_stderr_ = nested.value, nested.stderr
        self.out_of_sample_matrix_ = nested.matrix
        self.fold_decisions_ = nested.rules
        self.diagnostics_ = ReadOnly(
            {
                "n_samples": len(y),
                "n_scored": len(rows.true),
                "n_folds": len(splits),
                "response_method": method,
                "labels": tuning.labels,
                "model": FROZEN if frozen else REFITTED if self.refit else KEPT,
                "out_of_sample": "by decisions tuned on the other folds; its interval is of the rows' sampling alone, "
                "not of another fit",
                "in_sample": "told on the scores that the decision was tuned on: optimistic",
                "decision": decision.diagnostics,
            }
        )
        return self

    def _routed(self, sample_weight: Any, params: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what goes to the estimator's ``fit``, and to the splitter."""
        if get_config()["enable_metadata_routing"]:
            routed = process_routing(self, "fit", sample_weight=sample_weight, **params)
            return routed["estimator"]["fit"], routed["splitter"]["split"]
        fit_params = {name: value for name, value in params.items() if name != "groups"}
        if sample_weight is not None:
            if has_fit_parameter(self.estimator, "sample_weight"):
                fit_params["sample_weight"] = sample_weight
            elif not isinstance(self.estimator, FrozenEstimator):
                warnings.warn(
                    f"{type(self.estimator).__name__}.fit takes no sample_weight: the weights serve the tuning alone; "
                    "to reach an estimator inside, enable scikit-learn's metadata routing",
                    ConjacWarning,
                    stacklevel=3,
                )
        return fit_params, {name: params[name] for name in params if name == "groups"}

    def get_metadata_routing(self) -> MetadataRouter:
        """Return where metadata goes: ``fit`` of the estimator, ``split`` of the splitter, weights to the tuning.

        Returns
        -------
        sklearn.utils.metadata_routing.MetadataRouter
            As scikit-learn asks for it.
        """
        to = MethodMapping
        router = MetadataRouter(owner=self).add_self_request(self)
        router.add(estimator=self.estimator, method_mapping=to().add(caller="fit", callee="fit"))
        return router.add(splitter=self.cv, method_mapping=to().add(caller="fit", callee="split"))

    @property
    def threshold_(self) -> float:
        """Threshold of two classes, in ``decision_.coordinate``: of probabilities, or of the scores as they are."""
        if self.decision_.offsets is not None:
            raise AttributeError("threshold_ is of two classes; offsets_ decide between more")
        return self.decision_.threshold

    @property
    def offsets_(self) -> FloatArray:
        """Offsets of more than two classes, added to scores; less the first's, array of shape (n_classes,)."""
        if self.decision_.offsets is None:
            raise AttributeError("offsets_ are of more than two classes; threshold_ decides between two")
        return self.decision_.offsets

    def decision_confint(self, level: float = 0.95) -> Interval:
        """Return the interval of ``threshold_`` or of each of ``offsets_``, by the sampling of the rows.

        Parameters
        ----------
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        Interval
            Lower and upper limits, in ``decision_.coordinate``, arrays of shape () or (n_classes,).

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        sklearn.exceptions.NotFittedError
            Before `fit`.
        """
        check_is_fitted(self)
        return self.decision_.confint(level)

    def out_of_sample_confint(self, level: float = 0.95) -> Interval:
        """Return the interval of ``out_of_sample_score_``, by the sampling of the rows: refits are not in it.

        Parameters
        ----------
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        Interval
            Lower and upper limit, in the unit of the metric, arrays of shape ().

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        sklearn.exceptions.NotFittedError
            Before `fit`.
        """
        check_is_fitted(self)
        return self._nested.confint(level)

    def predict(self, X: Any) -> AnyArray:
        """Return the labels that ``decision_`` gives.

        Parameters
        ----------
        X : array, sparse matrix or frame of shape (n_samples, n_features)
            Rows, as the estimator takes them.

        Returns
        -------
        array of shape (n_samples,)
            Of ``classes_``.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        InvalidInputError
            Scores of ``X`` that are missing or infinite.
        """
        check_is_fitted(self)
        score, _, _ = response(self.estimator_, X, OUTPUTS[self._method], self.decision_.labels[-1])
        return self.decision_.predict(score).astype(self.classes_.dtype)

    def confusion_jacobian(self, X: Any, y: Any, **options: Any) -> ConfusionJacobian:
        """Return the confusion matrix of `predict` on rows, and how fast it moves with the decision.

        Parameters
        ----------
        X : array, sparse matrix or frame of shape (n_samples, n_features)
            Rows that it was not fitted on.
        y : array of shape (n_samples,)
            Their true labels.
        **options
            As for `ConfusionJacobian.from_predictions`, such as ``sample_weight`` and ``normalize``.

        Returns
        -------
        ConfusionJacobian
            By the threshold, or by the offsets.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        InvalidInputError
            Input that cannot be used; the message says where and what to do.
        """
        check_is_fitted(self)
        decision = self.decision_
        at: dict[str, Any] = {"offsets": decision.offsets}
        if decision.offsets is None:
            at = {"threshold": np.nan_to_num(decision.threshold)}  # where nothing is alerted it is infinite
        return ConfusionJacobian.from_estimator(
            self.estimator_,
            X,
            y,
            output=OUTPUTS[self._method],
            labels=decision.labels,
            coordinate=decision.coordinate,
            **at,
            **options,
        )
