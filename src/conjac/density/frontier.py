r"""The fluxes between one class and each of the others, at any value of its offset.

They are those of `conjac.density.boundary`, of the facets that have the class on one side: all that a step of its
offset moves. Rows are looked up in the order of `conjac.density.turning`. Distances count into the class: a row that it
has won is at a positive one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import BoolArray, FloatArray, IntArray
from conjac.density.contenders import Contenders
from conjac.density.estimator import SECANT, TANGENT, Estimator, noise_of
from conjac.density.facet_scale import FacetScale
from conjac.density.local import Moments
from conjac.density.near import sums_by
from conjac.density.turning import Odd, Turning


@dataclass(frozen=True, eq=False)
class Frontier:
    """Fluxes between one class and each other, of each true class; 0 where no row is near.

    Attributes
    ----------
    value, penalty, n_eff : array of shape (n_columns, n_columns)
        As of `Boundary`, by true class and by the class across.
    method : {"tangent", "secant"}
    place, code, adds : array of shape (n_entries,)
        Rows near facets: place in the order, true class and the class across as ``true * n_columns + other``, and what
        the row's weight adds to the flux. First those that the class has not won; then those that it has, with the best
        of the others across; then these with another one across.
    n_lost, n_best : int
        Where the second and the third of these begin.
    """

    value: FloatArray
    penalty: FloatArray
    n_eff: FloatArray
    method: str
    place: IntArray
    code: IntArray
    adds: FloatArray
    n_lost: int
    n_best: int

    @property
    def noise(self) -> FloatArray:
        """As of `Boundary`, array of the fluxes' shape."""
        return noise_of(self.value, self.n_eff)


@dataclass(frozen=True, eq=False)
class Frontiers:
    """Fluxes at several values of the offset.

    Attributes
    ----------
    turning : Turning
    odd : Odd
    values : array of shape (n_values,)
        As ``Turning.needed``.
    scales : sequence of FacetScale
        Of all rows, at each.
    contenders : Contenders
    windows : tuple of two arrays of shape (n_values, n_columns**2)
        Which of these are within reach.
    unit : float
        Squared weight to a unit of weight.
    """

    turning: Turning
    odd: Odd
    values: FloatArray
    scales: Sequence[FacetScale]
    contenders: Contenders
    windows: tuple[IntArray, IntArray]
    unit: float

    @classmethod
    def of(
        cls,
        turning: Turning,
        compared: FloatArray,
        odd: Odd,
        values: FloatArray,
        scales: Sequence[FacetScale],
        unit: float,
    ) -> Self:
        """Find the rows that any of the values may ask for."""
        reach = np.stack([scale.width[:, turning.column] * _estimator(scale).reach for scale in scales])
        contenders = Contenders.of(turning, compared, reach.max(axis=0) / 2)
        windows = contenders.windows(values, reach.reshape(len(values), -1), turning.tie)
        return cls(turning, odd, values, scales, contenders, windows, unit)

    def at(self, step: int) -> Frontier:
        """Return the fluxes at one of the values."""
        order, scale, value = self.turning, self.scales[step], self.values[step]
        estimator, n = _estimator(scale), order.n_columns
        width = scale.width[:, order.column].ravel()
        best, turned = self._best(step, estimator.reach * width)
        first, last = (ends[step] for ends in self.windows)
        others = self.contenders.near(value, first, last, order)
        won = self.odd.applied(step, others[0], order.assumed(others[0], value)) == order.column
        parts = [[part[~turned] for part in best], [part[turned] for part in best], [part[won] for part in others]]
        place, code, gap = (np.concatenate(part) for part in zip(*parts, strict=True))
        found, adds = self._measured(estimator, width, place, code, gap)
        fluxes, penalty, n_eff = (part.reshape(n, n) for part in found)
        return Frontier(fluxes, penalty, n_eff, estimator.method, place, code, adds, int((~turned).sum()), len(turned))

    def _best(self, step: int, reach: FloatArray) -> tuple[tuple[IntArray, IntArray, FloatArray], BoolArray]:
        """Return rows near the facet with the best of the others: place, code and distance; and which are won."""
        order, value = self.turning, self.values[step]
        farthest = reach.max() + order.tie
        some = slice(*(int(end) for end in np.searchsorted(order.needed, [value - farthest, value + farthest])))
        ahead, code = value - order.needed[some], order.code[some]
        turned = ahead > 0
        odd = self.odd.place
        inside = (odd >= some.start) & (odd < some.stop)
        if inside.any():
            at, told = odd[inside] - some.start, self.odd.predicted[step, inside]
            turned[at] = told == order.column
            code = code.copy()
            code[at] = np.where(turned[at], code[at], code[at] - code[at] % order.n_columns + told)
        size = np.abs(ahead)
        near = np.flatnonzero((size < reach[code]) & (turned | (size <= order.room[some])))
        turned = turned[near]
        return (near + some.start, code[near], np.where(turned, size[near], -size[near])), turned

    def _measured(
        self, estimator: Estimator, width: FloatArray, place: IntArray, code: IntArray, gap: FloatArray
    ) -> tuple[tuple[FloatArray, FloatArray, FloatArray], FloatArray]:
        """Return fluxes, with their penalty and effective rows, and what each entry adds to them."""
        weight, size = self.turning.weight, len(width)
        closeness = (1 / width)[code]
        distance = gap * closeness
        mass = estimator.kernel(distance)
        mass *= closeness
        if weight is not None:
            mass *= weight[place]
        first = mass * distance
        sums = [sums_by(code, part, size) for part in (mass, first, first * distance, mass * mass)]
        *found, influence = estimator.fluxes(Moments(*sums[:3]), sums[3], width, self.unit)
        constant, linear, square = influence
        adds = mass * (constant[code] + distance * (linear[code] + distance * square[code]))
        return (found[0], found[1], found[2]), adds


def _estimator(scale: FacetScale) -> Estimator:
    return SECANT if scale.on_atoms else TANGENT
