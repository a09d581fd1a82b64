"""scikit-learn's linear classifiers whose training problem is smooth: rules, as rows of a table.

Each rule tells what the solver minimised: the loss, the penalties, and how rows are weighted. A solver that is not in
the table, or not with these settings, has no derivative here, and its rule says why.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from conjac._typing import FloatArray
from conjac.errors import NotDifferentiableError
from conjac.objectives.levers import Lever
from conjac.objectives.linear import Design, LinearProblem, signs
from conjac.objectives.losses import LOGISTIC, SOFTMAX, SQUARED, SQUARED_HINGE, Loss
from conjac.objectives.solution import Rows, Solution

Rule = Callable[[Any, Rows], Solution]
"""From a fitted linear classifier and its training rows to its solution."""


def logistic(estimator: Any, rows: Rows) -> Solution:
    """Return logistic regression: C times the log loss, and half the squared coefficients."""
    n_classes, how = len(estimator.classes_), getattr(estimator, "multi_class", "auto")
    _refuse_sparsity(estimator)
    if not hasattr(estimator, "C"):
        told = f"{type(estimator).__name__} chooses C as it is trained"
        raise NotDifferentiableError(f"{told}: pass LogisticRegression(C=...) with its C_")
    if how == "ovr" or (how == "multinomial" and n_classes == 2) or (estimator.solver == "liblinear" and n_classes > 2):
        raise NotDifferentiableError(f"LogisticRegression(multi_class={how!r}, solver={estimator.solver!r})")
    liblinear = estimator.solver == "liblinear"
    C = np.inf if getattr(estimator, "penalty", "l2") is None else float(estimator.C)
    loss = SOFTMAX if n_classes > 2 else LOGISTIC
    strength = _spread(estimator, 1 / C, estimator.intercept_scaling if liblinear else None)
    levers = {"C": Lever(C, -np.ones(1))} if np.inf > C else {}
    return _solution(estimator, rows, loss, strength, levers, liblinear)


def ridge(estimator: Any, rows: Rows) -> Solution:
    """Return ridge classification: squared errors of +-1, and alpha times the squared coefficients."""
    if getattr(estimator, "positive", False):
        raise NotDifferentiableError("RidgeClassifier(positive=True): coefficients stop at 0")
    alpha = float(estimator.alpha)
    levers = {"alpha": Lever(alpha, np.ones(1))} if alpha > 0 else {}
    return _solution(estimator, rows, SQUARED, _spread(estimator, 2 * alpha), levers)


def linear_machine(estimator: Any, rows: Rows) -> Solution:
    """Return a linear support vector machine: C times the squared hinge, and half the squared coefficients."""
    if estimator.loss != "squared_hinge":
        raise NotDifferentiableError(
            "LinearSVC(loss='hinge'): the optimum moves from kink to kink; use 'squared_hinge'"
        )
    if estimator.penalty != "l2" or estimator.multi_class != "ovr":
        told = f"penalty={estimator.penalty!r}, multi_class={estimator.multi_class!r}"
        raise NotDifferentiableError(f"LinearSVC({told})")
    strength = _spread(estimator, 1 / estimator.C, estimator.intercept_scaling)
    return _solution(estimator, rows, SQUARED_HINGE, strength, {"C": Lever(float(estimator.C), -np.ones(1))}, True)


RULES: Final[dict[str, Rule]] = {
    "LinearSVC": linear_machine,
    "LogisticRegression": logistic,
    "RidgeClassifier": ridge,
}
"""By the names of scikit-learn's classes."""


def one_against_rest(estimators: Sequence[Any], rows: Rows, rule: Rule) -> Solution:
    """Return one binary problem a class, or one for the second of two; they share their hyper-parameters."""
    own = range(len(estimators)) if len(estimators) > 1 else (1,)
    parts = [rule(each, replace(rows, label=(rows.label == k) * 1)) for k, each in zip(own, estimators, strict=True)]
    problems = [part.problem for part in parts]

    def write(estimator: Any, parameters: FloatArray) -> None:
        for part, own, each in zip(parts, parameters[:, None], estimator.estimators_, strict=True):
            part.write(each, own)

    is_own = [(np.arange(max(len(parts), 2)) == k) * 1 for k in own]
    problem = LinearProblem(
        design=problems[0].design,
        parameters=np.concatenate([each.parameters for each in problems]),
        loss=problems[0].loss,
        label=rows.label,
        row_weight=rows.weight,
        targets=np.hstack([each.targets[mine] for each, mine in zip(problems, is_own, strict=True)]),
        class_weight=np.hstack([each.class_weight[mine] for each, mine in zip(problems, is_own, strict=True)]),
        penalty=np.concatenate([each.penalty for each in problems]),
    )
    shared = {name: lever for name, lever in parts[0].levers.items() if lever.weight is None}
    return Solution(problem, shared, write, parts[0].held)


