"""Transformers that select, combine or expand columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from conjac._typing import FloatArray
from conjac.models.scikit.part import Part, identity, linear, numbers, serve, still, unknown

SELECTORS = (
    "GenericUnivariateSelect",
    "RFE",
    "RFECV",
    "SelectFdr",
    "SelectFpr",
    "SelectFromModel",
    "SelectFwe",
    "SelectKBest",
    "SelectPercentile",
    "SequentialFeatureSelector",
    "VarianceThreshold",
)
ENCODERS = (
    "CountVectorizer",
    "FeatureHasher",
    "HashingVectorizer",
    "MissingIndicator",
    "OneHotEncoder",
    "OrdinalEncoder",
    "TargetEncoder",
    "TfidfVectorizer",
)
"""Categories and words do not shift: no derivative flows through them."""


def selected(estimator: Any) -> Part:
    """Return some of the columns."""
    return linear(np.eye(estimator.n_features_in_)[estimator.get_support()])


def principal(estimator: Any) -> Part:
    """Return projections on principal components, whitened or not."""
    rows = np.asarray(estimator.components_)
    if not estimator.whiten:
        return linear(rows)
    scale = np.sqrt(estimator.explained_variance_)
    return linear(rows / np.maximum(scale, np.finfo(scale.dtype).eps)[:, None])


def projected(estimator: Any) -> Part:
    """Return projections on ``components_``."""
    return linear(estimator.components_)


def imputed(estimator: Any) -> Part:
    """Return columns with missing values filled: 0 there, and through indicators of them."""
    width, statistics = estimator.n_features_in_, np.asarray(estimator.statistics_)
    if statistics.dtype.kind not in "fiu":
        return still(estimator)
    kept = np.arange(width) if estimator.keep_empty_features else np.flatnonzero(~np.isnan(statistics))

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        pulled = np.zeros((len(cotangent), width))
        pulled[:, kept] = cotangent[:, : len(kept)]
        at, missing = numbers(X), estimator.missing_values
        filled = np.isnan(at) if missing is None or missing != missing else at == missing
        return np.where(filled, 0, pulled) if filled.any() else pulled

    return Part(pull)


def function(estimator: Any) -> Part:
    """Return a FunctionTransformer: the identity, if it has no function."""
    return identity(estimator) if estimator.func is None else unknown(f"FunctionTransformer({_name(estimator.func)})")


def polynomial(estimator: Any) -> Part:
    """Return products of powers of columns."""
    powers = np.asarray(estimator.powers_)

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        at = numbers(X)
        pulled = np.zeros_like(at)
        for column, exponents in zip(cotangent.T, powers, strict=True):
            places = np.flatnonzero(exponents)
            for place in places:
                slope = column * exponents[place]
                for other in places:
                    slope = slope * at[:, other] ** int(exponents[other] - (other == place))
                pulled[:, place] += slope
        return pulled

    return Part(pull)


def splines(estimator: Any) -> Part:
    """Return B-splines of each column, beyond its range as the estimator extrapolates."""

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        at = numbers(X)
        each = np.broadcast_to(cotangent, (len(at), cotangent.shape[1])).reshape(len(at), at.shape[1], -1)
        slopes = (_spline_slope(estimator, spline, x) for spline, x in zip(estimator.bsplines_, at.T, strict=True))
        return np.column_stack(
            [(each[:, place] * slope[:, : each.shape[2]]).sum(axis=1) for place, slope in enumerate(slopes)]
        )

    return Part(pull)


def _spline_slope(estimator: Any, spline: Any, x: FloatArray) -> FloatArray:
    """Return the derivatives of the splines of one column, array of shape (n_rows, n_splines)."""
    low, high = spline.t[spline.k], spline.t[-spline.k - 1]
    inside = (x >= low) & (x <= high)
    if estimator.extrapolation == "periodic":
        x = low + (x - low) % (high - low)
    elif estimator.extrapolation in {"constant", "linear"}:
        x = np.clip(x, low, high)
    slope = spline.derivative()(np.where(np.isnan(x), low, x))
    flat = np.isnan(x) if estimator.extrapolation != "constant" else ~inside
    return np.where(flat[:, None], 0, slope)


def normalized(estimator: Any) -> Part:
    """Return rows over their norm."""

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        at = numbers(X)
        if estimator.norm == "l2":
            size, slope = np.linalg.norm(at, axis=1, keepdims=True), at
        elif estimator.norm == "l1":
            size, slope = np.abs(at).sum(axis=1, keepdims=True), np.sign(at)
        else:
            size = np.abs(at).max(axis=1, keepdims=True)
            first = np.arange(at.shape[1]) == np.abs(at).argmax(axis=1)[:, None]
            slope = np.where(first, np.sign(at), 0)
        size = np.where(size == 0, 1, size)
        slope = slope / size if estimator.norm == "l2" else slope
        along = (cotangent * at).sum(axis=1, keepdims=True) / size
        return np.asarray((cotangent - along * slope) / size)

    return Part(pull)


def _name(func: Any) -> str:
    return str(getattr(func, "__name__", type(func).__name__))


serve("transform", dict.fromkeys(SELECTORS, selected) | dict.fromkeys(ENCODERS, still))
serve(
    "transform",
    {
        "FastICA": projected,
        "FunctionTransformer": function,
        "GaussianRandomProjection": projected,
        "IncrementalPCA": principal,
        "Normalizer": normalized,
        "PCA": principal,
        "PolynomialFeatures": polynomial,
        "SimpleImputer": imputed,
        "SparseRandomProjection": projected,
        "SplineTransformer": splines,
        "TruncatedSVD": projected,
    },
)
