"""Formulas by which costs that differ from point to point, and sums of metrics, are metrics like any other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.inference.delta import divide
from conjac.metrics import Domain, Metric


@dataclass(frozen=True, eq=False)
class Mean:
    """Mean over the rows of what a row in each cell is worth, which may differ from point to point.

    Attributes
    ----------
    worth : array of shape (n_points, 2, 2)
        Of a row in each cell.
    """

    worth: FloatArray

    @property
    def n_classes(self) -> int:
        """Two."""
        return 2

    def value(self, cells: AnyArray, undefined: float, /) -> AnyArray:
        """See `conjac.metrics.Formula`."""
        return divide((self.worth * cells).sum(axis=(-2, -1)), cells.sum(axis=(-2, -1)), undefined)

    def gradient(self, cells: AnyArray, _undefined: float, /) -> AnyArray:
        """See `conjac.metrics.Formula`."""
        mean = self.value(cells, np.nan)[..., None, None]
        return divide(self.worth - mean, cells.sum(axis=(-2, -1), keepdims=True), np.nan)


@dataclass(frozen=True, eq=False)
class WeightedSum:
    """Two metrics, each times a number, as one."""

    rows: tuple[Metric, Metric]
    weights: tuple[float, float]

    @property
    def n_classes(self) -> int | None:
        """That of the metrics."""
        return self.rows[0].n_classes

    def value(self, cells: AnyArray, _undefined: float, /) -> AnyArray:
        """See `conjac.metrics.Formula`."""
        first, second = (w * row.value(cells) for w, row in zip(self.weights, self.rows, strict=True))
        return np.asarray(first + second)

    def gradient(self, cells: AnyArray, _undefined: float, /) -> AnyArray:
        """See `conjac.metrics.Formula`."""
        first, second = (w * row.gradient(cells) for w, row in zip(self.weights, self.rows, strict=True))
        return np.asarray(first + second)


def mean(name: str, worth: AnyArray, domain: Domain) -> Metric:
    """Return the metric that is a mean over rows; see `Mean`."""
    return Metric(name, Mean(np.asarray(worth, dtype=np.float64)), domain)
