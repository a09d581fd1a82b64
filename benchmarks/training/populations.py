"""Populations whose confusion matrix under any linear classifier is known.

Two classes: the features of `benchmarks.features.populations`, hidden and mixed, so that a margin has a known
characteristic function and its distribution at 0 is an integral of it (Gil-Pelaez 1951). Three: normal classes, whose
differences of scores are normal in the plane; one coordinate is integrated in closed form, the other by quadrature.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import quad
from scipy.stats import norm

from benchmarks.features.populations import BIMODAL, FAR, GAMMA, MEANS, MIXING, NORMAL, Hidden

SHARE = 0.3
"""Of the positive class."""
SHARES = np.array([0.5, 0.3, 0.2])
"""Of three classes."""
CENTRES = 1.2 * np.array([[0, 0, 0, 0], [1, 0.6, 0, 0.3], [0.2, 1, 0.8, 0]])
DESIGN = """\
Two classes, 30 % positive: four hidden features, independent in each class, of standard deviation 1 and means \
(0, 0, 0, 0) and (1, .8, .5, .2), mixed so that neighbours correlate by .3 (AR(1)). Gaussian: the hidden are normal. \
Skewed: the first two are gamma of shape 1.5, shifted. Bimodal: the first two are equal mixtures of N(±.9, .19). \
Three classes, 50, 30 and 20 %: normal, of the same covariance, in four features."""


@dataclass(frozen=True)
class Two:
    """Two classes, by the hidden features that are mixed."""

    name: str
    hidden: tuple[Hidden, ...]

    shares = np.array([1 - SHARE, SHARE])

    def sample(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        y = (rng.random(n) < SHARE).astype(int)
        hidden = np.column_stack([one.draw(n, rng) for one in self.hidden])
        return (hidden + np.array(MEANS)[y]) @ MIXING.T, y

    def cells(self, model: Any) -> np.ndarray:
        """Return rates of all rows under a binary linear classifier, array of shape (2, 2)."""
        speeds, intercept = model.coef_[0] @ MIXING, float(model.intercept_[0])
        positive = np.array([self._positive(speeds, intercept + speeds @ mean) for mean in MEANS])
        return self.shares[:, None] * np.column_stack([1 - positive, positive])

    def _positive(self, speeds: np.ndarray, at: float) -> float:
        if all(one is NORMAL for one in self.hidden):
            return float(norm.cdf(at / np.linalg.norm(speeds)))

        def integrand(t: float) -> float:
            parts = [one.cf(t * speed) for one, speed in zip(self.hidden, speeds, strict=True)]
            return (np.exp(1j * t * at) * np.prod(parts)).imag / t

        return 0.5 + quad(integrand, 0, FAR, limit=800, epsabs=1e-13, epsrel=1e-12)[0] / np.pi


@dataclass(frozen=True)
class Three:
    """Three normal classes of one covariance."""

    name: str = "three classes"

    shares = SHARES

    def sample(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        y = rng.choice(3, n, p=SHARES)
        return (rng.standard_normal((n, 4)) + CENTRES[y]) @ MIXING.T, y

    def cells(self, model: Any) -> np.ndarray:
        """Return rates of all rows under a linear classifier of three classes, array of shape (3, 3)."""
        speeds = model.coef_ @ MIXING
        found = np.empty((3, 3))
        for true, centre in enumerate(CENTRES):
            at = speeds @ centre + model.intercept_
            for told in range(3):
                others = [k for k in range(3) if k != told]
                found[true, told] = orthant(at[told] - at[others], speeds[told] - speeds[others])
        return self.shares[:, None] * found


def orthant(mean: np.ndarray, root: np.ndarray) -> float:
    """Return the probability that both of two normal variables are positive.

    Parameters
    ----------
    mean : array of shape (2,)
    root : array of shape (2, d)
        Times its transpose, their covariance.
    """
    sd = np.linalg.norm(root, axis=1)
    r = root[0] @ root[1] / sd.prod()
    first, second = mean / sd

    def integrand(x: float) -> float:
        return norm.pdf(x) * norm.cdf((second + r * x) / np.sqrt(1 - r**2))

    return quad(integrand, -first, max(-first, 0) + 12, limit=400, epsabs=1e-13, epsrel=1e-12)[0]


POPULATIONS: tuple[Two | Three, ...] = (
    Two("Gaussian", (NORMAL,) * 4),
    Two("skewed", (GAMMA, GAMMA, NORMAL, NORMAL)),
    Two("bimodal", (BIMODAL, BIMODAL, NORMAL, NORMAL)),
    Three(),
)
