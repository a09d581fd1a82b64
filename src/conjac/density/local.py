r"""The log-quadratic density near a cut, from three local moments, and what each row adds to it.

Under a Gaussian kernel of bandwidth h, the density :math:`\exp(a_0 + a_1 u + a_2 u^2)` of most local likelihood has a
closed form (Loader 1996, Annals of Statistics 24:1602; Hjort & Jones 1996, Annals of Statistics 24:1619): with the
kernel's mass :math:`m_0` and the mean :math:`\delta` and variance :math:`s^2` of the rows under it, in units of h,

.. math:: \hat f = \frac{m_0}{s} \exp\!\left(-\frac{\delta^2}{2 s^2}\right).

Its bias is of order :math:`h^4`, and 0 for a normal density at any h; on log-odds, the tails of Beta densities are
log-linear, so that the ends of the unit interval are no edge to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import FloatArray

SHARPEST = 0.01
"""Least variance of what lies under the kernel, in bandwidths: a density sharper than that is not resolved."""
REACH = 4.5
"""Bandwidths beyond which the kernel is taken as 0."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Moments of a density under the kernel, arrays of shape (n_points,): mass, then first and second."""

    mass: FloatArray
    first: FloatArray
    second: FloatArray

    @property
    def all(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Mass, first, second."""
        return self.mass, self.first, self.second

    def plus(self, times: FloatArray, other: Moments) -> Moments:
        """Return these moments and so many times others."""
        return Moments(*(mine + times * theirs for mine, theirs in zip(self.all, other.all, strict=True)))

    @property
    def shape(self) -> tuple[FloatArray, FloatArray]:
        """Mean and variance of what lies under the kernel, in bandwidths."""
        mean = self.first / self.mass
        return mean, np.maximum(self.second / self.mass - mean**2, SHARPEST)

    def log_ratio(self) -> FloatArray:
        """Return the logarithm of the density at the cut over the kernel's mass."""
        mean, variance = self.shape
        return np.asarray(-0.5 * np.log(variance) - 0.5 * mean**2 / variance)

    def influence(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return c, so that a unit of kernel mass at distance z adds c0 + c1 z + c2 z^2 to `log_ratio`."""
        mean, variance = self.shape
        square = 0.5 * (mean**2 / variance - 1) / variance
        linear = -mean / variance - 2 * mean * square
        constant = mean**2 / variance + square * (mean**2 - variance)
        return constant / self.mass, linear / self.mass, square / self.mass


def gauss(distance: FloatArray) -> FloatArray:
    """Return the standard normal density."""
    found = np.square(distance)
    found *= -0.5
    np.exp(found, out=found)
    found /= np.sqrt(2 * np.pi)
    return np.asarray(found)


def blurred(distance: FloatArray, within: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return what a unit of weight adds to the mass and to the moments, of rows about normal around their mean.

    Parameters
    ----------
    distance : array of shape (n,)
        Of the means from the cut, in bandwidths.
    within : array of shape (n,)
        Variance of the rows around their mean, in squared bandwidths.
    """
    narrow = 1 / (1 + within)
    mass = gauss(distance * np.sqrt(narrow)) * np.sqrt(narrow) * (np.abs(distance) < REACH)
    mean = distance * narrow
    return mass, mass * mean, mass * (mean**2 + within * narrow)


def kernel_moments(kernel: FloatArray, distance: FloatArray, within: FloatArray) -> FloatArray:
    """Return what a unit of weight adds to the mass and to the first and second moments.

    Parameters
    ----------
    kernel : array of shape (n_points, n_atoms)
        The kernel at the atoms' mean places.
    distance : array of shape (n_points, n_atoms)
        Of these from the points, in bandwidths.
    within : array of shape (n_points, n_atoms)
        Variance of the places within an atom, in squared bandwidths: the kernel's curvature counts it.

    Returns
    -------
    array of shape (3, n_points, n_atoms)
    """
    square = distance * distance
    half = within * kernel / 2
    moments = np.empty((3, *kernel.shape))
    moments[0] = kernel + half * (square - 1)
    moments[1] = distance * (kernel + half * (square - 3))
    moments[2] = square * (kernel + half * (square - 5)) + 2 * half
    return moments
