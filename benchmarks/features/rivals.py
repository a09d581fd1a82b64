"""What else tells slopes by features: each from rows, a margin and its velocities to (2, d) rates of FP and TP."""

from __future__ import annotations

import numpy as np

WIDTHS = np.geomspace(0.04, 1.6, 25)
"""Bandwidths the oracle may choose from, in standard deviations of the margin in the population."""
NUDGE = 0.1
"""Standard deviations to either side in the difference of empirical distributions."""


def kernel(margin: np.ndarray, velocity: np.ndarray, y: np.ndarray, scale: float) -> np.ndarray:
    """Return the sum over a Gaussian kernel at each of `WIDTHS`, array of shape (n_widths, 2, d)."""
    found = np.empty((len(WIDTHS), 2, velocity.shape[1]))
    for place, h in enumerate(WIDTHS * scale):
        near = np.flatnonzero(np.abs(margin) < 8 * h)
        weight = np.exp(-((margin[near] / h) ** 2) / 2) / (h * np.sqrt(2 * np.pi) * len(y))
        for true in (0, 1):
            found[place, true] = (weight * (y[near] == true)) @ velocity[near]
    return found


def likelihood_ratio(X: np.ndarray, margin: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return slopes by the score of a normal distribution fitted in each class: no row need lie near the boundary.

    The idea of shift gradients (Thams, Oberst & Sontag 2022, NeurIPS): under a shift of the mean, the derivative of an
    expectation is its product with the score.
    """
    found = np.empty((2, X.shape[1]))
    for true in (0, 1):
        own = X[y == true]
        score = np.linalg.solve(np.cov(own.T), (own - own.mean(axis=0)).T)
        found[true] = score @ (margin[y == true] >= 0) / len(y)
    return found


def differences(margin_of, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the difference quotient of empirical distributions: rows recounted .1 sd up and down."""
    found = np.empty((2, X.shape[1]))
    for j, step in enumerate(NUDGE * X.std(axis=0)):
        moved = X.copy()
        sides = []
        for by in (-step, step):
            moved[:, j] = X[:, j] + by
            sides.append(np.bincount(y[margin_of(moved) >= 0], minlength=2))
        found[:, j] = (sides[1] - sides[0]) / (2 * step * len(y))
    return found
