r"""Rows weighed before it is known how fast they move: the flux as a sum over rows, for pulls and for given bandwidths.

The flux of a class across a facet is :math:`f\,E[v \mid m = 0]`. With weights that depend on margins alone it is linear
in the velocities, so a vector-Jacobian product needs no velocity by itself. The estimate is the density's
(`conjac.density.flux`) times the local linear mean of the velocities at the density's own bandwidth; the centre of
intervals is the density's own times the local quadratic mean, as in `conjac.density.velocity`. At a bandwidth that is
given the estimate is the sum under a Gaussian kernel, the derivative of a soft count, and the centre that under the
kernel :math:`K_4(u) = (3 - u^2)\,\varphi(u) / 2`, which takes the bias of second order away (Calonico, Cattaneo &
Farrell 2018, Journal of the American Statistical Association 113:767).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import FloatArray, IntArray
from conjac.density.crossing import Crossing
from conjac.density.flux import PENALTY
from conjac.density.local import gauss
from conjac.density.near import or_one, sums_by
from conjac.density.velocity import levels

SOFT_REACH = 6.5
"""Bandwidths beyond which a soft count does not move, to ten digits."""


@dataclass(frozen=True, eq=False)
class FixedWeights:
    """What each entry of a crossing adds to the flux of its facet for a unit of its velocity.

    Attributes
    ----------
    crossing : Crossing
    value, center : array of shape (n_entries,)
        To the estimate, and to the centre of its interval.
    inflation : array of shape (n_facets,)
        By which what rows add is enlarged for standard errors: half a row at the facet more.
    """

    crossing: Crossing
    value: FloatArray
    center: FloatArray
    inflation: FloatArray

    @classmethod
    def of(cls, crossing: Crossing, weight: FloatArray | None) -> Self:
        """Weigh rows by the density's bandwidth.

        Parameters
        ----------
        crossing : Crossing
        weight : array of shape (n_samples,) or None
        """
        linear, quadratic = levels(crossing, weight)
        facet = crossing.facet
        return cls._inflated(crossing, crossing.value[facet] * linear, crossing.center[facet] * quadratic)

    @classmethod
    def soft(cls, crossing: Crossing, weight: FloatArray | None) -> Self:
        """Weigh rows of a crossing that was made at a given bandwidth, by `soft_crossing`."""
        u = crossing.distance
        kernel = gauss(u) / crossing.bandwidth[crossing.facet] * (1.0 if weight is None else weight[crossing.row])
        return cls._inflated(crossing, kernel, kernel * _fourth(u))

    @classmethod
    def _inflated(cls, crossing: Crossing, value: FloatArray, center: FloatArray) -> Self:
        squares = sums_by(crossing.facet, center**2, crossing.n_facets)
        more = np.divide(crossing.penalty, squares, out=np.zeros(len(squares)), where=squares > 0)
        return cls(crossing, value, center, np.sqrt(1 + more))

    def by_figure(self, steps: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return what entries add to a figure for a unit of velocity: to its estimate, and to its centre.

        Parameters
        ----------
        steps : array of shape (n_facets,)
            What the figure gains where a unit crosses each facet upwards.
        """
        each = steps[self.crossing.facet]
        return self.value * each, self.center * each


def soft_crossing(
    sides: tuple[IntArray, IntArray, IntArray],
    facet: IntArray,
    row: IntArray,
    margin: FloatArray,
    weight: FloatArray | None,
    bandwidth: float,
) -> Crossing:
    """Return facets under a Gaussian kernel of one bandwidth.

    Parameters
    ----------
    sides : tuple of array of shape (n_facets,)
        True class, lower and upper side.
    facet, row, margin : array of shape (n_entries,)
        Of rows within `SOFT_REACH` bandwidths.
    weight : array of shape (n_samples,) or None
    bandwidth : float
    """
    n = len(sides[0])
    own = np.ones(len(row)) if weight is None else weight[row]
    kernel = gauss(margin / bandwidth) / bandwidth
    adds = kernel * _fourth(margin / bandwidth)
    total, center, squares, count, weight2 = (
        sums_by(facet, each, n) for each in (own * kernel, own * adds, (own * kernel) ** 2, np.ones(len(own)), own**2)
    )
    return Crossing(
        *sides,
        value=total,
        center=center,
        penalty=PENALTY * (weight2 / or_one(count)) * (1.5 * gauss(np.zeros(1))[0] / bandwidth) ** 2,
        n_eff=np.divide(total**2, squares, out=np.zeros(n), where=squares > 0),
        bandwidth=np.full(n, float(bandwidth)),
        facet=facet,
        row=row,
        margin=margin,
        adds=adds,
        method="tangent",
        doubt=np.full(n, "", dtype="<U5"),
    )


def _fourth(u: FloatArray) -> FloatArray:
    """Return the fourth-order Gaussian kernel over the Gaussian one."""
    return np.asarray((3 - u**2) / 2)
