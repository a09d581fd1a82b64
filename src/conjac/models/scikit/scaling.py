"""Transformers that change each column by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import ndtri

from conjac._typing import FloatArray
from conjac.models.scikit.part import Part, numbers, serve

QUANTILE_BOUND = 1e-7
"""Up to where scikit-learn's QuantileTransformer follows the tails of the normal distribution."""


def elementwise(slope: Callable[[FloatArray], FloatArray]) -> Part:
    """Return a map of each column by itself, from its derivative; 0 where an input is missing."""

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        at = numbers(X)
        with np.errstate(all="ignore"):
            found = slope(at)
        return np.asarray(cotangent * np.where(np.isnan(at), 0, found))

    return Part(pull)


def scaled(by: Any) -> Part:
    """Return columns times numbers."""
    return Part(lambda _, cotangent: cotangent * (1 if by is None else np.asarray(by)), constant=True)


def divided(estimator: Any) -> Part:
    """Return columns over ``scale_``, where the scaler keeps one."""
    scale = estimator.scale_
    return scaled(None if scale is None else 1 / np.asarray(scale))


def to_range(estimator: Any) -> Part:
    """Return columns scaled to a range; where they are clipped to it, flat beyond."""
    if not estimator.clip:
        return scaled(estimator.scale_)
    low, high = estimator.feature_range

    def slope(x: FloatArray) -> FloatArray:
        y = x * estimator.scale_ + estimator.min_
        return np.where((y > low) & (y < high), estimator.scale_, 0)

    return elementwise(slope)


def to_unit(estimator: Any) -> Part:
    """Return columns over their greatest size; where they are clipped, flat beyond."""
    if not getattr(estimator, "clip", False):
        return divided(estimator)
    scale = np.asarray(estimator.scale_)
    return elementwise(lambda x: np.where(np.abs(x) < scale, 1 / scale, 0))


def power(estimator: Any) -> Part:
    """Return the transforms of Box and Cox, or of Yeo and Johnson."""
    powers = np.asarray(estimator.lambdas_)
    scale = estimator._scaler.scale_ if estimator.standardize else 1

    def yeo_johnson(x: FloatArray) -> FloatArray:
        return np.asarray((np.abs(x) + 1) ** np.where(x >= 0, powers - 1, 1 - powers) / scale)

    def box_cox(x: FloatArray) -> FloatArray:
        return np.asarray(x ** (powers - 1) / scale)

    return elementwise(yeo_johnson if estimator.method == "yeo-johnson" else box_cox)


def quantiles(estimator: Any) -> Part:
    """Return the piecewise linear map to ranks, and from there to normal quantiles: flat beyond the first and last."""
    ranks, is_normal = estimator.references_, estimator.output_distribution == "normal"

    def slope(x: FloatArray) -> FloatArray:
        return np.column_stack([of_column(x[:, j], estimator.quantiles_[:, j]) for j in range(x.shape[1])])

    def of_column(x: FloatArray, knots: FloatArray) -> FloatArray:
        segment = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, len(knots) - 2)
        rise = (ranks[segment + 1] - ranks[segment]) / (knots[segment + 1] - knots[segment])
        inside = (x > knots[0]) & (x < knots[-1])
        if is_normal:
            rank = np.interp(x, knots, ranks)
            inside &= (rank > QUANTILE_BOUND) & (rank < 1 - QUANTILE_BOUND)
            rise = rise * np.sqrt(2 * np.pi) * np.exp(ndtri(rank) ** 2 / 2)
        return np.where(inside, rise, 0)

    return elementwise(slope)


serve(
    "transform",
    {
        "MaxAbsScaler": to_unit,
        "MinMaxScaler": to_range,
        "PowerTransformer": power,
        "QuantileTransformer": quantiles,
        "RobustScaler": divided,
        "StandardScaler": divided,
    },
)
