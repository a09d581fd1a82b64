"""Between probabilities and what margins are made of: log-odds of two classes, logarithms of more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.models.scikit.part import Part, joined, part_of

Probabilities = Callable[[Any], AnyArray]


def to_margins(p: FloatArray, cotangent: FloatArray) -> FloatArray:
    """Pull a cotangent of probabilities back to their log-odds (n_rows, 1), or their logarithms.

    Parameters
    ----------
    p : array of shape (n_rows, n_classes)
    cotangent : array of shape (n_rows, n_classes) or (1, n_classes)
    """
    if p.shape[1] == 2:
        return ((cotangent[:, 1] - cotangent[:, 0]) * p[:, 0] * p[:, 1])[:, None]
    return np.asarray(p * (cotangent - (cotangent * p).sum(axis=1, keepdims=True)))


def from_margins(p: FloatArray, cotangent: FloatArray) -> FloatArray:
    """Pull a cotangent of log-odds, or of logarithms, back to the probabilities; 0 where one is 0."""
    if p.shape[1] == 2:
        cotangent, p = np.hstack([0 * cotangent, cotangent]), (p[:, 0] * p[:, 1])[:, None]
    return np.divide(cotangent, p, out=np.zeros(np.broadcast_shapes(cotangent.shape, p.shape)), where=p > 0)


def probabilities(estimator: Any) -> Part:
    """Return ``predict_proba`` with probabilities as its outputs, one a class."""
    inner = part_of(estimator, "predict_proba")

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        return inner.pull(X, to_margins(np.asarray(estimator.predict_proba(X), dtype=np.float64), cotangent))

    return Part(pull, lacks=inner.lacks, stepwise=inner.stepwise)


def mean(parts: Sequence[Part], members: Sequence[Probabilities], weights: Sequence[float] | None = None) -> Part:
    """Return the mean of several classifiers' probabilities.

    Parameters
    ----------
    parts : sequence of Part
        With log-odds or logarithms as outputs.
    members : sequence of callable
        From inputs to probabilities.
    weights : sequence of float, optional
    """
    share = np.full(len(parts), 1 / len(parts)) if weights is None else np.asarray(weights) / np.sum(weights)

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        found = [np.asarray(member(X), dtype=np.float64) for member in members]
        pooled = from_margins(np.average(found, axis=0, weights=share), cotangent)
        pulled = (a * part.pull(X, to_margins(p, pooled)) for a, part, p in zip(share, parts, found, strict=True))
        return np.asarray(sum(pulled))

    whole = joined(parts, pull)
    return Part(pull, lacks=whole.lacks, stepwise=whole.stepwise)
