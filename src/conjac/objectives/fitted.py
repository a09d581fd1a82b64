"""From a fitted classifier and its training rows to the training problem that it solves, and what passes through it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from scipy.special import expit, softmax
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import validate_data

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.errors import InvalidInputError, NotDifferentiableError
from conjac.objectives.levers import Lever
from conjac.objectives.linear import Design
from conjac.objectives.scikit import RULES, Rule, one_against_rest
from conjac.objectives.solution import Rows, Solution
from conjac.validation import TrainingData

INNER = {
    "FixedThresholdClassifier": "estimator_",
    "GridSearchCV": "best_estimator_",
    "HalvingGridSearchCV": "best_estimator_",
    "HalvingRandomSearchCV": "best_estimator_",
    "RandomizedSearchCV": "best_estimator_",
    "TunedDecisionClassifier": "estimator_",
    "TunedThresholdClassifierCV": "estimator_",
}
"""Estimators that hand rows on to another, and where it is."""
LOOKED_AT = 16
"""Training rows on which the model's scores are compared with those of the problem's parameters."""
TOLERANCE = 1e-4
"""Relative difference at which they are the same; models in single precision included."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted classifier, and the linear problem at its end.

    Attributes
    ----------
    estimator : fitted classifier
        The linear one, or one-against-rest of linear ones.
    steps : fitted transformers before it, as a pipeline; or None
    solution : Solution
    names : tuple of str
        Of the columns that the linear classifier sees.
    held : tuple of str
        What is taken as fixed.
    path : str
        Prefix of the linear classifier's parameters among those of the whole, each name between two underscores.
    """

    estimator: Any
    steps: Any
    solution: Solution
    names: tuple[str, ...]
    held: tuple[str, ...]
    path: str

    @classmethod
    def of(cls, estimator: Any, training: TrainingData) -> Self:
        """Find the training problem.

        Raises
        ------
        NotDifferentiableError
            A training problem that is not in the table; the message says why.
        InvalidInputError
            Training rows that cannot be those of the estimator.
        """
        steps, last, path = _taken_apart(estimator)
        rule = _rule_of(last)
        columns = _columns(training.X if steps is None else _transformed(steps, training.X), last)
        n_rows = len(training.y)
        weight = np.ones(n_rows) if training.weight is None else training.weight
        solution = rule(last, Rows(columns, _places(training.y, last), weight))
        as_fitted = [f"{type(step).__name__} as fitted" for _, step in steps.steps] if steps is not None else []
        found = cls(last, steps, solution, _names(steps, last, columns.shape[1]), (*solution.held, *as_fitted), path)
        found._refuse_other_scores(columns[:LOOKED_AT])
        return found

    @cached_property
    def levers(self) -> dict[str, Lever]:
        """Hyper-parameters that the optimum follows smoothly, by name: penalties of columns last."""
        problem = self.solution.problem
        each = np.eye(problem.parameters.shape[1])
        free = (problem.penalty == 0).all(axis=0)
        own = {f"penalty[{name}]": Lever(1.0, each[j]) for j, name in enumerate(self.names) if not free[j]}
        return {**self.solution.levers, **own}

    def lever(self, name: str) -> Lever | None:
        """Return the lever of a name, which may have the prefix of a pipeline's or another estimator's parameters."""
        prefix, _, own = name.rpartition("__")
        inner = self.path.endswith(f"__{prefix}__")
        return self.levers.get(name) or (self.levers.get(own) if inner else None)

    def push(self, X: Any, directions: FloatArray, response: str) -> FloatArray:
        """Return how fast scores of rows move, array of shape (n_rows, n_outputs, n_directions).

        Scores as margins are made of them: see `conjac.models.Model.pull`.

        Parameters
        ----------
        X : array or frame of shape (n_rows, n_features)
            As the classifier takes them.
        directions : array of shape (n_parameters, n_directions)
            Of the parameters.
        response : {"predict_proba", "decision_function"}
        """
        design = self.solution.problem.design
        rows = Design(
            _columns(X if self.steps is None else _transformed(self.steps, X), self.estimator), design.intercept
        )
        q, p = self.solution.problem.parameters.shape
        each = np.moveaxis(directions.reshape(q, p, -1), 2, 1).reshape(-1, p)
        moved = rows.times(each).reshape(rows.shape[0], q, -1)
        if response == "predict_proba" and self._normalised:
            moved *= expit(-rows.times(self.solution.problem.parameters))[:, :, None]
        return moved

    @property
    def _normalised(self) -> bool:
        """Whether probabilities are those of one class against the rest, divided by their sum."""
        return self.solution.problem.coupling is None and len(self.solution.problem.parameters) > 1

    def _refuse_other_scores(self, columns: Any) -> None:
        """Refuse a classifier whose scores are not those of its parameters, as a subclass may have others."""
        problem = self.solution.problem
        f = Design(columns, problem.design.intercept).times(problem.parameters)
        expected = {"decision_function": f}
        if problem.coupling is not None:
            expected["predict_proba"] = softmax(f, axis=1)
        elif len(problem.parameters) > 1:
            expected["predict_proba"] = expit(f) / expit(f).sum(axis=1, keepdims=True)
        else:
            expected["predict_proba"] = np.hstack([expit(-f), expit(f)])
        for method, score in expected.items():
            told = getattr(self.estimator, method, None)
            if told is None:
                continue
            with warnings.catch_warnings(action="ignore"):  # of columns without their names
                found = np.reshape(told(columns), (len(f), -1))
            if found.shape != score.shape or not np.allclose(found, score, TOLERANCE, TOLERANCE * np.abs(score).max()):
                raise NotDifferentiableError(
                    f"{type(self.estimator).__name__}.{method} does not give the scores of its coefficients"
                )


def _taken_apart(estimator: Any) -> tuple[Any, Any, str]:
    """Return the fitted transformers before the last estimator, as a pipeline or None, that estimator, and its path."""
    steps: list[tuple[str, Any]] = []
    path = "__"
    while True:
        name = type(estimator).__name__
        if name in INNER and hasattr(estimator, INNER[name]):
            estimator, path = getattr(estimator, INNER[name]), f"{path}estimator__"
        elif isinstance(estimator, Pipeline):
            steps += estimator.steps[:-1]
            last, estimator = estimator.steps[-1]
            path = f"{path}{last}__"
        elif isinstance(estimator, OneVsRestClassifier):
            return (Pipeline(steps) if steps else None), estimator, f"{path}estimator__"
        else:
            return (Pipeline(steps) if steps else None), estimator, path


def _rule_of(estimator: Any) -> Rule:
    if isinstance(estimator, OneVsRestClassifier):
        inner = _rule_of(estimator.estimators_[0])
        return lambda whole, rows: one_against_rest(whole.estimators_, rows, inner)
    for ancestor in type(estimator).__mro__:
        if ancestor.__module__.startswith("sklearn.") and ancestor.__name__ in RULES:
            return RULES[ancestor.__name__]
    raise NotDifferentiableError(
        f"the training of {type(estimator).__name__} is not known to be a smooth problem that is solved"
    )


def _transformed(steps: Any, X: Any) -> Any:
    try:
        return steps.transform(X)
    except ValueError as error:
        raise InvalidInputError(f"the pipeline does not take these rows: {str(error).strip()}") from error


def _columns(X: Any, estimator: Any) -> Any:
    """Return rows as numbers, as many columns as the classifier was fitted on."""
    try:
        return validate_data(estimator, X, reset=False, accept_sparse="csr", dtype=np.float64)
    except ValueError as error:
        raise InvalidInputError(f"training_data: {str(error).strip()}; pass the rows that it was fitted on") from error


def _places(labels: AnyArray, estimator: Any) -> IntArray:
    """Return the place of each row's label among the classes.

    Raises
    ------
    InvalidInputError
        A label that is no class, or a class without rows.
    """
    classes = estimator.classes_
    told = classes.tolist()
    unknown = np.setdiff1d(labels, classes).tolist()
    if unknown:
        raise InvalidInputError(
            f"training_data: y holds {unknown[0]!r}, and the estimator's classes are {told}; pass the rows "
            "that it was fitted on"
        )
    places = np.searchsorted(classes, labels)
    absent = np.flatnonzero(np.bincount(places, minlength=len(classes)) == 0)
    if len(absent):
        raise InvalidInputError(
            f"training_data: no row has the label {told[absent[0]]!r}; pass all rows that the fit was made on"
        )
    return places.astype(np.intp)


def _names(steps: Any, estimator: Any, n_columns: int) -> tuple[str, ...]:
    own = getattr(estimator, "feature_names_in_", None)
    if own is None and steps is not None:
        try:
            own = steps.get_feature_names_out()
        except (AttributeError, ValueError):  # a step of the user's own that has no names to tell
            own = None
    return tuple(map(str, own)) if own is not None else tuple(f"x{j}" for j in range(n_columns))
