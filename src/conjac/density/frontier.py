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

from conjac._typing import FloatArray, IntArray
from conjac.density.estimator import SECANT, TANGENT, Estimator, noise_of
from conjac.density.facet_scale import FacetScale
from conjac.density.local import REACH, Moments
from conjac.density.near import sums_by
from conjac.density.turning import Odd, Turning
from conjac.facets import TIE


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
        the row's weight adds to the flux.
    n_lost : int
        How many of them, the first, are of rows that the class has not won.
    """

    value: FloatArray
    penalty: FloatArray
    n_eff: FloatArray
    method: str
    place: IntArray
    code: IntArray
    adds: FloatArray
    n_lost: int

    @property
    def noise(self) -> FloatArray:
        """As of `Boundary`, array of the fluxes' shape."""
        return noise_of(self.value, self.n_eff)


@dataclass(frozen=True, eq=False)
class Frontiers:
    """What does not change with the offset.

    Attributes
    ----------
    turning : Turning
    place, code, below : array of shape (n_entries,)
        From `Turning.contenders`.
    unit : float
        Squared weight to a unit of weight.
    """

    turning: Turning
    place: IntArray
    code: IntArray
    below: FloatArray
    unit: float

    @classmethod
    def of(cls, turning: Turning, compared: FloatArray, scales: Sequence[FacetScale], unit: float) -> Self:
        """Look at rows as far as the widest of some scales reach.

        A row that the class has won is as far from the class across as from the best of the others, and then as far
        below that: of which the second is the smaller where it belongs to their facet.
        """
        widest = np.max([scale.width[:, turning.column].max(axis=1) for scale in scales], axis=0)
        return cls(turning, *turning.contenders(compared, REACH * widest / 2), unit)

    def at(self, value: float, scale: FacetScale, odd: Odd, step: int) -> Frontier:
        """Return the fluxes at one value of the offset.

        Parameters
        ----------
        value : float
            As ``Turning.needed``.
        scale : FacetScale
            Of all rows there.
        odd : Odd
        step : int
            Which of the values of ``odd`` it is.
        """
        order, n = self.turning, self.turning.n_columns
        estimator = SECANT if scale.on_atoms else TANGENT
        width = scale.width[:, order.column].ravel()
        parts = (
            self._lost(value, estimator.reach * width, odd.place, odd.predicted[step]),
            self._won(value, estimator.reach * width, odd.place, odd.predicted[step]),
        )
        place, code, gap = (np.concatenate(part) for part in zip(*parts, strict=True))
        found, adds = self._measured(estimator, width, place, code, gap)
        value_, penalty, n_eff = (part.reshape(n, n) for part in found)
        return Frontier(value_, penalty, n_eff, estimator.method, place, code, adds, len(parts[0][0]))

    def _lost(
        self, value: float, reach: FloatArray, odd: IntArray, predicted: IntArray
    ) -> tuple[IntArray, IntArray, FloatArray]:
        """Return rows near facets that the class has not won: place, code and distance."""
        order = self.turning
        some = self._between(value - self._tie, value + reach.max())
        gap, code = order.needed[some] - value, order.code[some]
        lost = gap >= 0
        inside = (odd >= some.start) & (odd < some.stop)
        if inside.any():
            code = code.copy()
            at, told = odd[inside] - some.start, predicted[inside]
            code[at] += told - code[at] % order.n_columns
            lost[at] = told != order.column
        gap = np.abs(gap)
        highest, second = order.highest[some], order.second[some]
        apart = highest - second
        room = 2 * apart + np.where(np.isinf(apart), 0.0, TIE * (np.abs(highest) + np.abs(second)))
        near = np.flatnonzero(lost & (gap < reach[code]) & (gap <= room))
        return near + some.start, code[near], -gap[near]

    def _won(
        self, value: float, reach: FloatArray, odd: IntArray, predicted: IntArray
    ) -> tuple[IntArray, IntArray, FloatArray]:
        """Return rows near facets that the class has won: place, code and distance."""
        order = self.turning
        some = self._between(value - reach.max(), value + self._tie)
        turned = order.needed[some] < value
        inside = (odd >= some.start) & (odd < some.stop)
        turned[odd[inside] - some.start] = predicted[inside] == order.column
        entries = slice(*np.searchsorted(self.place, [some.start, some.stop]))
        place, code, below = self.place[entries], self.code[entries], self.below[entries]
        ahead, highest = np.abs(value - order.needed[place]), order.highest[place]
        rounding = TIE * (np.abs(highest + ahead) + np.abs(highest))
        gap = ahead + below
        near = np.flatnonzero((below <= ahead + rounding) & (gap < reach[code]) & turned[place - some.start])
        return place[near], code[near], gap[near]

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

    def _between(self, low: float, high: float) -> slice:
        return slice(*(int(end) for end in np.searchsorted(self.turning.needed, [low, high])))

    @property
    def _tie(self) -> float:
        return float(TIE * (1 + np.abs(self.turning.highest).max()))
