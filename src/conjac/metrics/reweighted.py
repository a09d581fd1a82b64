"""Metrics of a population in which the classes have other shares, told from the cells of these rows."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import final

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.metrics.rows import Formula, Metric


@final
@dataclass(frozen=True, eq=False)
class Reweighted:
    r"""A formula where the classes have shares :math:`\pi'_y` that are known, and what is true within each stays.

    Rows are reweighted by class: :math:`C'_{yk} = W \pi'_y C_{yk} / C_{y\cdot}`, with W the weight of all cells.

    Attributes
    ----------
    formula : Formula
    shares : array of shape (..., n_classes)
        Summing to 1; 0 of a class without rows.
    """

    formula: Formula
    shares: FloatArray

    @property
    def n_classes(self) -> int | None:
        """As many as shares."""
        return len(self.shares.T)

    def value(self, cells: AnyArray, undefined: float, /) -> AnyArray:
        """See `Formula`."""
        return self.formula.value(self._moved(cells), undefined)

    def gradient(self, cells: AnyArray, undefined: float, /) -> AnyArray:
        """See `Formula`."""
        moved = self._moved(cells)
        inner = self.formula.gradient(moved, undefined)
        each = np.where(moved == 0, 0.0, inner * moved)  # no slope is needed where nothing is
        of_class = moved.sum(axis=-1, keepdims=True)
        by_rates = (inner - _over(each.sum(axis=-1, keepdims=True), of_class)) * _over(of_class, _per_class(cells))
        by_total = _over(each.sum(axis=(-2, -1), keepdims=True), cells.sum(axis=(-2, -1), keepdims=True))
        return np.asarray(np.where(of_class == 0, 0.0, by_rates) + by_total)

    def _moved(self, cells: AnyArray) -> AnyArray:
        rates = _over(cells, _per_class(cells))
        return np.asarray(cells.sum(axis=(-2, -1), keepdims=True) * self.shares[..., None] * rates)


def reweighted(metric: Metric, shares: FloatArray) -> Metric:
    """Return a metric as it would be if the classes had these shares, taken as known.

    Parameters
    ----------
    metric : Metric
    shares : array of shape (n_classes,) or (n_points, n_classes)
        Summing to 1; 0 of a class without rows.

    Returns
    -------
    Metric
        A function of the cells as they are. Its errors by the delta method are those of rows drawn within each class.

    Examples
    --------
    >>> import numpy as np
    >>> from conjac import metrics
    >>> balanced = [[90, 10], [20, 80]]
    >>> rare = reweighted(metrics.resolve("precision", [0, 1]), np.array([0.99, 0.01]))
    >>> round(float(rare.value(balanced)), 4)  # .01 x .8 of .01 x .8 + .99 x .1
    0.0748
    """
    return dataclasses.replace(metric, formula=Reweighted(metric.formula, shares), traits=frozenset())


def _per_class(cells: AnyArray) -> AnyArray:
    return np.asarray(cells.sum(axis=-1, keepdims=True))


def _over(part: AnyArray, whole: AnyArray) -> AnyArray:
    """Return the ratio, 0 of nothing."""
    return np.asarray(part / np.where(whole == 0, 1, whole) * (whole != 0))
