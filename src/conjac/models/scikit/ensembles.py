"""Classifiers made of classifiers: votes, bags, stacks, one class against the others."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from sklearn.utils.validation import check_array

from conjac._typing import AnyArray, FloatArray
from conjac.models.scikit.part import Part, joined, part_of, serve, stepwise, unknown
from conjac.models.scikit.probabilities import mean, probabilities


def voting(estimator: Any) -> Part:
    """Return the mean of several classifiers' probabilities."""
    members = estimator.estimators_
    parts = [part_of(member, "predict_proba") for member in members]
    weights = None if estimator.weights is None else estimator._weights_not_none
    return mean(parts, [member.predict_proba for member in members], weights)


def bagging(estimator: Any, method: str) -> Part:
    """Return the mean over classifiers of some of the rows and columns."""
    members, width = estimator.estimators_, estimator.n_features_in_
    if any(len(member.classes_) < len(estimator.classes_) for member in members):
        return unknown("BaggingClassifier with a member that saw fewer classes")
    if not hasattr(members[0], method):
        return stepwise(f"BaggingClassifier of {type(members[0]).__name__}")  # it counts their votes
    chosen = estimator.estimators_features_
    parts = [_of_some(part_of(member, method), where, width) for member, where in zip(members, chosen, strict=True)]
    if method == "predict_proba":
        scores = [partial(_score_some, member, where) for member, where in zip(members, chosen, strict=True)]
        return mean(parts, scores)

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        return np.asarray(sum(part.pull(X, cotangent) for part in parts) / len(parts))

    return joined(parts, pull)


def _score_some(member: Any, where: AnyArray, X: Any) -> AnyArray:
    return np.asarray(member.predict_proba(_array(X)[:, where]))


def _of_some(part: Part, where: AnyArray, width: int) -> Part:
    """Return a part of some of the columns, which may be named twice, as one of all."""

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        found = part.pull(None if part.constant else _array(X)[:, where], cotangent)
        pulled = np.zeros((len(found), width))
        np.add.at(pulled.T, where, found.T)
        return pulled

    return joined([part], pull)


def _array(X: Any) -> AnyArray:
    """Return inputs as a BaggingClassifier hands them on."""
    return np.asarray(check_array(X, dtype=None, ensure_all_finite=False))


def stacking(estimator: Any, method: str) -> Part:
    """Return a classifier of other classifiers' scores, beside the inputs if they are passed through."""
    final, n_classes = part_of(estimator.final_estimator_, method), len(estimator.classes_)
    members = list(zip(estimator.estimators_, estimator.stack_method_, strict=True))
    if any(name == "predict" for _, name in members):
        return stepwise("StackingClassifier of predictions")
    parts = [probabilities(member) if name == "predict_proba" else part_of(member, name) for member, name in members]
    width = 1 if n_classes == 2 else n_classes

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        back = final.pull(None if final.constant else estimator.transform(X), cotangent)
        pulled = back[:, width * len(parts) :] if estimator.passthrough else 0
        for place, (part, (_, name)) in enumerate(zip(parts, members, strict=True)):
            own = back[:, place * width : (place + 1) * width]
            if name == "predict_proba" and n_classes == 2:  # the first column is dropped
                own = np.hstack([0 * own, own])
            pulled = pulled + part.pull(X, own)
        return np.asarray(pulled)

    return joined([final, *parts], pull)


def one_against_rest(estimator: Any, method: str) -> Part:
    """Return one classifier a class; probabilities are normalised: the derivative of log p by its log-odds is 1 - p."""
    members = estimator.estimators_
    parts = [part_of(member, method) for member in members]
    if len(members) == 1:
        return parts[0]

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        pulled: Any = 0
        for place, (part, member) in enumerate(zip(parts, members, strict=True)):
            rest = member.predict_proba(X)[:, [0]] if method == "predict_proba" else 1
            pulled = pulled + part.pull(X, cotangent[:, [place]] * rest)
        return np.asarray(pulled)

    whole = joined(parts, pull)
    return whole if method == "decision_function" else replace(whole, constant=False)


serve("predict_proba", {"VotingClassifier": voting})
for name in ("predict_proba", "decision_function"):
    serve(
        name,
        {
            "BaggingClassifier": partial(bagging, method=name),
            "OneVsRestClassifier": partial(one_against_rest, method=name),
            "StackingClassifier": partial(stacking, method=name),
        },
    )
