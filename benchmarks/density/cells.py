"""The cells: score distributions whose density at one cut is known in closed form, and samples of them.

Each cell's rows are one class; so that there is a confusion matrix, the other class is a filler: margins N(cut, 1), in
log-odds or in units of score, on the same lattice if there is one. A smooth cell has 50 rows of it, a lattice as many
as rows of its own, and the cell of 1 % prevalence the other 99 % of n, with log-odds N(-1, 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy import stats
from scipy.special import expit, logit

FILLER = 50
TREES = 100


class Law(Protocol):
    """What scipy's frozen distributions offer."""

    def rvs(self, size: int, random_state: np.random.Generator) -> np.ndarray: ...
    def pdf(self, x: Any) -> Any: ...
    def cdf(self, x: Any) -> Any: ...


@dataclass(frozen=True)
class Mixture:
    """Normal components."""

    share: tuple[float, ...]
    mean: tuple[float, ...]
    sd: tuple[float, ...]

    def rvs(self, size: int, random_state: np.random.Generator) -> np.ndarray:
        which = random_state.choice(len(self.share), size, p=np.array(self.share) / sum(self.share))
        return random_state.normal(np.array(self.mean)[which], np.array(self.sd)[which])

    def pdf(self, x: float) -> float:
        return float(np.average(stats.norm.pdf(x, self.mean, self.sd), weights=self.share))


@dataclass(frozen=True)
class Lattice:
    """Scores k / m: what they are made of log-odds by, and each one's probability."""

    steps: int
    of: Callable[[np.random.Generator, np.ndarray], np.ndarray]
    shares: np.ndarray

    def quotient(self, t: float, half: float) -> float:
        """Return the population's difference quotient over the reported half-width."""
        inside = np.abs(np.arange(self.steps + 1) / self.steps - t) < half
        return float(self.shares[inside].sum() / (2 * half))


@dataclass(frozen=True)
class Cell:
    """One distribution at one cut.

    Attributes
    ----------
    law : Law
        Of the log-odds, of the probabilities or of the raw scores, as ``of`` tells.
    t : float
        The cut, in units of ``coordinate``.
    density : float
        Of the (weighted) scores at t, per unit of ``coordinate``.
    weighted : callable, optional
        From (rng, log-odds) to sampling weights.
    share : float
        Of n rows, those that are the class's.
    """

    name: str
    law: Law
    t: float
    density: float
    of: str = "logit"
    lattice: Lattice | None = None
    weighted: Callable[[np.random.Generator, np.ndarray], np.ndarray] | None = None
    share: float = 1.0

    @property
    def coordinate(self) -> str:
        return "score" if self.of == "score" else "probability"

    def draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the class's scores, and their weights if any."""
        x = self.law.rvs(size=max(1, round(n * self.share)), random_state=rng)
        if self.lattice is not None:
            return self.lattice.of(rng, x), None
        weight = None if self.weighted is None else self.weighted(rng, x)
        return (expit(x) if self.of == "logit" else x), weight

    def filler(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Return the other class's scores."""
        if self.coordinate == "score":
            return rng.normal(self.t, 1, FILLER)
        if self.share < 1:
            return expit(rng.normal(-1, 1, n - round(n * self.share)))
        x = rng.normal(logit(self.t), 1, FILLER if self.lattice is None else n)
        return expit(x) if self.lattice is None else self.lattice.of(rng, x)

    def truth(self, step: float | None) -> float:
        """Return what is estimated: on a lattice the quotient at the reported step, or over one step without one."""
        if self.lattice is None:
            return self.density
        return self.lattice.quotient(self.t, step or 0.5 / self.lattice.steps)


def _on_logits(name: str, law: Law, t: float, **options: Any) -> Cell:
    return Cell(name, law, t, float(law.pdf(logit(t)) / (t * (1 - t))), **options)


def _on_scores(name: str, law: Law, t: float, of: str = "probability") -> Cell:
    return Cell(name, law, t, float(law.pdf(t)), of=of)


def _rounded(law: Law, decimals: int) -> Lattice:
    steps = 10**decimals
    edges = np.clip((np.arange(steps + 2) - 0.5) / steps, 0, 1)
    with np.errstate(divide="ignore"):
        return Lattice(steps, lambda _, x: np.round(expit(x), decimals), np.diff(law.cdf(logit(edges))))


def _forest(mean: float, sd: float) -> Lattice:
    """Return the share of trees that vote for the class, each with the row's probability."""
    node, share = np.polynomial.hermite_e.hermegauss(150)
    votes = stats.binom.pmf(np.arange(TREES + 1)[:, None], TREES, expit(mean + sd * node))
    return Lattice(TREES, lambda rng, x: rng.binomial(TREES, expit(x)) / TREES, votes @ (share / share.sum()))


NORMAL = stats.norm(1, 1)
CLAW = Mixture((5, 1, 1, 1, 1, 1), (0, -1, -0.5, 0, 0.5, 1), (1, 0.1, 0.1, 0.1, 0.1, 0.1))
TILT = 0.5
"""Weights exp(-x / 2) turn log-odds N(1, 1) into N(1/2, 1)."""

CELLS = {
    cell.name: cell
    for cell in (
        _on_logits("normal, near its mode", NORMAL, 0.7),
        _on_logits("normal, at its inflection", NORMAL, 0.5),
        _on_logits("normal, far", NORMAL, 0.2),
        _on_logits("valley", Mixture((1, 1), (-2, 2), (0.7, 0.7)), 0.5),
        _on_logits("saturated N(0, 4)", stats.norm(0, 4), 0.9),
        _on_logits("N(-2, 1.5)", stats.norm(-2, 1.5), 0.5),
        _on_logits("narrow N(0, .05)", stats.norm(0, 0.05), float(expit(0.03))),
        _on_logits("skewed", Mixture((1, 1, 3), (0, 1 / 2, 13 / 12), (1, 2 / 3, 5 / 9)), 0.5),
        _on_logits("claw, peak", CLAW, float(expit(0.5))),
        _on_logits("claw, dip", CLAW, float(expit(0.25))),
        _on_logits("Student t3", stats.t(3), float(expit(1))),
        _on_scores("lognormal, sigma .5", stats.lognorm(0.5), 1.0, "score"),
        _on_scores("lognormal, sigma 1", stats.lognorm(1), 1.0, "score"),
        _on_scores("Beta(1, 8)", stats.beta(1, 8), 0.02),
        _on_scores("Beta(.5, .5)", stats.beta(0.5, 0.5), 0.1),
        _on_scores("uniform", stats.uniform(), 0.5),
        _on_logits("weights at random", NORMAL, 0.5, weighted=lambda rng, x: rng.exponential(size=len(x))),
        Cell(
            "weights by score",
            NORMAL,
            0.5,
            float(stats.norm.pdf(0, 1 - TILT) * 4),
            weighted=lambda _, x: np.exp(-TILT * x),
        ),
        _on_logits("2 decimals", NORMAL, 0.7, lattice=_rounded(NORMAL, 2)),
        _on_logits("3 decimals", NORMAL, 0.7, lattice=_rounded(NORMAL, 3)),
        _on_logits("100 trees", NORMAL, 0.7, lattice=_forest(1, 1)),
        _on_logits("1 % prevalence", NORMAL, 0.5, share=0.01),
    )
}
