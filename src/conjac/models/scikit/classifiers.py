"""Classifiers with a formula of their own: linear ones, naive Bayes, discriminants."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit

from conjac._typing import FloatArray
from conjac.models.scikit.part import Part, linear, numbers, serve, stepwise, unknown

LINEAR = (
    "LinearDiscriminantAnalysis",
    "LinearSVC",
    "LogisticRegression",
    "LogisticRegressionCV",
    "PassiveAggressiveClassifier",
    "Perceptron",
    "RidgeClassifier",
    "RidgeClassifierCV",
    "SGDClassifier",
)
"""With ``coef_``, and ``decision_function`` linear in the inputs."""


def affine(estimator: Any) -> Part:
    """Return ``decision_function`` of a linear classifier."""
    return linear(estimator.coef_)


def logistic(estimator: Any) -> Part:
    """Return the softmax of a linear function, or each class against the others."""
    n_classes, how = len(estimator.classes_), getattr(estimator, "multi_class", "auto")
    if how == "ovr" or (how in {"auto", "deprecated", "warn"} and getattr(estimator, "solver", "") == "liblinear"):
        return one_against_others(estimator) if n_classes > 2 else affine(estimator)
    if how == "multinomial" and n_classes == 2:  # until scikit-learn 1.7: the softmax of -f and f
        return linear(2 * estimator.coef_)
    return affine(estimator)


def one_against_others(estimator: Any) -> Part:
    """Return normalised logistic functions of linear ones: the derivative of log expit(f) is expit(-f)."""
    inner = affine(estimator)

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        return inner.pull(X, cotangent * expit(-estimator.decision_function(X)))

    return Part(pull)


def modified_huber(estimator: Any) -> Part:
    """Return normalised (f + 1) / 2 of linear functions, clipped: flat where f is beyond -1 or 1."""
    inner, n_outputs = affine(estimator), len(np.atleast_2d(estimator.coef_))

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        f = np.asarray(estimator.decision_function(X), dtype=np.float64).reshape(-1, n_outputs)
        inside = np.where(np.abs(f) < 1, f, 0)
        slope = 2 / (1 - inside**2) if n_outputs == 1 else 1 / (1 + inside)
        return inner.pull(X, cotangent * np.where(np.abs(f) < 1, slope, 0))

    return Part(pull)


def stochastic_gradient(estimator: Any) -> Part:
    """Return ``predict_proba`` of an SGDClassifier, by its loss."""
    if estimator.loss == "modified_huber":
        return modified_huber(estimator)
    return affine(estimator) if len(estimator.classes_) == 2 else one_against_others(estimator)


def between(weights: Any) -> Part:
    """Return log-likelihoods that are linear in the inputs, (n_classes, n_inputs); of two, their difference."""
    return linear(weights[1:] - weights[:1] if len(weights) == 2 else weights)


def normal(estimator: Any) -> Part:
    """Return Gaussian naive Bayes: the log-density of class k falls by (x - theta_k) / var_k."""
    theta, precision = np.asarray(estimator.theta_), 1 / np.asarray(estimator.var_)

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        each = np.hstack([-cotangent, cotangent]) if len(theta) == 2 else cotangent
        return np.asarray(each @ (theta * precision) - numbers(X) * (each @ precision))

    return Part(pull)


def quadratic(estimator: Any) -> Part:
    """Return quadratic discriminants: the log-density of class k falls by its precision matrix times x - mean_k."""
    pairs = zip(estimator.rotations_, estimator.scalings_, strict=True)
    precisions = [np.asarray((rotation / scaling) @ rotation.T) for rotation, scaling in pairs]

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        each = np.hstack([-cotangent, cotangent]) if len(precisions) == 2 else cotangent
        at = numbers(X)
        slopes = ((at - mean) @ -precision for mean, precision in zip(estimator.means_, precisions, strict=True))
        return np.asarray(sum(each[:, [k]] * slope for k, slope in enumerate(slopes)))

    return Part(pull)


def bernoulli(estimator: Any) -> Part:
    """Return naive Bayes of bits: of inputs that it cuts, steps."""
    return unknown("BernoulliNB(binarize=None)") if estimator.binarize is None else stepwise("BernoulliNB")


serve("decision_function", dict.fromkeys(LINEAR, affine) | {"QuadraticDiscriminantAnalysis": quadratic})
serve(
    "predict_proba",
    {
        "BernoulliNB": bernoulli,
        "ComplementNB": lambda estimator: between(estimator.feature_log_prob_),
        "GaussianNB": normal,
        "LinearDiscriminantAnalysis": affine,
        "LogisticRegression": logistic,
        "LogisticRegressionCV": logistic,
        "MultinomialNB": lambda estimator: between(estimator.feature_log_prob_),
        "QuadraticDiscriminantAnalysis": quadratic,
        "SGDClassifier": stochastic_gradient,
    },
)
