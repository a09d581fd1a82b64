"""Gaussian process classifiers: derivatives of the latent mean and variance, by an algebra of kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular
from scipy.spatial.distance import cdist

from conjac._typing import FloatArray
from conjac.models.scikit.kernels import blocks, of_rows
from conjac.models.scikit.part import Part, numbers, part_of, serve, unknown

LAMBDAS = np.array([0.41, 0.4, 0.37, 0.44, 0.39])[:, None]
COEFS = np.array([-1854.8214151, 3516.89893646, 221.29346712, 128.12323805, -2010.49422654])[:, None]
"""The logistic function as a sum of error functions (Williams and Barber, 1998), as scikit-learn has it."""

Slope = Callable[[Any, FloatArray, FloatArray, FloatArray], FloatArray]


def _constant(_kernel: Any, x: FloatArray, _z: FloatArray, _weight: FloatArray) -> FloatArray:
    return np.zeros_like(x)


def _sum(kernel: Any, x: FloatArray, z: FloatArray, weight: FloatArray) -> FloatArray:
    return slope_of(kernel.k1, x, z, weight) + slope_of(kernel.k2, x, z, weight)


def _product(kernel: Any, x: FloatArray, z: FloatArray, weight: FloatArray) -> FloatArray:
    first, second = kernel.k1, kernel.k2
    return slope_of(first, x, z, weight * second(x, z)) + slope_of(second, x, z, weight * first(x, z))


def _radial(of_square: Callable[[Any, FloatArray], FloatArray]) -> Slope:
    """Return the slope of a kernel of squared scaled distances, from its derivative by them."""

    def slope(kernel: Any, x: FloatArray, z: FloatArray, weight: FloatArray) -> FloatArray:
        scale = np.asarray(kernel.length_scale)
        weighted = weight * 2 * of_square(kernel, cdist(x / scale, z / scale, "sqeuclidean"))
        return np.asarray((weighted.sum(axis=1, keepdims=True) * x - weighted @ z) / scale**2)

    return slope


def _matern(kernel: Any, square: FloatArray) -> FloatArray:
    if kernel.nu == np.inf:
        return _gaussian(kernel, square)
    root = np.sqrt(2 * kernel.nu * square)
    return np.asarray((-1.5 if kernel.nu == 1.5 else -5 / 6 * (1 + root)) * np.exp(-root))


def _gaussian(_kernel: Any, square: FloatArray) -> FloatArray:
    return np.asarray(-0.5 * np.exp(-0.5 * square))


def _rational(kernel: Any, square: FloatArray) -> FloatArray:
    return np.asarray(-0.5 * (1 + square / (2 * kernel.alpha)) ** (-kernel.alpha - 1))


KERNELS: dict[str, Slope] = {
    "ConstantKernel": _constant,
    "Matern": _radial(_matern),
    "Product": _product,
    "RBF": _radial(_gaussian),
    "RationalQuadratic": _radial(_rational),
    "Sum": _sum,
    "WhiteKernel": _constant,
}
"""Stationary kernels: gradients in x of the sum over j of weight_ij k(x_i, z_j)."""


def slope_of(kernel: Any, x: FloatArray, z: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the gradient in x of the sum over j of weight_ij k(x_i, z_j), array of shape (n_rows, n_inputs)."""
    return KERNELS[type(kernel).__name__](kernel, x, z, weight)


def _missing(kernel: Any) -> list[str]:
    """Name what of a kernel has no row in `KERNELS`."""
    if type(kernel).__name__ in {"Sum", "Product"}:
        return [*_missing(kernel.k1), *_missing(kernel.k2)]
    is_rough = type(kernel).__name__ == "Matern" and kernel.nu not in {1.5, 2.5, np.inf}
    return [str(kernel)] if is_rough or type(kernel).__name__ not in KERNELS else []


def laplace(estimator: Any) -> Part:
    """Return log-odds of a binary Gaussian process by Laplace's approximation."""
    kernel, points = estimator.kernel_, estimator.X_train_
    if _missing(kernel):
        return unknown(f"GaussianProcessClassifier(kernel={', '.join(_missing(kernel))})")
    residual = estimator.y_train_ - estimator.pi_

    def of_block(x: FloatArray, cotangent: FloatArray) -> FloatArray:
        near = kernel(x, points)
        solved = solve_triangular(estimator.L_, (near * estimator.W_sr_).T, lower=True)
        mean, variance = near @ residual, kernel.diag(x) - (solved**2).sum(axis=0)
        width = np.sqrt(1 + 2 * variance * LAMBDAS**2)
        bell = COEFS * LAMBDAS * np.exp(-((LAMBDAS * mean / width) ** 2)) / (np.sqrt(np.pi) * width)
        p = estimator.predict_proba(x)
        odds = cotangent[:, 0] / (p[:, 0] * p[:, 1])
        by_mean, by_variance = odds * bell.sum(axis=0), -odds * (bell * LAMBDAS**2 / width**2).sum(axis=0) * mean
        back = solve_triangular(estimator.L_, solved, lower=True, trans="T").T * estimator.W_sr_
        weight = by_mean[:, None] * residual - 2 * by_variance[:, None] * back
        return slope_of(kernel, x, points, weight)

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        at = numbers(X)
        found = (of_block(at[rows], of_rows(cotangent, rows)) for rows in blocks(len(at), len(points)))
        return np.concatenate(list(found))

    return Part(pull)


serve(
    "predict_proba",
    {
        "GaussianProcessClassifier": lambda estimator: part_of(estimator.base_estimator_, "predict_proba"),
        "_BinaryGaussianProcessClassifierLaplace": laplace,
    },
)
