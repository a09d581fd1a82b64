r"""A smooth guess of one class's density: a penalised Poisson spline of the rows in bins.

Counts y of equal bins are Poisson with mean :math:`\mu = \exp(B\theta)` for cubic B-splines B, penalised by
:math:`\lambda \lVert D^3 \theta \rVert^2` (Eilers & Marx 1996, Statistical Science 11:89): as :math:`\lambda` grows the
density becomes normal, not flat. :math:`\lambda` is that of restricted maximum likelihood, by Fellner and Schall's
steps (Wood & Fasiolo 2017, Biometrics 73:1071).

A guess, since one :math:`\lambda` serves everywhere: it levels valleys and spikes. What is estimated from it is
corrected by the rows near the cut (`conjac.density.tangent`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.interpolate import BSpline
from scipy.linalg.lapack import dpbsv

from conjac._typing import FloatArray
from conjac.density.binning import Binning

BINS = 256
BASIS = 50
ORDER = 3
"""Of the differences penalised; densities whose logarithm is a polynomial of lower degree are free."""
RIDGE = 1e-10
ROUNDS = 60
NEWTON_STEPS = 30
CLOSE = 0.01
"""Largest last step of the coefficients, of logarithms of the density."""
START, SMOOTHEST = np.log(3000.0), np.log(1e12)
LONGEST = np.log(100.0)
SLOWEST = 0.1
SETTLED = 0.03
FREE = 0.05
"""Effective parameters beyond the free ones at which the density is taken as normal."""


@dataclass(frozen=True, eq=False)
class Pilot:
    """A log-density on an interval.

    Attributes
    ----------
    lower, upper : float
        The interval, in z.
    log_density : BSpline
        Logarithm of the weight per unit of z.
    parameters : float
        Effective number of parameters: 3 for a normal density.
    """

    lower: float
    upper: float
    log_density: BSpline
    parameters: float

    @classmethod
    def of(cls, binning: Binning, row: float) -> Pilot:
        """Fit one class's rows.

        Parameters
        ----------
        binning : Binning
        row : float
            Weight of an effective row.
        """
        counts = binning.weight.reshape(BINS, -1).sum(axis=1) / row
        theta, parameters = _penalised(counts)
        width = (binning.upper - binning.lower) / BINS
        knots = binning.lower + (binning.upper - binning.lower) * _knots()
        return cls(binning.lower, binning.upper, BSpline(knots, theta + np.log(row / width), 3), parameters)

    def bandwidth(self, n: float) -> float:
        """Return the bandwidth of a kernel estimate from n rows of this density: least integrated squared error."""
        z = np.linspace(self.lower, self.upper, BINS)
        density, slope, bend = np.exp(self.log_density(z)), self.log_density(z, nu=1), self.log_density(z, nu=2)
        width = z[1] - z[0]
        curvature = density / (density.sum() * width) * (bend + slope**2)
        return float((2 * np.sqrt(np.pi) * n * (curvature @ curvature) * width) ** -0.2)

    def at(self, margin: FloatArray) -> FloatArray:
        """Return the weight per unit of margin; 0 off the interval."""
        inside = (margin > self.lower) & (margin < self.upper)
        return np.where(inside, np.exp(self.log_density(np.clip(margin, self.lower, self.upper))), 0.0)

    def drift(self, margin: FloatArray) -> FloatArray:
        """Return the derivative of the density's logarithm; 0 off the interval."""
        inside = (margin > self.lower) & (margin < self.upper)
        return np.where(inside, self.log_density(np.clip(margin, self.lower, self.upper), nu=1), 0.0)


