"""A population whose slopes are known: in each class, the scores of the K labels are independent normals.

The rule is the argmax of the scores. On the facet of j and k both have the common value s and the others lie below,
so that the density of the margin u_k - u_j at 0 is the integral of f_j(s) f_k(s) prod_l F_l(s) over s, l other than
j and k. The integrand is analytic and falls like a normal: the trapezoid rule on an even grid is exact to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import log_ndtr

from benchmarks.decisions.report import verdict

STEP = 0.02
CHUNK = 250_000
NUDGE = 0.01
"""Offset to either side in the streamed difference quotient; its bias is of the order of the square."""
LEAST = 30


@dataclass(frozen=True)
class Normals:
    """Shares of the classes, and means and standard deviations of scores, arrays of shape (true class, label)."""

    shares: np.ndarray
    means: np.ndarray
    deviations: np.ndarray

    @classmethod
    def of(cls, classes: int, rarest: float = 0.1) -> Normals:
        """Return a population with uneven classes: those of every run."""
        rng = np.random.default_rng(classes)
        shares = np.geomspace(1, rarest, classes)
        means = rng.normal(0, 0.5, (classes, classes)) + 1.8 * np.eye(classes)
        return cls(shares / shares.sum(), means, rng.uniform(0.7, 1.3, (classes, classes)))

    def sample(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return labels and scores, arrays of shape (n,) and (n, K)."""
        y = rng.choice(len(self.shares), n, p=self.shares)
        u = rng.standard_normal((n, len(self.shares)))
        u *= self.deviations[y]
        u += self.means[y]
        return y, u

    @cached_property
    def jacobian(self) -> np.ndarray:
        """Slope of each cell's share of all rows in each offset, array of shape (K, K, K)."""
        return self._slopes(STEP)

    @cached_property
    def error(self) -> float:
        """Largest error of a slope: what half the step changes, or by how much the shares of all cells miss 1."""
        halved = np.abs(self._slopes(STEP / 2) - self.jacobian).max()
        density, log_below, others = self._parts(STEP)
        total = (np.exp(density - log_below + others).sum(axis=(1, 2)) * STEP - 1) @ self.shares
        return float(max(halved, abs(total), np.finfo(float).eps))

    def _slopes(self, step: float) -> np.ndarray:
        density, log_below, below = self._parts(step)
        part = np.exp(density - log_below + below / 2)  # of j; the product of two is the integrand
        facets = np.einsum("y,yjs,yks->yjk", self.shares * step, part, part)
        places = np.arange(len(self.shares))
        facets[:, places, places] = 0
        slopes = -facets
        slopes[:, places, places] = facets.sum(axis=1)
        return slopes

    def _parts(self, step: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return log densities, log distribution functions and their sum over labels, on a grid of common values."""
        reach = 12 * self.deviations.max()
        grid = np.arange(self.means.min() - reach, self.means.max() + reach, step)
        z = (grid - self.means[..., None]) / self.deviations[..., None]
        log_below = log_ndtr(z)
        density = -(z**2) / 2 - np.log(self.deviations * np.sqrt(2 * np.pi))[..., None]
        return density, log_below, log_below.sum(axis=1, keepdims=True)


def stream(population: Normals, rows: int, seed: int, shown: Callable[..., Iterable[int]]) -> dict[str, Any]:
    """Check the quadrature: recount many rows with each offset a little up and a little down, the same rows for both.

    A row moves between l and the best other label where the two differ by less than the nudge.
    """
    rng, classes = np.random.default_rng(seed), len(population.shares)
    moved, done = np.zeros(classes**3), 0
    for _ in shown(range(-(-rows // CHUNK))):
        y, u = population.sample(CHUNK, rng)
        done += CHUNK
        order = np.argpartition(u, classes - 2, axis=1)[:, -2:]
        top, second = order[:, 1], order[:, 0]
        at = np.arange(CHUNK)
        for label in range(classes):
            other = np.where(top == label, second, top)
            near = np.abs(u[:, label] - u[at, other]) < NUDGE
            place = (y[near] * classes + other[near]) * classes + label
            moved += np.bincount(place, minlength=classes**3)
    counts = moved.reshape(classes, classes, classes)
    seen, truth = counts / (2 * NUDGE * done), -population.jacobian
    told = counts >= LEAST
    z = (seen - truth)[told] / (np.sqrt(counts[told]) / (2 * NUDGE * done))
    largest = float(np.abs((seen - truth) / np.where(told, truth, np.inf)).max())
    found = {"rows": done, "nudge": NUDGE, "cells": int(told.sum()), "largest": largest}
    return found | {"mean_z": float(z.mean()), "rms_z": float(np.sqrt(np.mean(z**2))), "max_z": float(np.abs(z).max())}


def stream_verdict(found: dict[str, Any] | None) -> dict[str, Any]:
    what = "quadrature against the streamed difference quotient: root mean square of z in [.9, 1.1]"
    return verdict(what, found and 0.9 <= found["rms_z"] <= 1.1, f"{found['rms_z']:.3f}" if found else "")
