r"""The flux across every facet of a rule for several classes, from the rows near it.

For each true class y and facet j|k, the density at margin 0 of the weight of the class's rows that belong to the
facet: the log-quadratic estimate of `conjac.density.local`, with a bandwidth of its own, since a flux is one figure at
one place and there may be thousands. Scores on atoms have no density: there the rows within a step of the facet are
counted, which is the central difference quotient of the cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.density.estimator import SECANT, TANGENT, noise_of
from conjac.density.facet_scale import FacetScale
from conjac.density.near import Near
from conjac.facets import Facets
from conjac.rules import ArgmaxRule
from conjac.weights import Weights


@dataclass(frozen=True, eq=False)
class Boundary:
    """Fluxes per unit of margin, of each true class across each facet; 0 where no row is near.

    Attributes
    ----------
    facets : Facets
        With the rows within the widest kernel of the facets around their cell.
    cell : array of shape (n_samples,)
        True and predicted class of each row, as ``true * n_columns + predicted``.
    value, penalty, n_eff : array of shape (n_columns, n_columns, n_columns)
        By true class, j and k, symmetric in j and k: the flux, the variance of half a row that is added to its own, and
        the effective rows behind it.
    width : array of shape (n_columns, n_columns, n_columns)
        Bandwidth of the kernel, or half-width of the step.
    near : Near
        The rows near facets.
    influence : array of shape (3, n_columns, n_columns, n_columns)
        By true class, side and the class across, c so that a unit of kernel mass at distance z adds
        c0 + c1 z + c2 z^2 to the flux.
    method : {"tangent", "secant"}
    weights : Weights
        Of the rows.
    """

    facets: Facets
    cell: IntArray
    value: FloatArray
    penalty: FloatArray
    n_eff: FloatArray
    width: FloatArray
    near: Near
    influence: FloatArray
    method: str
    weights: Weights

    @classmethod
    def of(
        cls,
        rule: ArgmaxRule,
        true: IntArray,
        score: AnyArray,
        weight: FloatArray | None,
        per_cluster: float = 1.0,
        for_optima: bool = False,
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
        for_optima : bool
            Whether fluxes are compared from rule to rule, so that noise matters more than bias.
        """
        scale = FacetScale.of(rule, true, score, weight, per_cluster, for_optima)
        return cls.of_facets(Facets.of(rule, score, scale.reach, true), true, Weights.of(weight), scale)

    @classmethod
    def of_facets(cls, facets: Facets, true: IntArray, weights: Weights, scale: FacetScale) -> Self:
        """Estimate the fluxes of rows, or of bundles of them, that are sorted to facets.

        Parameters
        ----------
        facets : Facets
        true : array of shape (n_samples,)
        weights : Weights
        scale : FacetScale
        """
        cell = true * facets.n_columns + facets.predicted
        estimator = SECANT if scale.on_atoms else TANGENT
        near = Near.of(facets, cell, scale.width, estimator)
        value, penalty, n_eff, influence = estimator.fluxes(*near.moments(weights), scale.width, weights.unit)
        return cls(facets, cell, value, penalty, n_eff, scale.width, near, influence, estimator.method, weights)

    def adds(self) -> Iterator[tuple[AnyArray, IntArray, FloatArray]]:
        """Yield rows near facets, some at a time: which, on which side, and what a unit of weight adds to the flux."""
        constant, linear, square = self.influence.reshape(3, -1)
        for row, side, (mass, first, second) in self.near.parts():
            mass *= constant[side]
            mass += linear[side] * first
            mass += square[side] * second
            yield row, side, mass

    @property
    def noise(self) -> FloatArray:
        """Squared fluxes over the effective rows behind them, array of the fluxes' shape."""
        return noise_of(self.value, self.n_eff)

    @property
    def widths(self) -> FloatArray:
        """Widths at the facets that rows are near, array of shape (n_fluxes,)."""
        lower, upper = np.triu_indices(self.facets.n_columns, 1)
        seen = self.n_eff[:, lower, upper] > 0
        return np.asarray(self.width[:, lower, upper][seen])
