"""Both classes' densities over one tally: each point by the estimator that its scores allow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from conjac._typing import AnyArray, FloatArray, Scale
from conjac.density.discrete import Occupancy
from conjac.density.flux import Flux, of_own_rows
from conjac.density.secant import secant
from conjac.density.smooth import Smoother
from conjac.density.tangent import Tangent
from conjac.tally import Tally

FEW = 5
"""Effective rows below which a tangent on clumped scores gives way to a secant."""
SMOOTH = 0.9
"""Share of the bins of a density that are occupied, below which the scores as a whole are clumped."""


@dataclass(frozen=True, eq=False)
class Density:
    """The densities of a tally's classes; what does not depend on the cut is computed once, when it is asked for.

    Attributes
    ----------
    tallied : callable
        From nothing to the tally.
    scale : {"logit", "score"}
        What the margins are measured in.
    clustered : bool
        Whether rows come in clusters.
    """

    assumes_calibration: ClassVar[bool] = False

    tallied: Callable[[], Tally]
    scale: Scale
    clustered: bool

    @cached_property
    def tally(self) -> Tally:
        """The sums over rows that densities are estimated from."""
        return self.tallied()

    @cached_property
    def tangents(self) -> tuple[Tangent, ...]:
        """Each class's density where it is smooth."""
        return tuple(Tangent.of(self.tally, true) for true in (0, 1))

    @cached_property
    def occupancy(self) -> Occupancy:
        """Which bins are occupied."""
        return Occupancy.of(self.tally)

    @cached_property
    def smoother(self) -> Smoother:
        """Each class's weight above a cut, by its density."""
        return Smoother.of(self.tally, lambda cut: np.asarray(self.tangent_flux(cut)["value"]))

    def flux(self, cut: FloatArray) -> Flux:
        """Estimate the density of each class's weight at each cut, per unit of margin.

        Parameters
        ----------
        cut : array of shape (n_points,)
            Cuts on the margin scale; an infinite one (the end of the domain) has a nan density.

        Returns
        -------
        Flux
            With ``method`` telling, at each point, which estimator was used.
        """
        result = Flux.undefined(len(cut), self.tally.n_blocks)
        smooth = np.isfinite(cut)
        discrete = np.zeros(len(cut), dtype=bool)
        discrete[smooth] = self.occupancy.is_discrete(cut[smooth])
        smooth &= ~discrete
        if smooth.any():
            result.put(smooth, self.tangent_flux(cut[smooth]), "tangent")
            if self.occupancy.share < SMOOTH:  # between two atoms the kernel sees nothing: count across them instead
                discrete |= smooth & (result.n_eff < FEW).any(axis=1)
                result.bandwidth[discrete], result.doubt[discrete] = np.nan, ""
        if discrete.any():
            result.put(discrete, secant(self.tally, cut[discrete]), "secant")
        return result

    def tangent_flux(self, cut: FloatArray) -> dict[str, AnyArray]:
        """Estimate where there is a density, arrays as in `Flux`."""
        classes = [tangent.at(cut) for tangent in self.tangents]
        found = {name: np.stack([c[name] for c in classes], axis=1) for name in classes[0]}
        return of_own_rows({**found, "cross": found["cross"][:, :, 0]})
