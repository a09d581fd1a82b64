"""Classifiers whose refits have answers in closed form: a cut whose place is a hyper-parameter."""

import os
from functools import cache

import numpy as np
from scipy.stats import norm
from sklearn.base import BaseEstimator, ClassifierMixin

APART = 1.0
"""Rows of the two classes are N(-1, 1) and N(1, 1), half of them each."""


class Cut(ClassifierMixin, BaseEstimator):
    """Predicts 1 above the logarithm of ``level``; draws nothing. Each fit adds a line to ``record``."""

    def __init__(self, level=1.0, record=None, refuse_above=np.inf):
        self.level = level
        self.record = record
        self.refuse_above = refuse_above

    def fit(self, X, y):
        self.n_features_in_ = X.shape[1]
        if self.level > self.refuse_above:
            raise ValueError("level is too high for me")
        if self.record is not None:
            with open(self.record, "a") as file:
                file.write(f"{self.level} {os.getpid()}\n")
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        above = self.scores(X) > 0
        return np.column_stack([~above, above]).astype(float)

    def scores(self, X):
        return np.asarray(X)[:, 0] - np.log(self.level)


class NoisyCut(Cut):
    """A cut that moves 1 + ``spread`` Z as fast, with rows jittered; Z and the jitter are the seed's."""

    def __init__(self, level=1.0, spread=0.5, jitter=0.0, random_state=None, record=None, refuse_above=np.inf):
        super().__init__(level, record, refuse_above)
        self.spread = spread
        self.jitter = jitter
        self.random_state = random_state

    def scores(self, X):
        rng = np.random.default_rng(self.random_state)
        slope = 1 + self.spread * rng.normal()
        return np.asarray(X)[:, 0] + self.jitter * rng.normal(size=len(X)) - slope * np.log(self.level)


def draw(rng, n):
    """Return rows and labels."""
    y = rng.integers(0, 2, n)
    y[:2] = 0, 1
    return rng.normal((2 * y - 1) * APART)[:, None], y


@cache
def quotient(half, at=0.0, spread=0.0, jitter=0.0):
    """Return the population's difference quotient of the shares of all rows, array of shape (2, 2)."""
    z, weight = np.polynomial.hermite_e.hermegauss(60)
    slope, sd = 1 + spread * z, np.hypot(1, jitter)
    found = np.zeros((2, 2))
    for true, mean in enumerate((-APART, APART)):
        below = (norm.cdf(slope * (at + half), mean, sd) - norm.cdf(slope * (at - half), mean, sd)) @ weight
        found[true] = np.array([1, -1]) * 0.5 * below / weight.sum() / (2 * half)
    return found
