r"""Facets with the rows near them, of two classes or of more: what features, and all that moves rows unevenly, cross.

The flux of a true class across a facet is :math:`\hat f = \sum_i w_i \varphi_i`, to first order: each row adds by its
margin. Where rows move at different speeds v the flux of what moves is :math:`f\, E[v \mid m = 0]`
(`conjac.density.velocity`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.density.boundary import Boundary
from conjac.density.density import Density
from conjac.density.local import REACH


@dataclass(frozen=True, eq=False)
class Crossing:
    """Fluxes of true classes across facets, per unit of margin, and the rows behind them.

    Attributes
    ----------
    true, lower, upper : array of shape (n_facets,)
        True class and the facet's two sides, lower < upper.
    value, center, penalty, n_eff, bandwidth : array of shape (n_facets,)
        As in `conjac.density.Flux`.
    facet, row : array of shape (n_entries,)
        A row may belong to several facets; entries are in the order of rows.
    margin : array of shape (n_entries,)
        Positive where the upper side wins.
    adds : array of shape (n_entries,)
        What a unit of the row's weight adds to ``center``.
    method : {"tangent", "secant", "undefined"}
    doubt : array of shape (n_facets,)
        As in `conjac.density.Flux`.
    """

    true: IntArray
    lower: IntArray
    upper: IntArray
    value: FloatArray
    center: FloatArray
    penalty: FloatArray
    n_eff: FloatArray
    bandwidth: FloatArray
    facet: IntArray
    row: IntArray
    margin: FloatArray
    adds: FloatArray
    method: str
    doubt: AnyArray

    @classmethod
    def of_threshold(cls, density: Density, cut: float, true: IntArray, margins: FloatArray) -> Self:
        """Look at the one facet of two classes.

        Parameters
        ----------
        density : Density
        cut : float
            On the margin scale.
        true : array of shape (n_samples,)
        margins : array of shape (n_samples,)
            Of all rows, not less the cut.
        """
        flux = density.flux(np.array([cut]))
        method = str(flux.method[0])
        margin = margins - cut
        width = np.nan_to_num(flux.bandwidth[0])
        near = np.flatnonzero(np.abs(margin) < REACH * width[true]) if method == "tangent" else np.zeros(0, np.intp)
        adds = np.zeros(len(near))
        for y in (0, 1):
            mine = true[near] == y
            if mine.any():
                adds[mine] = density.tangents[y].influence(cut)(margins[near][mine])
        both = np.arange(2)
        return cls(
            true=both,
            lower=np.zeros_like(both),
            upper=np.ones_like(both),
            value=flux.value[0],
            center=flux.center[0],
            penalty=flux.penalty[0],
            n_eff=flux.n_eff[0],
            bandwidth=flux.bandwidth[0],
            facet=true[near],
            row=near,
            margin=margin[near],
            adds=adds,
            method=method,
            doubt=flux.doubt[0],
        )

    @classmethod
    def of_boundary(cls, boundary: Boundary, true: IntArray) -> Self:
        """Look at the facets of several classes that any row is near."""
        n, facets = boundary.facets.n_columns, boundary.facets
        parts = [(row, adds) for row, _, adds in boundary.adds()]
        row, adds = (np.concatenate(part) for part in zip(*parts, strict=True)) if parts else (np.zeros(0, int),) * 2
        code = true[row] * n * n + facets.pair
        seen, facet = np.unique(code, return_inverse=True)
        y, j, k = np.unravel_index(seen, (n, n, n))
        order = np.argsort(row, kind="stable")
        return cls(
            true=y,
            lower=j,
            upper=k,
            value=boundary.value[y, j, k],
            center=boundary.value[y, j, k],
            penalty=boundary.penalty[y, j, k],
            n_eff=boundary.n_eff[y, j, k],
            bandwidth=boundary.width[y, j, k],
            facet=facet[order],
            row=row[order].astype(np.intp),
            margin=facets.margin[order],
            adds=adds[order],
            method=boundary.method,
            doubt=np.full(len(seen), "", dtype="<U5"),
        )

    @property
    def n_facets(self) -> int:
        """Number of facets of all true classes."""
        return len(self.true)

    @property
    def distance(self) -> FloatArray:
        """Margins in bandwidths of their facet, array of shape (n_entries,)."""
        return np.asarray(self.margin / self.bandwidth[self.facet])
