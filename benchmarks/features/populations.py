"""Populations whose slopes by features are known.

Linear: X = hidden @ mixing.T, hidden features independent within each class, of known characteristic functions; so the
margin has a known one too, and its density and distribution at 0 are integrals of it (Gil-Pelaez 1951). Saturated: two
normal features and the log-odds x0 + 2 tanh(x1) - 2; the density along the boundary is integrated over x1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import stats
from scipy.integrate import quad
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

SHARE = 0.3
"""Of the positive class, in every population."""
FAR = 60.0
"""Frequency past which the characteristic function of every margin is less than rounding."""
MEANS = ((0.0, 0.0, 0.0, 0.0), (1.0, 0.8, 0.5, 0.2))
"""Of the hidden features, negative class and positive."""
COEF = np.array([1.2, 0.8, -0.5, 0.3])
INTERCEPT = -1.0
MIXING = np.linalg.cholesky(0.3 ** np.abs(np.subtract.outer(range(4), range(4))))
"""Neighbouring features correlate by .3."""
DESIGN = """\
30 % of rows are positive. Linear: four hidden features, independent in each class, of standard deviation 1 and \
means (0, 0, 0, 0) and (1, .8, .5, .2), mixed so that neighbours correlate by .3 (AR(1)); a LogisticRegression with \
given coefficients (1.2, .8, -.5, .3) and intercept -1 decides at .5. Gaussian: the hidden are normal. Skewed: the \
first two are gamma of shape 1.5, shifted. Bimodal: the first two are equal mixtures of N(±.9, .19). Saturated: \
log-odds x0 + 2 tanh(x1) - 2, normal features of standard deviation 1 and means (-.5, -2) and (.5, 2), decided at \
.5."""


@dataclass(frozen=True)
class Hidden:
    """A feature of mean 0 and standard deviation 1: how it is drawn, and its characteristic function."""

    draw: Callable[[int, np.random.Generator], np.ndarray]
    cf: Callable[[float], complex]


NORMAL = Hidden(lambda n, rng: rng.standard_normal(n), lambda t: np.exp(-(t**2) / 2))
SHAPE = 1.5
GAMMA = Hidden(
    lambda n, rng: (rng.gamma(SHAPE, size=n) - SHAPE) / SHAPE**0.5,
    lambda t: np.exp(-1j * t * SHAPE**0.5) * (1 - 1j * t / SHAPE**0.5) ** -SHAPE,
)
APART = 0.9
BIMODAL = Hidden(
    lambda n, rng: APART * rng.choice([-1, 1], n) + (1 - APART**2) ** 0.5 * rng.standard_normal(n),
    lambda t: np.cos(APART * t) * np.exp(-(1 - APART**2) * t**2 / 2),
)


@dataclass(frozen=True)
class Linear:
    """A linear score of mixed features."""

    name: str
    hidden: tuple[Hidden, ...]

    n_features = 4

    def sample(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        y = (rng.random(n) < SHARE).astype(int)
        hidden = np.column_stack([one.draw(n, rng) for one in self.hidden])
        return (hidden + np.array(MEANS)[y]) @ MIXING.T, y

    @property
    def model(self) -> LogisticRegression:
        model = LogisticRegression()
        model.classes_, model.n_features_in_ = np.array([0, 1]), len(COEF)
        model.coef_, model.intercept_ = COEF[None], np.array([INTERCEPT])
        return model

    def margin(self, X: np.ndarray) -> np.ndarray:
        return X @ COEF + INTERCEPT

    def velocity(self, X: np.ndarray) -> np.ndarray:
        """Return how fast each row's margin moves with each feature, array of shape (n, d)."""
        return np.broadcast_to(COEF, X.shape)

    @cached_property
    def cells(self) -> np.ndarray:
        """Rates of all rows, array of shape (2, 2)."""
        return _cells([0.5 + self._integral(true, lambda t, cf: cf.imag / t) for true in (0, 1)])

    @cached_property
    def slopes(self) -> np.ndarray:
        """Rates by which FP and TP grow with each feature, array of shape (2, d)."""
        density = [self._integral(true, lambda _, cf: cf.real) for true in (0, 1)]
        return np.outer(np.array([1 - SHARE, SHARE]) * density, COEF)

    def _integral(self, true: int, part: Callable) -> float:
        return quad(lambda t: part(t, self._cf(true, t)), 0, FAR, limit=500)[0] / np.pi

    def _cf(self, true: int, t: float) -> complex:
        speeds = COEF @ MIXING
        at = INTERCEPT + speeds @ MEANS[true]
        return np.exp(1j * t * at) * np.prod(
            [one.cf(t * speed) for one, speed in zip(self.hidden, speeds, strict=True)]
        )


@dataclass(frozen=True)
class Saturated:
    """One feature that decides most rows, and hardly moves those near the boundary."""

    name: str = "saturated"

    n_features = 2
    means = ((-0.5, -2.0), (0.5, 2.0))

    def sample(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        y = (rng.random(n) < SHARE).astype(int)
        return rng.standard_normal((n, 2)) + np.array(self.means)[y], y

    @property
    def model(self) -> Any:
        return lambda X: expit(self.margin(X))

    def margin(self, X: np.ndarray) -> np.ndarray:
        return X[:, 0] + 2 * np.tanh(X[:, 1]) - 2

    def velocity(self, X: np.ndarray) -> np.ndarray:
        return np.column_stack([np.ones(len(X)), 2 / np.cosh(X[:, 1]) ** 2])

    @cached_property
    def cells(self) -> np.ndarray:
        return _cells([self._over(c, lambda at: stats.norm.sf(at), lambda _: 1.0) for c in (0, 1)])

    @cached_property
    def slopes(self) -> np.ndarray:
        speeds = (lambda _: 1.0, lambda x: 2 / np.cosh(x) ** 2)
        rates = [[self._over(c, stats.norm.pdf, speed) for speed in speeds] for c in (0, 1)]
        return np.array([[1 - SHARE], [SHARE]]) * rates

    def _over(self, true: int, of_first: Callable, speed: Callable) -> float:
        first, second = self.means[true]

        def integrand(x: float) -> float:
            return stats.norm.pdf(x - second) * of_first(2 - 2 * np.tanh(x) - first) * speed(x)

        return quad(integrand, second - 12, second + 12, limit=500, points=[0.0])[0]


def _cells(positive: list[float]) -> np.ndarray:
    share = np.array([1 - SHARE, SHARE])
    return np.column_stack([share * (1 - np.array(positive)), share * positive])


POPULATIONS = (
    Linear("Gaussian", (NORMAL,) * 4),
    Linear("skewed", (GAMMA, GAMMA, NORMAL, NORMAL)),
    Linear("bimodal", (BIMODAL, BIMODAL, NORMAL, NORMAL)),
    Saturated(),
)