def _penalised(counts: FloatArray) -> tuple[FloatArray, float]:
    """Return the coefficients of most restricted likelihood, and the effective number of parameters.

    Fellner and Schall's steps of the logarithm of the smoothing converge slowly where they converge; they are
    lengthened by how much they have shrunk.
    """
    penalty = _design()[2]
    theta, log_smoothing, last = _normal(counts), START, (0.0, 0.0)
    for _ in range(ROUNDS):
        theta, information = _most_likely(theta, counts, np.exp(log_smoothing))
        inverse = _inverse_bands(information + np.exp(log_smoothing) * penalty)
        parameters = _trace(inverse, information)
        rough = max(float(theta @ _times(penalty, theta)), 1e-300)
        wanted = (BASIS - ORDER) * np.exp(-log_smoothing) - _trace(inverse, penalty)
        step = float(np.log(max(wanted, 1e-300) / rough))
        normal = parameters - ORDER < FREE or (log_smoothing == SMOOTHEST and step > 0)
        if abs(step) < SETTLED or normal:
            break
        shrinks = (last[1] - step) / last[0] if last[0] else 1.0
        last = float(np.clip(step / np.clip(shrinks, SLOWEST, 1), -LONGEST, LONGEST)), step
        log_smoothing = min(log_smoothing + last[0], SMOOTHEST)
    return theta, parameters


def _most_likely(theta: FloatArray, counts: FloatArray, smoothing: float) -> tuple[FloatArray, FloatArray]:
    """Return the coefficients of most penalised likelihood, by Newton's steps, and the bands of the information."""
    basis, products, penalty = _design()
    for _ in range(NEWTON_STEPS):
        mean = np.exp(np.clip(basis @ theta, -30.0, 30.0))
        information = products @ mean
        bands = information + smoothing * penalty
        bands[0] += RIDGE
        pull = basis.T @ (counts - mean) - smoothing * _times(penalty, theta)
        step = _solve(bands, pull)
        largest = float(np.abs(step).max())
        theta = theta + step * min(1.0, 5.0 / max(largest, RIDGE))
        if largest < CLOSE:
            break
    return theta, information


def _normal(counts: FloatArray) -> FloatArray:
    """Return the coefficients of the normal density with the counts' mean and variance."""
    place = np.arange(BINS) + 0.5
    mean = place @ counts / counts.sum()
    variance = (place - mean) ** 2 @ counts / counts.sum() + 1
    knot = BINS / (BASIS - 3)
    centre = (np.arange(BASIS) - 1) * knot - mean
    level = np.log(counts.sum() / np.sqrt(2 * np.pi * variance))
    return np.asarray(level - (centre**2 - knot**2 / 3) / (2 * variance))


def _times(bands: FloatArray, vector: FloatArray) -> FloatArray:
    """Multiply a symmetric matrix, given by its diagonal and those below it, with a vector."""
    product = bands[0] * vector
    for d, band in enumerate(bands[1:], start=1):
        product[d:] += band[:-d] * vector[:-d]
        product[:-d] += band[:-d] * vector[d:]
    return np.asarray(product)


def _solve(bands: FloatArray, right: FloatArray) -> FloatArray:
    """Solve with a symmetric positive definite banded matrix: LAPACK itself, a fraction of `solveh_banded`'s time."""
    _, solution, info = dpbsv(bands, right, lower=1)
    if info:
        raise np.linalg.LinAlgError(f"dpbsv: {info}")
    return np.asarray(solution)


def _inverse_bands(bands: FloatArray) -> FloatArray:
    """Return the bands of the inverse of a symmetric positive definite banded matrix."""
    bands[0] += RIDGE
    inverse = _solve(bands, np.eye(BASIS))
    row = np.arange(BASIS)
    return np.asarray(inverse[np.minimum(row + np.arange(len(bands))[:, None], BASIS - 1), row])


def _trace(left: FloatArray, right: FloatArray) -> float:
    """Return the trace of the product of two symmetric matrices, given by their bands; the right ones end in 0."""
    return float((left[0] * right[0]).sum() + 2 * (left[1:] * right[1:]).sum())


@cache
def _design() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the basis at the bins, its products band by band, and the penalty's bands."""
    middles = (np.arange(BINS) + 0.5) / BINS
    basis = BSpline.design_matrix(middles, _knots(), 3).toarray()
    shifted = [np.pad(basis[:, d:], ((0, 0), (0, d))) for d in range(ORDER + 1)]
    differences = np.diff(np.eye(BASIS), ORDER, axis=0)
    penalty = differences.T @ differences
    bands = np.stack([np.pad(np.diagonal(penalty, -d), (0, d)) for d in range(ORDER + 1)])
    return basis, np.stack([(basis * other).T for other in shifted]), bands


@cache
def _knots() -> FloatArray:
    return np.arange(-3, BASIS + 1) / (BASIS - 3)