def _solution(
    estimator: Any, rows: Rows, loss: Loss, penalty: FloatArray, levers: dict[str, Lever], liblinear: bool = False
) -> Solution:
    """Put a problem together; what is common to all."""
    classes, intercept = estimator.classes_.tolist(), bool(estimator.fit_intercept)
    coef = np.atleast_2d(np.asarray(estimator.coef_, dtype=np.float64))
    q = len(coef)
    parameters = np.column_stack([coef, np.ravel(estimator.intercept_)]) if intercept else coef
    of_class = _class_weights(estimator, rows)
    felt = np.ones((len(classes), 1))
    if liblinear and q > 1:  # only the class that is set against the others has its weight there
        felt = np.eye(q)
    for k, (label, weight) in enumerate(zip(classes, of_class, strict=True)):
        if weight > 0:
            own = felt * (np.arange(len(classes)) == k)[:, None]
            levers[f"class_weight[{label}]"] = Lever(weight, np.zeros(1), own)
    if intercept and penalty[-1] > 0:
        levers["intercept_scaling"] = Lever(
            float(estimator.intercept_scaling), -2.0 * (np.arange(len(penalty)) == coef.shape[1])
        )
    balanced = estimator.class_weight == "balanced"
    held = (f"class_weight='balanced' at {dict(zip(classes, of_class.tolist(), strict=True))}",) if balanced else ()
    problem = LinearProblem(
        design=Design(rows.columns, intercept),
        parameters=parameters,
        loss=loss,
        label=rows.label,
        row_weight=rows.weight,
        targets=np.eye(q) if loss is SOFTMAX else signs(len(classes)),
        class_weight=np.where(felt == 1, of_class[:, None], 1.0),
        penalty=np.broadcast_to(penalty, parameters.shape),
    )
    return Solution(problem, levers, _write, held)


def _write(estimator: Any, parameters: FloatArray) -> None:
    n_features = estimator.coef_.shape[-1]
    estimator.coef_ = parameters[:, :n_features].reshape(estimator.coef_.shape)
    if estimator.fit_intercept:
        estimator.intercept_ = parameters[:, -1].reshape(np.shape(estimator.intercept_))


def _spread(estimator: Any, strength: float, scaling: float | None = None) -> FloatArray:
    """Return the penalties of a row of coefficients: that of the intercept is 0, or less by its squared scaling."""
    own = np.full(np.atleast_2d(estimator.coef_).shape[1], strength)
    if not estimator.fit_intercept:
        return own
    return np.append(own, 0.0 if scaling is None else strength / scaling**2)


def _class_weights(estimator: Any, rows: Rows) -> FloatArray:
    """Return the weight of each class as the fit took it; "balanced" as of these rows."""
    told, classes = estimator.class_weight, estimator.classes_
    weighted = (
        {"sample_weight": rows.weight} if "sample_weight" in inspect.signature(compute_class_weight).parameters else {}
    )
    if type(estimator).__name__ == "RidgeClassifier":  # it counts rows, whatever they weigh
        weighted = {}
    return np.asarray(compute_class_weight(told, classes=classes, y=classes[rows.label], **weighted), dtype=np.float64)


def _refuse_sparsity(estimator: Any) -> None:
    ratio = getattr(estimator, "l1_ratio", None) or 0
    penalty = getattr(estimator, "penalty", "l2")
    if (penalty in ("l1", "elasticnet") and not (penalty == "elasticnet" and ratio == 0)) or (
        penalty == "deprecated" and ratio > 0
    ):
        raise NotDifferentiableError("LogisticRegression with an L1 penalty: coefficients stop at 0")
