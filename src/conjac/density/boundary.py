r"""The flux across every facet of a rule for several classes, from the rows near it.

For each true class y and facet j|k, the density at margin 0 of the weight of the class's rows that belong to the
facet: the log-quadratic estimate of `conjac.density.local`, with a bandwidth of its own, since a flux is one figure at
one place and there may be thousands. Scores on atoms have no density: there the rows within a step of the facet are
counted, which is the central difference quotient of the cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.density.facet_scale import FacetScale, sums_by
from conjac.density.flux import PENALTY
from conjac.density.local import REACH, Moments, gauss
from conjac.density.tangent import MOST, PRIOR_ROWS
from conjac.facets import Facets
from conjac.rules import ArgmaxRule


@dataclass(frozen=True, eq=False)
class Boundary:
    """Fluxes per unit of margin, of each true class across each facet that any row is near.

    Attributes
    ----------
    facets : Facets
        With the rows within a kernel of any facet.
    true : array of shape (n_samples,)
    code : array of shape (n_fluxes,)
        True class and facet, as ``true * n_columns**2 + j * n_columns + k``; ascending.
    value, penalty, n_eff : array of shape (n_fluxes,)
        The flux, the variance of half a row that is added to its own, and the effective rows behind it.
    width : array of shape (n_fluxes,)
        Bandwidth of the kernel, or half-width of the step.
    entry, flux, adds : array of shape (n_near,)
        Of each row near a facet: its place in ``facets``, the flux it adds to, and how much a unit of its weight adds.
    method : {"tangent", "secant"}
    """

    facets: Facets
    true: IntArray
    code: IntArray
    value: FloatArray
    penalty: FloatArray
    n_eff: FloatArray
    width: FloatArray
    entry: IntArray
    flux: IntArray
    adds: FloatArray
    method: str

    @classmethod
    def of(
        cls, rule: ArgmaxRule, true: IntArray, score: AnyArray, weight: FloatArray | None, per_cluster: float = 1.0
    ) -> Self:
        """Estimate the fluxes of rows in memory.

        Parameters
        ----------
        rule : ArgmaxRule
        true : array of shape (n_samples,)
        score : array of shape (n_samples, n_classes)
        weight : array of shape (n_samples,) or None
        per_cluster : float
            Rows a cluster, where they are not independent.
        """
        scale = FacetScale.of(rule, true, score, weight, per_cluster)
        facets = Facets.of(rule, score, scale.reach)
        code = true[facets.row] * rule.n_columns**2 + facets.pair
        width = scale.width[code]
        near = np.abs(facets.margin) < (width if scale.on_atoms else REACH * width)
        if weight is not None:
            near &= weight[facets.row] > 0
        entry = np.flatnonzero(near)
        code, margin, width = code[entry], facets.margin[entry], width[entry]
        w = None if weight is None else weight[facets.row[entry]]
        used = np.zeros(len(scale.width), dtype=bool)
        used[code] = True
        place = np.cumsum(used) - 1
        flux = place[code]
        kept = np.flatnonzero(used)
        unit = 1.0 if weight is None else float((weight**2).sum() / weight.sum())
        estimate = _counted if scale.on_atoms else _smoothed
        value, peak, n_eff, adds = estimate(flux, len(kept), margin / width, scale.width[kept], w, unit)
        return cls(
            facets,
            true,
            kept,
            value,
            PENALTY * unit**2 * peak**2,
            n_eff,
            scale.width[kept],
            entry,
            flux,
            adds,
            "secant" if scale.on_atoms else "tangent",
        )


Estimates = tuple[FloatArray, FloatArray, FloatArray, FloatArray]
"""Fluxes, what one row at the facet would add, effective rows, and what each row's unit of weight adds."""


def _smoothed(
    flux: IntArray, n: int, z: FloatArray, width: FloatArray, weight: FloatArray | None, unit: float
) -> Estimates:
    kernel = gauss(z) / width[flux]
    weighted = kernel if weight is None else kernel * weight
    rows = Moments(*(sums_by(flux, weighted * z**power, n) for power in (0, 1, 2)))
    squares = sums_by(flux, weighted**2, n)
    peak = gauss(np.zeros(1)) / width
    flat = Moments(np.ones(n), np.zeros(n), np.ones(n))
    shape = rows.plus(PRIOR_ROWS * unit * peak, flat)
    value = rows.mass * np.exp(np.clip(shape.log_ratio(), -MOST, MOST))
    constant, linear, square = shape.influence()
    influence = np.stack([constant + 1 / rows.mass, linear, square])
    influence *= value / (influence * rows.all).sum(axis=0)
    a, b, c = influence[:, flux]
    return value, 1.5 * peak, rows.mass**2 / squares, kernel * (a + z * (b + z * c))


def _counted(
    flux: IntArray, n: int, z: FloatArray, width: FloatArray, weight: FloatArray | None, unit: float
) -> Estimates:
    del z, unit
    adds = 1 / (2 * width[flux])
    weighted = adds if weight is None else adds * weight
    value, squares = sums_by(flux, weighted, n), sums_by(flux, weighted**2, n)
    return value, 1 / (2 * width), value**2 / squares, adds
