"""Probabilities of classifiers as outputs of their own, and their means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.models.margins import from_margins, to_margins
from conjac.models.scikit.part import Part, joined, part_of

Probabilities = Callable[[Any], AnyArray]


def probabilities(estimator: Any) -> Part:
    """Return ``predict_proba`` with probabilities as its outputs, one a class."""
    inner = part_of(estimator, "predict_proba")

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        return inner.pull(X, to_margins(np.asarray(estimator.predict_proba(X), dtype=np.float64), cotangent))

    return replace(joined([inner], pull), constant=False)


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

    return replace(joined(parts, pull), constant=False)
