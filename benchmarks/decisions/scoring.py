"""Metrics of confusion matrices, written apart from conjac's own, and the noise of a difference on test rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Metric = Callable[[np.ndarray], np.ndarray]
RESAMPLES = 1_000


def table(true: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Return counts, array of shape (classes, classes), of labels 0 to classes - 1."""
    return np.bincount(true * classes + predicted, minlength=classes**2).reshape(classes, classes)


def f1_macro(cells: np.ndarray) -> np.ndarray:
    """Return the mean over classes of F1, 0 for a class that is nowhere; arrays of shape (..., K, K) to (...)."""
    both = cells.sum(axis=-1) + cells.sum(axis=-2)
    hits = np.diagonal(cells, axis1=-2, axis2=-1)
    return np.divide(2.0 * hits, both, out=np.zeros(both.shape), where=both > 0).mean(axis=-1)


def matthews(cells: np.ndarray) -> np.ndarray:
    """Return Gorodkin's K-class correlation, 0 where all rows are of one class or predicted as one."""
    true, predicted = cells.sum(axis=-1, dtype=float), cells.sum(axis=-2, dtype=float)
    n = true.sum(axis=-1)
    hits = np.trace(cells, axis1=-2, axis2=-1)
    spread = (n**2 - (true**2).sum(axis=-1)) * (n**2 - (predicted**2).sum(axis=-1))
    top = hits * n - (true * predicted).sum(axis=-1)
    return np.divide(top, np.sqrt(spread), out=np.zeros_like(top), where=spread > 0)


METRICS: dict[str, Metric] = {"f1_macro": f1_macro, "matthews_corrcoef": matthews}


def paired_stderr(
    metric: Metric, true: np.ndarray, a: np.ndarray, b: np.ndarray, classes: int, rng: np.random.Generator
) -> float:
    """Return the standard error of the metric of a less that of b, from resampled rows of both at once.

    Rows with the same label and the same two predictions are alike, so that their counts are drawn: multinomial.
    """
    kinds, counts = np.unique((true * classes + a) * classes + b, return_counts=True)
    y, of_a, of_b = kinds // classes**2, kinds // classes % classes, kinds % classes
    drawn = rng.multinomial(len(true), counts / len(true), RESAMPLES)
    values = []
    for predicted in (of_a, of_b):
        cells = np.zeros((RESAMPLES, classes**2))
        for place, column in zip(y * classes + predicted, drawn.T, strict=True):
            cells[:, place] += column
        values.append(metric(cells.reshape(RESAMPLES, classes, classes)))
    return float(np.std(values[0] - values[1], ddof=1))
