"""Calibrated classifiers: their probabilities follow an inner classifier's scores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import expit

from conjac._typing import FloatArray
from conjac.models.scikit.part import Part, joined, part_of, serve, stepwise, unknown
from conjac.models.scikit.probabilities import mean, probabilities


def calibrated(estimator: Any) -> Part:
    """Return CalibratedClassifierCV: the mean of calibrated classifiers' probabilities."""
    members = estimator.calibrated_classifiers_
    if estimator.method not in RULES:
        return stepwise(f"CalibratedClassifierCV(method={estimator.method!r})")
    if any(len(member.estimator.classes_) < len(member.classes) for member in members):
        return unknown("CalibratedClassifierCV with a member that saw fewer classes")
    parts = [RULES[estimator.method](member) for member in members]
    return parts[0] if len(parts) == 1 else mean(parts, [member.predict_proba for member in members])


def sigmoid(member: Any) -> Part:
    """Return logistic functions of scores; of more than two classes normalised, where d log p is 1 - p of each."""
    inner = _scores(member)
    slopes, intercepts = np.array([(found.a_, found.b_) for found in member.calibrators]).T
    if len(member.classes) == 2:
        return joined([inner], lambda X, cotangent: inner.pull(X, -slopes * cotangent))

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        scores = np.asarray(getattr(member.estimator, _method(member))(X), dtype=np.float64)
        return inner.pull(X, -slopes * cotangent * expit(slopes * scores + intercepts))

    return replace(joined([inner], pull), constant=False)


def temperature(member: Any) -> Part:
    """Return the softmax of scores, or of logarithms of probabilities, times an inverse temperature."""
    method = _method(member)
    inner, scale = part_of(member.estimator, method), float(member.calibrators[0].beta_)
    if len(member.classes) == 2 and method == "decision_function":
        scale *= 2  # scores of -f and f
    return joined([inner], lambda X, cotangent: inner.pull(X, scale * cotangent))


RULES = {"sigmoid": sigmoid, "temperature": temperature}
"""Of each smooth method."""


def _method(member: Any) -> str:
    return "decision_function" if hasattr(member.estimator, "decision_function") else "predict_proba"


def _scores(member: Any) -> Part:
    """Return what is calibrated: scores, or probabilities; of two classes, of the last."""
    if _method(member) == "decision_function":
        return part_of(member.estimator, "decision_function")
    inner = probabilities(member.estimator)
    if len(member.classes) > 2:
        return inner

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        return inner.pull(X, np.hstack([0 * cotangent, cotangent]))

    return joined([inner], pull)


serve("predict_proba", {"CalibratedClassifierCV": calibrated})
