"""Kernels and what is made of them: support vector machines, and maps to features of a kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.inputs.inputs import AT_ONCE
from conjac.models.scikit.part import Part, linear, numbers, serve, stepwise, unknown


@dataclass(frozen=True)
class Settings:
    """What scikit-learn calls a kernel's parameters."""

    gamma: float
    coef0: float
    degree: float


Slope = Callable[[FloatArray, FloatArray, FloatArray, Settings], FloatArray]


def _rbf(x: FloatArray, z: FloatArray, weight: FloatArray, by: Settings) -> FloatArray:
    squares = (x**2).sum(axis=1)[:, None] - 2 * x @ z.T + (z**2).sum(axis=1)
    weighted = weight * np.exp(-by.gamma * np.maximum(squares, 0))
    return np.asarray(2 * by.gamma * (weighted @ z - weighted.sum(axis=1, keepdims=True) * x))


def _poly(x: FloatArray, z: FloatArray, weight: FloatArray, by: Settings) -> FloatArray:
    power = (by.gamma * x @ z.T + by.coef0) ** (by.degree - 1)
    return np.asarray((weight * by.degree * by.gamma * power) @ z)


def _sigmoid(x: FloatArray, z: FloatArray, weight: FloatArray, by: Settings) -> FloatArray:
    value = np.tanh(by.gamma * x @ z.T + by.coef0)
    return np.asarray((weight * by.gamma * (1 - value**2)) @ z)


KERNELS: dict[str, Slope] = {"poly": _poly, "polynomial": _poly, "rbf": _rbf, "sigmoid": _sigmoid}
"""Gradients in x of the sum over j of weight_ij k(x_i, z_j), each by its name."""


def blocks(n_rows: int, n_points: int) -> Iterator[slice]:
    """Yield slices of rows, few enough to hold their kernels with all points."""
    step = max(1, AT_ONCE // max(1, n_points))
    yield from (slice(start, start + step) for start in range(0, n_rows, step))


def of_rows(cotangent: FloatArray, rows: slice) -> FloatArray:
    """Return a block of a cotangent, or the one for all rows."""
    return cotangent if len(cotangent) == 1 else cotangent[rows]


def kernel_part(kernel: str, points: AnyArray, weights: FloatArray, by: Settings) -> Part:
    """Return weighted sums of kernels with points.

    Parameters
    ----------
    kernel : str
        A name of `KERNELS`.
    points : array of shape (n_points, n_inputs)
    weights : array of shape (n_outputs, n_points)
    by : Settings
    """

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        at = numbers(X)
        found = (
            KERNELS[kernel](at[rows], points, of_rows(cotangent, rows) @ weights, by)
            for rows in blocks(len(at), len(points))
        )
        return np.concatenate(list(found))

    return Part(pull)


def support_vectors(estimator: Any) -> Part:
    """Return ``decision_function`` of a support vector machine; of more than two classes it counts votes."""
    if len(estimator.classes_) > 2:
        return stepwise(f"{type(estimator).__name__} of more than two classes")
    if estimator.kernel == "linear":
        return linear(estimator.coef_)
    if estimator.kernel not in KERNELS:
        return unknown(f"{type(estimator).__name__}(kernel={estimator.kernel!r})")
    weights, points = (
        np.asarray(found.toarray() if hasattr(found, "toarray") else found)
        for found in (estimator.dual_coef_, estimator.support_vectors_)
    )
    return kernel_part(estimator.kernel, points, weights, Settings(estimator._gamma, estimator.coef0, estimator.degree))


def coupled(estimator: Any) -> Part:
    """Return ``predict_proba`` of a support vector machine: unknown, since libsvm iterates to .005, not to the end."""
    return unknown(f"{type(estimator).__name__}(probability=True)")


def nystroem(estimator: Any) -> Part:
    """Return Nystroem's features of a kernel."""
    if estimator.kernel not in KERNELS:
        return unknown(f"Nystroem(kernel={estimator.kernel!r})")
    points, given = np.asarray(estimator.components_), estimator.kernel_params or {}
    by = {"gamma": estimator.gamma, "coef0": estimator.coef0, "degree": estimator.degree, **given}
    told = {"gamma": 1 / points.shape[1], "coef0": 1, "degree": 3} | {k: v for k, v in by.items() if v is not None}
    return kernel_part(estimator.kernel, points, np.asarray(estimator.normalization_), Settings(**told))


def random_fourier(estimator: Any) -> Part:
    """Return random Fourier features of the rbf kernel."""
    weights, offset = np.asarray(estimator.random_weights_), np.asarray(estimator.random_offset_)
    scale = np.sqrt(2 / weights.shape[1])

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        return np.asarray(-scale * (cotangent * np.sin(numbers(X) @ weights + offset)) @ weights.T)

    return Part(pull)


serve("decision_function", {"NuSVC": support_vectors, "SVC": support_vectors})
serve("predict_proba", {"NuSVC": coupled, "SVC": coupled})
serve("transform", {"Nystroem": nystroem, "RBFSampler": random_fourier})
