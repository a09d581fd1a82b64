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
from conjac.density.facet_scale import FacetScale
from conjac.density.flux import PENALTY
from conjac.density.local import REACH, Moments, gauss
from conjac.density.near import Near
from conjac.density.tangent import MOST, PRIOR_ROWS
from conjac.facets import Facets
from conjac.rules import ArgmaxRule


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
        facets = Facets.of(rule, score, scale.reach, true)
        cell = true * rule.n_columns + facets.predicted
        method, kernel, flux_of = ("secant", _box, _counted) if scale.on_atoms else ("tangent", _bell, _log_quadratic)
        near = Near.of(facets, cell, scale.width, kernel)
        rows, squares = near.moments(weight)
        seen = rows.mass > 0
        unit = 1.0 if weight is None else float((weight**2).sum() / weight.sum())
        one_row = unit * kernel(np.zeros(1)) / scale.width
        value, n_eff, influence = np.zeros(seen.shape), np.zeros(seen.shape), np.zeros((3, *seen.shape))
        value[seen], influence[:, seen] = flux_of(Moments(*(part[seen] for part in rows.all)), one_row[seen])
        n_eff[seen] = rows.mass[seen] ** 2 / squares[seen]
        peak = PEAK[method] * one_row * seen
        return cls(facets, cell, value, PENALTY * peak**2, n_eff, scale.width, near, influence, method)

    def adds(self, weight: FloatArray | None) -> Iterator[tuple[IntArray, IntArray, FloatArray]]:
        """Yield rows near facets, some at a time: which, on which side, and what their weight adds to the flux.

        Parameters
        ----------
        weight : array of shape (n_samples,) or None
        """
        constant, linear, square = self.influence.reshape(3, -1)
        for row, side, distance, kernel in self.near.parts():
            adds = square[side]
            for coefficient in (linear, constant):
                adds *= distance
                adds += coefficient[side]
            adds *= kernel
            if weight is not None:
                adds *= weight[row]
            yield row, side, adds

    @property
    def noise(self) -> FloatArray:
        """Squared fluxes over the effective rows behind them, array of the fluxes' shape."""
        return np.asarray(np.divide(self.value**2, self.n_eff, out=np.zeros_like(self.value), where=self.n_eff > 0))

    @property
    def widths(self) -> FloatArray:
        """Widths at the facets that rows are near, array of shape (n_fluxes,)."""
        lower, upper = np.triu_indices(self.facets.n_columns, 1)
        seen = self.n_eff[:, lower, upper] > 0
        return np.asarray(self.width[:, lower, upper][seen])


PEAK = {"tangent": 1.5, "secant": 1.0}
"""What a row at the facet adds to a flux, over what it adds to the mass under the kernel."""


def _bell(distance: FloatArray) -> FloatArray:
    found = gauss(distance)
    found *= distance < REACH
    return found


def _box(distance: FloatArray) -> FloatArray:
    return np.asarray(0.5 * (distance < 1))


def _log_quadratic(rows: Moments, one_row: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return fluxes, and c so that a unit of kernel mass at distance z adds c0 + c1 z + c2 z^2."""
    flat = Moments(np.ones_like(one_row), np.zeros_like(one_row), np.ones_like(one_row))
    shape = rows.plus(PRIOR_ROWS * one_row, flat)
    value = rows.mass * np.exp(np.clip(shape.log_ratio(), -MOST, MOST))
    constant, linear, square = shape.influence()
    influence = np.stack([constant + 1 / rows.mass, linear, square])
    return value, influence * value / (influence * rows.all).sum(axis=0)


def _counted(rows: Moments, one_row: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return fluxes, and how each row adds to them, as for `_log_quadratic`."""
    return rows.mass, np.stack([np.ones_like(one_row), np.zeros_like(one_row), np.zeros_like(one_row)])
