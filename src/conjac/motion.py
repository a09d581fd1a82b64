"""From the fluxes across a boundary to the motion of the cells: the chain rule in the coordinate asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.coordinates import Coordinate, margins
from conjac.density import Density, Flux
from conjac.inference import Cells, Joint, at_share, joint, propagate
from conjac.inference.delta import divide

MIN_ROWS = 5
"""Effective rows at the boundary below which a slope's interval is nan."""


@dataclass(frozen=True, eq=False)
class Motion:
    """Cells, fluxes and their covariance at thresholds, with the coordinate's velocity.

    Attributes
    ----------
    joint : Joint
    flux : Flux
    rate : array of shape (n_points,) or None
        Velocity of the margin per unit of the coordinate, ``-dtau/dt``; None for the percentile.
    """

    joint: Joint
    flux: Flux
    rate: FloatArray | None

    @classmethod
    def at(
        cls,
        density: Density,
        coordinate: Coordinate,
        score: FloatArray,
        cells: Cells,
    ) -> Motion:
        """Finish: from the densities and the counts at thresholds to cells and fluxes with their covariance.

        Parameters
        ----------
        density : Density
        coordinate : Coordinate
        score : array of shape (n_points,)
            Thresholds on the scores' own scale.
        cells : Cells
            Counted at those thresholds.
        """
        estimate = density.flux(cut_of(score, coordinate))
        rate = None
        if coordinate.cut is not None and coordinate.from_score is not None:
            finite = np.isfinite(estimate.value[:, 0])
            inside = np.where(finite, score, 0.5)
            rate = np.where(finite, -coordinate.cut.derivative(coordinate.from_score(inside)), np.nan)
        figures = joint(cells, estimate)
        return cls(figures if rate is not None else at_share(figures, estimate), estimate, rate)

    @property
    def point(self) -> FloatArray:
        """Cells and the flux of least mean squared error, array of shape (n_points, 6)."""
        return self.joint.point(self.joint.value)

    @property
    def center(self) -> FloatArray:
        """Cells and the bias-corrected flux, array of shape (n_points, 6)."""
        return self.joint.point(self.joint.center)

    @property
    def trusted(self) -> AnyArray:
        """Whether each class's slope rests on enough rows, array of shape (n_points, 2)."""
        enough: AnyArray = np.greater_equal(self.flux.n_eff, MIN_ROWS)
        if self.rate is None:
            return np.broadcast_to(np.all(enough, axis=1, keepdims=True), enough.shape)
        return enough

    def slope_stderr(self) -> FloatArray:
        """Return the standard error of the slope at ``center``, array of shape (n_points, 2, 2)."""

        def flat(point: AnyArray) -> AnyArray:
            return self.slope(point).reshape(-1, 4)

        with np.errstate(invalid="ignore"):
            error = propagate(flat, self.center, self.joint.covariance)[1].reshape(-1, 2, 2)
        return np.where(self.trusted[..., None], error, np.nan)

    def cells(self, point: AnyArray) -> AnyArray:
        """Return the cells of a point, array of shape (..., 2, 2)."""
        return point[..., :4].reshape(*point.shape[:-1], 2, 2)

    def slope(self, point: AnyArray) -> AnyArray:
        """Return dC/dt of a point, array of shape (..., 2, 2); analytic in the point."""
        fluxes = point[..., 4:]
        if self.rate is not None:
            moved = fluxes * self.rate[:, None]
        else:
            total = point[..., :4].sum(axis=-1, keepdims=True)
            moved = total * divide(fluxes, fluxes.sum(axis=-1, keepdims=True), np.nan)
        return np.stack([-moved, moved], axis=-1)


def cut_of(score: FloatArray, coordinate: Coordinate) -> FloatArray:
    """Return the cut on the margin scale; infinite where the threshold leaves the domain."""
    if coordinate.scale == "score":
        return score
    inside = (score > 0) & (score < 1)
    safe = np.where(inside, score, 0.5)
    return np.where(inside, margins(safe, "logit"), np.where(score <= 0, -np.inf, np.inf))
