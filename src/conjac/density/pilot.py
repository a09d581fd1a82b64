r"""A smooth guess of one class's density: a penalised Poisson spline of the binned margins.

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
from scipy.linalg import solveh_banded

from conjac._typing import FloatArray
from conjac.density.spread import Spread
from conjac.tally import Atoms

BINS = 256
BASIS = 50
ORDER = 3
"""Of the differences penalised; densities whose logarithm is a polynomial of lower degree are free."""
REACH = 8.0
"""Spreads from the median beyond which rows are left out."""
ROOM = 0.1
"""Empty bins past the first and last row, as a share of the range."""
FEWEST = 4
"""Distinct margins below which there is no guess."""
RIDGE = 1e-10
ROUNDS = 60
FIRST_STEPS = 30
START = 10.0
FASTER = 1.5
"""Power of Fellner and Schall's steps, which are safe and small: this halves their number."""
SETTLED = 0.03
FREE = 0.05
"""Effective parameters beyond the free ones at which the density is taken as normal."""


@dataclass(frozen=True, eq=False)
class Pilot:
    """A log-density on an interval.

    Attributes
    ----------
    lower, upper : float
        The interval, in units of margin.
    log_density : BSpline
        Logarithm of the weight per unit of margin.
    parameters : float
        Effective number of parameters: 3 for a normal density.
    """

    lower: float
    upper: float
    log_density: BSpline
    parameters: float

    @classmethod
    def of(cls, atoms: Atoms, spread: Spread) -> Pilot | None:
        """Fit one class's margins; None where too few of them differ."""
        weight = atoms.weight.sum(axis=1)
        if np.count_nonzero(weight) < FEWEST:
            return None
        near = (weight > 0) & (np.abs(atoms.position - spread.median) <= REACH * spread.plain_sd)
        if np.count_nonzero(near) < FEWEST:
            return None
        position, weight = atoms.position[near], weight[near]
        room = ROOM * np.ptp(position)
        lower, upper = float(position[0] - room), float(position[-1] + room)
        row = weight.sum() / spread.n
        counts = np.histogram(position, BINS, (lower, upper), weights=weight / row)[0]
        theta, parameters = _penalised(counts)
        width = (upper - lower) / BINS
        knots = lower + (upper - lower) * _knots()
        return cls(lower, upper, BSpline(knots, theta + np.log(row / width), 3), parameters)

    def at(self, margin: FloatArray) -> FloatArray:
        """Return the weight per unit of margin; 0 off the interval."""
        inside = (margin > self.lower) & (margin < self.upper)
        return np.where(inside, np.exp(self.log_density(np.clip(margin, self.lower, self.upper))), 0.0)

    def drift(self, margin: FloatArray) -> FloatArray:
        """Return the derivative of the density's logarithm; 0 off the interval."""
        inside = (margin > self.lower) & (margin < self.upper)
        return np.where(inside, self.log_density(np.clip(margin, self.lower, self.upper), nu=1), 0.0)


def _penalised(counts: FloatArray) -> tuple[FloatArray, float]:
    """Return the coefficients of most restricted likelihood, and the effective number of parameters."""
    basis, products, penalty = _design()
    theta = np.full(BASIS, np.log(counts.mean()))
    smoothing, parameters = START, 1.0
    for round_ in range(ROUNDS):
        for _ in range(FIRST_STEPS if round_ == 0 else 1):
            mean = np.exp(np.clip(basis @ theta, -30.0, 30.0))
            information = products @ mean
            bands = information + smoothing * penalty
            bands[0] += RIDGE
            pull = basis.T @ (counts - mean) - smoothing * _times(penalty, theta)
            step = solveh_banded(bands, pull, lower=True, check_finite=False)
            theta = theta + step * min(1.0, 5.0 / max(float(np.abs(step).max()), RIDGE))
            if np.abs(step).max() < 1e-3:
                break
        inverse = _inverse_bands(bands)
        parameters = _trace(inverse, information)
        rough = max(float(theta @ _times(penalty, theta)), 1e-300)
        wanted = ((BASIS - ORDER) / smoothing - _trace(inverse, penalty)) / rough
        change = float(np.clip(wanted, 0.05, 20.0)) ** FASTER
        smoothing = min(smoothing * change, 1e9)
        if abs(np.log(change)) < SETTLED or parameters - ORDER < FREE:
            break
    return theta, parameters


def _times(bands: FloatArray, vector: FloatArray) -> FloatArray:
    """Multiply a symmetric matrix, given by its diagonal and those below it, with a vector."""
    product = bands[0] * vector
    for d, band in enumerate(bands[1:], start=1):
        product[d:] += band[:-d] * vector[:-d]
        product[:-d] += band[:-d] * vector[d:]
    return np.asarray(product)


def _inverse_bands(bands: FloatArray) -> FloatArray:
    """Return the bands of the inverse of a symmetric positive definite banded matrix."""
    inverse = solveh_banded(bands, np.eye(BASIS), lower=True, check_finite=False)
    return np.stack([np.pad(np.diagonal(inverse, -d), (0, d)) for d in range(len(bands))])


def _trace(left: FloatArray, right: FloatArray) -> float:
    """Return the trace of the product of two symmetric matrices, given by their bands."""
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
