"""From a fitted classifier and its training rows to the training problem that it solves, and what passes through it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from scipy.special import expit, softmax

from conjac._typing import FloatArray
from conjac.errors import NotDifferentiableError
from conjac.models.scikit.unwrapped import is_one_against_rest, taken_apart
from conjac.objectives.levers import Lever
from conjac.objectives.linear import Design
from conjac.objectives.scikit import RULES, Rule, one_against_rest
from conjac.objectives.solution import Rows, Solution
from conjac.objectives.unwrapped import names_of, places_of, seen
from conjac.validation import TrainingData

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
    steps : tuple of fitted transformers
        Before it.
    solution : Solution
    names : tuple of str
        Of the columns that the linear classifier sees.
    held : tuple of str
        What is taken as fixed.
    path : str
        Prefix of the linear classifier's parameters among those of the whole, each name between two underscores.
    """

    estimator: Any
    steps: tuple[Any, ...]
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
        steps, last, path = taken_apart(estimator)
        rule = _rule_of(last)
        columns = seen(training.X, steps, last)
        n_rows = len(training.y)
        weight = np.ones(n_rows) if training.weight is None else training.weight
        solution = rule(last, Rows(columns, places_of(training.y, last), weight))
        as_fitted = [f"{type(step).__name__} as fitted" for step in steps]
        found = cls(last, steps, solution, names_of(steps, last, columns.shape[1]), (*solution.held, *as_fitted), path)
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
        rows = Design(seen(X, self.steps, self.estimator), design.intercept)
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


def _rule_of(estimator: Any) -> Rule:
    if is_one_against_rest(estimator):
        inner = _rule_of(estimator.estimators_[0])
        return lambda whole, rows: one_against_rest(whole.estimators_, rows, inner)
    for ancestor in type(estimator).__mro__:
        if ancestor.__module__.startswith("sklearn.") and ancestor.__name__ in RULES:
            return RULES[ancestor.__name__]
    raise NotDifferentiableError(
        f"the training of {type(estimator).__name__} is not known to be a smooth problem that is solved"
    )
