r"""What rows add to the fluxes of features: the sums over rows from which every variance follows.

A row adds :math:`\psi_i = w_i (\varphi_i r + \hat f \ell_i e_i)` to the flux :math:`\hat g = \hat f \hat r` of its
class across a facet: by its margin, to the density; by what its velocity departs from the mean, to the regression.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

import numpy as np

from conjac._typing import FloatArray, IntArray
from conjac.density.crossing import Crossing
from conjac.density.fixed import FixedWeights
from conjac.density.near import or_one
from conjac.density.velocity import Speeds, Velocity, by_facet
from conjac.density.velocity_moments import VelocityMoments
from conjac.inference.crossing_adds import Added, added, added_by_sums, adds_of
from conjac.validation import N_BLOCKS
from conjac.weights import Weights


@dataclass(frozen=True, eq=False)
class CrossingSums:
    """Fluxes of each parameter across facets, with their second moments over rows.

    Attributes
    ----------
    crossing : Crossing
    value, center : array of shape (n_facets, n_parameters)
        From the lower side of the facet to the upper one, per unit of the parameter.
    square : array of shape (n_facets, n_parameters)
        Sums of squares of what rows add to ``center``.
    sides : array of shape (n_facets, 2, n_parameters)
        Sums of weight times what rows add, over those on the lower and on the upper side.
    pair : array of shape (n_pairs, 2)
        Facets that share rows.
    product : array of shape (n_pairs, n_parameters)
        Sums over these rows of what they add to one times what they add to the other.
    by_block : array of shape (n_facets, n_parameters, n_blocks) or None
        What the rows of each block of clusters add.
    penalty : array of shape (n_facets, n_parameters)
        Variance of half a row at the facet.
    rows : array of shape (n_facets, n_parameters)
        Effective rows behind each flux.
    """

    crossing: Crossing
    value: FloatArray
    center: FloatArray
    square: FloatArray
    sides: FloatArray
    pair: IntArray
    product: FloatArray
    by_block: FloatArray | None
    penalty: FloatArray
    rows: FloatArray

    @classmethod
    def of(cls, crossing: Crossing, weight: FloatArray | None, block: IntArray | None, speeds: Speeds) -> Self:
        """Sum over the rows near facets.

        Parameters
        ----------
        crossing : Crossing
        weight, block : array of shape (n_samples,) or None
        speeds : Speeds
        """
        return cls.of_velocity(crossing, weight, block, speeds, Velocity.of(crossing, weight, speeds))

    @classmethod
    def of_velocity(
        cls,
        crossing: Crossing,
        weight: FloatArray | None,
        block: IntArray | None,
        speeds: Speeds,
        velocity: Velocity,
    ) -> Self:
        """Do as `of`, with mean velocities that are known."""
        parts = added(crossing, weight, speeds, partial(adds_of, crossing, velocity))
        return cls._summed(crossing, block, parts, speeds.n_parameters, **_told(crossing, velocity))

    @classmethod
    def of_moments(cls, crossing: Crossing, weights: Weights, block: IntArray | None, moments: VelocityMoments) -> Self:
        """Do as `of`, of entries that are sums of rows.

        Parameters
        ----------
        crossing : Crossing
        weights : Weights
        block : array of shape (n_samples,) or None
        moments : VelocityMoments
            Of the crossing's entries.
        """
        velocity = Velocity.of_moments(crossing, weights, moments)
        parts = [added_by_sums(crossing, velocity, weights, moments)]
        return cls._summed(crossing, block, parts, moments.mean.shape[1], **_told(crossing, velocity))

    @classmethod
    def of_fixed(cls, fixed: FixedWeights, weight: FloatArray | None, block: IntArray | None, speeds: Speeds) -> Self:
        """Do as `of`, with rows that were weighed before their velocities were known."""
        crossing, (n, p) = fixed.crossing, (fixed.crossing.n_facets, speeds.n_parameters)
        square, moving = np.zeros((2, n, p))
        value, center = np.where(np.isnan(crossing.value), np.nan, np.zeros((2, p, n))).swapaxes(1, 2)
        for part, v in speeds.blocks():
            facet = crossing.facet[part]
            kernel = by_facet(facet, np.abs(fixed.value[part]), n)
            value += by_facet(facet, fixed.value[part], n) @ v
            center += by_facet(facet, fixed.center[part], n) @ v
            square += kernel @ (v * v)
            moving += kernel @ (v != 0)
        mass = or_one(np.bincount(crossing.facet, np.abs(fixed.value), n))[:, None]

        def adds(part: slice, own: FloatArray, v: FloatArray) -> FloatArray:
            del own  # it is in the weights
            return fixed.center[part, None] * v

        return cls._summed(
            crossing,
            block,
            added(crossing, weight, speeds, adds),
            p,
            value=value,
            center=center,
            penalty=crossing.penalty[:, None] * square / mass,
            rows=crossing.n_eff[:, None] * moving / mass,
        )

    @classmethod
    def _summed(
        cls,
        crossing: Crossing,
        block: IntArray | None,
        parts: Iterable[tuple[slice, Added]],
        p: int,
        **told: FloatArray,
    ) -> Self:
        """Sum what rows add, of p parameters.

        Parameters
        ----------
        parts : iterable
            Some entries, and what they add.
        **told
            What is known without it: value, center, penalty, rows.
        """
        n = crossing.n_facets
        square, sides = np.zeros((n, p)), np.zeros((2 * n, p))
        blocks = None if block is None else np.zeros((n * N_BLOCKS, p))
        first, second = _together(crossing.row)
        pair, place = np.unique(crossing.facet[np.stack([first, second], axis=1)], axis=0, return_inverse=True)
        product = np.zeros((len(pair), p))
        upper = (crossing.margin > 0).astype(np.intp)
        for part, (adds, squared, weighted) in parts:
            facet, row = crossing.facet[part], crossing.row[part]
            square += by_facet(facet, np.ones(len(row)), n) @ squared
            sides += by_facet(2 * facet + upper[part], np.ones(len(row)), 2 * n) @ weighted
            if blocks is not None and block is not None:
                blocks += by_facet(N_BLOCKS * facet + block[row], np.ones(len(row)), len(blocks)) @ adds
            here = (first >= part.start) & (first < part.stop)
            if here.any():
                held = adds[first[here] - part.start] * adds[second[here] - part.start]
                product += by_facet(place[here], np.ones(len(held)), len(pair)) @ held
        return cls(
            crossing=crossing,
            square=square,
            sides=sides.reshape(n, 2, p),
            pair=pair,
            product=product,
            by_block=None if blocks is None else np.moveaxis(blocks.reshape(n, N_BLOCKS, p), 1, 2),
            **told,
        )

    def part(self, parameters: slice) -> Self:
        """Return those of some parameters."""
        last = ("value", "center", "square", "sides", "product", "penalty", "rows")
        found = {name: getattr(self, name)[..., parameters] for name in last}
        return replace(self, **found, by_block=None if self.by_block is None else self.by_block[:, parameters])

    def times(self, speed: FloatArray) -> Self:
        """Return what many parameters do that move all rows as the one of these does, each at its own speed.

        Parameters
        ----------
        speed : array of shape (n_parameters,)
        """
        once = ("value", "center", "sides")
        twice = ("square", "product", "penalty")
        found = {name: getattr(self, name) * speed for name in once}
        found |= {name: getattr(self, name) * speed**2 for name in twice}
        blocks = None if self.by_block is None else self.by_block * speed[:, None]
        rows = np.broadcast_to(self.rows, (len(self.rows), len(speed)))
        return replace(self, **found, by_block=blocks, rows=rows)


def _told(crossing: Crossing, velocity: Velocity) -> dict[str, FloatArray]:
    return {
        "value": crossing.value[:, None] * velocity.value,
        "center": crossing.center[:, None] * velocity.center,
        "penalty": crossing.penalty[:, None] * velocity.square,
        "rows": crossing.n_eff[:, None] * velocity.moving,
    }


def _together(row: IntArray) -> tuple[IntArray, IntArray]:
    """Return all pairs of entries of one row; entries are in the order of rows."""
    firsts, seconds, step = [np.zeros(0, np.intp)], [np.zeros(0, np.intp)], 1
    while step < len(row):
        same = np.flatnonzero(row[step:] == row[:-step])
        if not len(same):
            break
        firsts.append(same)
        seconds.append(same + step)
        step += 1
    return np.concatenate(firsts), np.concatenate(seconds)
