r"""Sums over the rows near the facets of one class, for the variances of what its offset moves.

As in `conjac.inference.row_sums`, with :math:`a_{im}` what a unit of row i's weight adds to the flux between the class
and m. Of rows that the class has won, whose additions go together, the products :math:`a_{im} a_{im'}` are summed too:
with them the variance of any figure is a quadratic form, and no figure asks for another pass over the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import FloatArray
from conjac.density.frontier import Frontier
from conjac.density.near import sums_by
from conjac.density.turning import Turning


@dataclass(frozen=True, eq=False)
class FrontierRows:
    """Of independent rows, at several values of the offset; by true class and the class across.

    Attributes
    ----------
    lost_first, lost_second : array of shape (n_values, n_columns, n_columns)
        Of rows that the class has not won, sums of squared weight times what a unit of it adds, and times the square.
    won_first : array of shape (n_values, n_columns, n_columns)
        Of rows that it has won.
    products : array of shape (n_values, n_columns, n_columns, n_columns)
        Of these, sums of squared weight times the product of what a unit adds to two fluxes.
    """

    lost_first: FloatArray
    lost_second: FloatArray
    won_first: FloatArray
    products: FloatArray

    @classmethod
    def of(cls, turning: Turning, frontiers: Sequence[Frontier]) -> Self:
        """Sum over the rows near facets."""
        return cls(*map(np.stack, zip(*(_sums(turning, one) for one in frontiers), strict=True)))


@dataclass(frozen=True, eq=False)
class FrontierBlocks:
    """Where rows come in clusters.

    Attributes
    ----------
    value : array of shape (n_values, n_columns, n_columns, n_blocks)
        Each block's part of the fluxes, by true class and the class across.
    """

    value: FloatArray

    @classmethod
    def of(cls, turning: Turning, frontiers: Sequence[Frontier], n_blocks: int) -> Self:
        """Sum over the rows near facets."""
        assert turning.block is not None
        n, block = turning.n_columns, turning.block
        parts = [sums_by(one.code * n_blocks + block[one.place], one.adds, n * n * n_blocks) for one in frontiers]
        return cls(np.reshape(parts, (len(parts), n, n, n_blocks)))


def _sums(turning: Turning, frontier: Frontier) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    n, adds, cut = turning.n_columns, frontier.adds, frontier.n_lost
    once = adds if turning.weight is None else adds * turning.weight[frontier.place]
    lost, won = frontier.code[:cut], frontier.code[cut:]
    first, second, other = (
        sums_by(code, part, n * n).reshape(n, n)
        for code, part in ((lost, once[:cut]), (lost, adds[:cut] ** 2), (won, once[cut:]))
    )
    own = sums_by(won * n + won % n, adds[cut:] ** 2, n**3)
    pairs = (own / 2 + _with_best(frontier, n) + _among_others(frontier, n)).reshape(n, n, n)
    return first, second, other, pairs + pairs.swapaxes(1, 2)


def _with_best(frontier: Frontier, n: int) -> FloatArray:
    """Return sums of products of what rows add with the best of the others across, and with another one."""
    best, rest = slice(frontier.n_lost, frontier.n_best), slice(frontier.n_best, None)
    low, high = (end(frontier.place[frontier.n_lost :], initial=0) for end in (np.min, np.max))
    adds, across = np.zeros(high - low + 1), np.zeros(high - low + 1, dtype=np.intp)
    adds[frontier.place[best] - low] = frontier.adds[best]
    across[frontier.place[best] - low] = frontier.code[best] % n
    place = frontier.place[rest] - low
    return sums_by(frontier.code[rest] * n + across[place], frontier.adds[rest] * adds[place], n**3)


def _among_others(frontier: Frontier, n: int) -> FloatArray:
    """Return sums of products of what rows add with two other classes across than the best of the others."""
    pairs, rest = np.zeros(n**3), slice(frontier.n_best, None)
    place, code, adds = frontier.place[rest], frontier.code[rest], frontier.adds[rest]
    several = np.flatnonzero(np.bincount(place - place.min(initial=0))[place - place.min(initial=0)] > 1)
    several = several[np.argsort(place[several], kind="stable")]
    place, code, adds = place[several], code[several], adds[several]
    first = np.arange(len(place))
    for ahead in range(1, n):
        first = first[: np.searchsorted(first, len(place) - ahead)]
        first = first[place[first] == place[first + ahead]]
        if not len(first):
            break
        pairs += sums_by(code[first] * n + code[first + ahead] % n, adds[first] * adds[first + ahead], n**3)
    return pairs
