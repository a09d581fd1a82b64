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
    share : array of shape (n_points, 2, 1) or None
        Share of each class in the population that the mean is for; None for that of the rows.
    """

    worth: FloatArray
    share: FloatArray | None

    @property
    def n_classes(self) -> int:
        """Two."""
        return 2

    def value(self, cells: AnyArray, undefined: float, /) -> AnyArray:
        """See `conjac.metrics.Formula`."""
        mean = divide((self.worth * cells).sum(axis=self._axes, keepdims=True), self._total(cells), undefined)
        return np.asarray((mean if self.share is None else self.share * mean).sum(axis=(-2, -1)))

    def gradient(self, cells: AnyArray, _undefined: float, /) -> AnyArray:
        """See `conjac.metrics.Formula`."""
        total = self._total(cells)
        mean = divide((self.worth * cells).sum(axis=self._axes, keepdims=True), total, np.nan)
        each = divide(self.worth - mean, total, np.nan)
        return each if self.share is None else self.share * each

    @property
    def _axes(self) -> tuple[int, ...]:
        return (-2, -1) if self.share is None else (-1,)

    def _total(self, cells: AnyArray) -> AnyArray:
        return np.asarray(cells.sum(axis=self._axes, keepdims=True))


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


def mean(name: str, worth: AnyArray, share: FloatArray | None, domain: Domain) -> Metric:
    """Return the metric that is a mean over rows; see `Mean`."""
    return Metric(name, Mean(np.asarray(worth, dtype=np.float64), share), domain)
