r"""Rows near the facets of several classes, and sums over them under a kernel.

A facet has two sides. What rows add is summed by true class, side and the class across; distances count from the facet
into that side, so that a row across is at a negative distance. Rows are looked at some at a time: what is made of them
stays in a processor's cache, and nothing of their number is held but their places, sides and gaps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.density.estimator import Estimator
from conjac.density.local import Moments
from conjac.facets import Facets
from conjac.weights import Weights

AT_ONCE = 2**15
"""Rows looked at together, or as many as there are sums where that is more."""


class Part(NamedTuple):
    """Some of the rows, arrays of shape (n,): place among all, side of a facet, and moments of a unit of weight."""

    row: AnyArray
    side: IntArray
    moments: tuple[FloatArray, FloatArray, FloatArray]


@dataclass(frozen=True, eq=False)
class Near:
    """Rows near facets.

    Attributes
    ----------
    facets : Facets
    side : array of shape (n_entries,)
        Of each entry of ``facets``: true class, side and the class across, as ``cell * n_columns + other``.
    width : array of shape (n_columns, n_columns, n_columns)
        Bandwidths, by true class and by both classes of the facet.
    estimator : Estimator
    """

    facets: Facets
    side: AnyArray
    width: FloatArray
    estimator: Estimator

    @classmethod
    def of(cls, facets: Facets, cell: IntArray, width: FloatArray, estimator: Estimator) -> Self:
        """Tell the side of each entry from its row's cell, ``true * n_columns + predicted``."""
        side = np.empty(len(facets.row), dtype=np.min_scalar_type(width.size))
        for part in _slices(len(side), AT_ONCE):
            side[part] = cell[facets.row[part]] * facets.n_columns + facets.other[part]
        return cls(facets, side, width, estimator)

    def parts(self) -> Iterator[Part]:
        """Yield all rows, some at a time."""
        closeness = 1 / self.width.ravel()
        for part in _slices(len(self.side), max(AT_ONCE, self.width.size)):
            side = self.side[part].astype(np.intp)
            scale = closeness[side]
            within = None if self.facets.within is None else self.facets.within[part] * scale**2
            moments = self.estimator.moments(self.facets.gap[part] * scale, within)
            for moment in moments:
                moment *= scale
            yield Part(self.facets.row[part], side, moments)

    def moments(self, weights: Weights) -> tuple[Moments, FloatArray]:
        """Return moments under the kernel, and sums of squares, from both sides of each facet."""
        sums = np.zeros((4, self.width.size))
        for row, side, moments in self.parts():
            sums[3] += sums_by(side, weights.second(row, moments[0] ** 2), self.width.size)
            for total, moment in zip(sums[:3], moments, strict=True):
                total += sums_by(side, weights.first(row, moment), total.size)
        here = sums.reshape(4, *self.width.shape)
        mass, first, second, squares = here + SIGN * here.swapaxes(2, 3)
        return Moments(mass, first, second), squares


SIGN = np.array([1, -1, 1, 1])[:, None, None, None]
"""Of what rows across add to mass, first and second moments, and squares."""


def sums_by(group: IntArray, values: FloatArray, size: int) -> FloatArray:
    """Return each group's sum, array of shape (size,)."""
    return np.asarray(np.bincount(group, values, size), dtype=np.float64)


def or_one(total: AnyArray) -> FloatArray:
    """Return totals to divide by: 1 where there is nothing, so that its shares are 0."""
    return np.asarray(np.where(total > 0, total, 1.0))


def _slices(n: int, step: int) -> list[slice]:
    return [slice(start, start + step) for start in range(0, n, step)]
