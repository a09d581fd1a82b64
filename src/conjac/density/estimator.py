r"""From the rows near facets to fluxes: the log-quadratic density, or a count where scores sit on atoms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from conjac._typing import FloatArray
from conjac.density.flux import PENALTY
from conjac.density.local import REACH, Moments, blurred, gauss
from conjac.density.tangent import MOST, PRIOR_ROWS


class Fluxes(NamedTuple):
    """Fluxes per unit of margin, arrays of one shape; 0 where no row is near.

    Attributes
    ----------
    value, penalty, n_eff : array
        The flux, the variance of half a row that is added to its own, and the effective rows behind it.
    influence : array of shape (3, ...)
        c so that a unit of kernel mass at distance z adds c0 + c1 z + c2 z^2 to the flux.
    """

    value: FloatArray
    penalty: FloatArray
    n_eff: FloatArray
    influence: FloatArray


@dataclass(frozen=True, eq=False)
class Estimator:
    """How fluxes are estimated.

    Attributes
    ----------
    method : {"tangent", "secant"}
    kernel : callable
        From distances in widths to a density.
    reach : float
        Widths from which on the kernel is 0.
    peak : float
        What a row at the facet adds to a flux, over what it adds to the mass under the kernel.
    flux_of : callable
        From moments and the mass of one row at the facet to fluxes and what rows add to them.
    spread : callable or None
        From distances of bundles of rows, and the variance within each, to the moments under the kernel; None where
        the kernel takes each at its mean.
    """

    method: str
    kernel: Callable[[FloatArray], FloatArray]
    reach: float
    peak: float
    flux_of: Callable[[Moments, FloatArray], tuple[FloatArray, FloatArray]]
    spread: Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray, FloatArray]] | None = None

    def moments(
        self, distance: FloatArray, within: FloatArray | None = None
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return what a unit of weight adds to the mass under the kernel, and to its first and second moments.

        Parameters
        ----------
        distance : array of shape (n,)
            In widths.
        within : array of shape (n,) or None
            Of bundles of rows, the variance within each, in squared widths.
        """
        if within is not None and self.spread is not None:
            mass, first, second = self.spread(distance, within)
            return mass, first, second
        mass = self.kernel(distance)
        first = mass * distance
        return mass, first, first * distance

    def fluxes(self, rows: Moments, squares: FloatArray, width: FloatArray, unit: float) -> Fluxes:
        """Return fluxes from moments under the kernel.

        Parameters
        ----------
        rows : Moments
        squares : array
            Sums of squares of the rows' masses.
        width : array
        unit : float
            Squared weight to a unit of weight.
        """
        seen = rows.mass > 0
        one_row = unit * self.kernel(np.zeros(1)) / width
        value, n_eff, influence = np.zeros(seen.shape), np.zeros(seen.shape), np.zeros((3, *seen.shape))
        value[seen], influence[:, seen] = self.flux_of(Moments(*(part[seen] for part in rows.all)), one_row[seen])
        n_eff[seen] = rows.mass[seen] ** 2 / squares[seen]
        peak = self.peak * one_row * seen
        return Fluxes(value, PENALTY * peak**2, n_eff, influence)


def noise_of(value: FloatArray, n_eff: FloatArray) -> FloatArray:
    """Return squared fluxes over the effective rows behind them, array of the fluxes' shape."""
    return np.asarray(np.divide(value**2, n_eff, out=np.zeros_like(value), where=n_eff > 0))


def _bell(distance: FloatArray) -> FloatArray:
    found = gauss(distance)
    found *= np.abs(distance) < REACH
    return found


def _box(distance: FloatArray) -> FloatArray:
    return np.asarray(0.5 * (np.abs(distance) < 1))


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


TANGENT = Estimator("tangent", _bell, REACH, 1.5, _log_quadratic, blurred)
SECANT = Estimator("secant", _box, 1.0, 1.0, _counted)
