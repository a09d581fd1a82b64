"""What rows near facets add to the fluxes of what moves them, one by one or as sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from conjac._typing import FloatArray
from conjac.density.crossing import Crossing
from conjac.density.velocity import Speeds, Velocity
from conjac.density.velocity_moments import VelocityMoments
from conjac.weights import Weights


class Added(NamedTuple):
    """What entries add to the fluxes of their facets, arrays of shape (n_part, n_parameters).

    Of the rows in each: the sum, the sum of squares, and the sum times the rows' weights.
    """

    adds: FloatArray
    square: FloatArray
    weighted: FloatArray


def added(
    crossing: Crossing,
    weight: FloatArray | None,
    speeds: Speeds,
    adds_of_part: Callable[[slice, FloatArray, FloatArray], FloatArray],
) -> Iterator[tuple[slice, Added]]:
    """Yield what rows add, some entries at a time.

    Parameters
    ----------
    crossing : Crossing
    weight : array of shape (n_samples,) or None
    speeds : Speeds
    adds_of_part : callable
        From some entries, their weights and their velocities to what they add, as `adds_of`.
    """
    for part, v in speeds.blocks():
        row = crossing.row[part]
        w = np.ones(len(row)) if weight is None else weight[row]
        adds = adds_of_part(part, w, v)
        yield part, Added(adds, adds**2, adds if weight is None else w[:, None] * adds)


def adds_of(crossing: Crossing, velocity: Velocity, part: slice, weight: FloatArray, v: FloatArray) -> FloatArray:
    """Return what entries add to the fluxes of their facets, array of shape (n_part, n_parameters).

    Parameters
    ----------
    crossing : Crossing
    velocity : Velocity
    part : slice
        Of the entries.
    weight : array of shape (n_part,)
    v : array of shape (n_part, n_parameters)
        Their velocities.
    """
    facet, (fitted, share) = crossing.facet[part], velocity.departures(crossing, part)
    adds = (weight * crossing.adds[part])[:, None] * velocity.center[facet]
    return np.asarray(adds + crossing.center[facet, None] * share * (v - fitted))


def added_by_sums(
    crossing: Crossing, velocity: Velocity, weights: Weights, moments: VelocityMoments
) -> tuple[slice, Added]:
    """Return all entries, each a sum of rows, and what they add.

    A row adds :math:`w (b + s (v - c))`, with b, s and c its entry's own; so sums over an entry's rows need no more of
    the velocities than their first two moments.

    Parameters
    ----------
    crossing : Crossing
    velocity : Velocity
    weights : Weights
    moments : VelocityMoments
    """
    row, every = crossing.row, slice(0, len(crossing.row))
    fitted, share = velocity.departures(crossing, every)
    of_entry = weights.first(row, np.ones(len(row)))[:, None]
    center = crossing.center[crossing.facet, None]
    slope = np.divide(center * share, of_entry, out=np.zeros(share.shape), where=of_entry > 0)
    base = crossing.adds[:, None] * velocity.center[crossing.facet]
    apart2 = moments.mean2 - fitted
    spread2 = np.maximum(moments.square2 - moments.mean2**2, 0) + apart2**2
    return every, Added(
        weights.first(row, base + slope * (moments.mean - fitted)),
        weights.second(row, np.maximum(base**2 + 2 * base * slope * apart2 + slope**2 * spread2, 0)),
        weights.second(row, base + slope * apart2),
    )
