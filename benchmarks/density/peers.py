"""The peers: adapters from scores, a cut and an input scale to an estimate and, where the tool has one, an interval.

Tools that estimate densities are given the scores as they are and, of probabilities, their log-odds, with the change of
variables; a tool then counts with the better of its inputs, cell by cell. Each runs as its authors set it up, but for:
scikit-learn's rule "silverman", which ignores the scale of the scores (it is given Silverman's .9 min(sd, IQR / 1.34)
n^(-1/5) instead), and for the grids of KDEpy and arviz-stats, made finer than by default.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np
from scipy import stats
from scipy.special import logit

STEP = 0.01
GRID = 2**12
EDGE = 1e-12
NORMAL_95 = stats.norm.ppf(0.975)
NONE = (np.nan, np.nan, np.nan)
INPUTS: dict[str, tuple[Callable, Callable]] = {
    "raw": (np.asarray, lambda _: 1.0),
    "logit": (lambda p: logit(np.clip(p, EDGE, 1 - EDGE)), lambda t: 1 / (t * (1 - t))),
}
"""From probabilities to what the tool sees, and the derivative of that."""
Estimator = Callable[[np.ndarray, float, np.ndarray | None], tuple[float, ...]]


@dataclass(frozen=True)
class Peer:
    """One tool.

    Attributes
    ----------
    estimate : callable
        From (scores, t, weight or None) to the estimate, and the interval's limits if there is one.
    package, module : str
        What must be installed, as pip and as Python call it; empty where nothing must.
    weighted : bool
        Whether it takes weights.
    slow : bool
        More than a tenth of a second a point at n = 50k: gets fewer replications.
    """

    name: str
    estimate: Estimator
    package: str
    module: str
    inputs: tuple[str, ...] = ("raw", "logit")
    weighted: bool = True
    slow: bool = False

    @property
    def version(self) -> str | None:
        """Version installed, empty where nothing must be; None where it is not."""
        if not self.package:
            return ""
        return version(self.package) if find_spec(self.module) else None

    def keys(self, coordinate: str, weighted: bool) -> list[tuple[str, str]]:
        """Return the (name, input) with which it enters a cell."""
        if weighted and not self.weighted:
            return []
        return [(self.name, scale) for scale in self.inputs if coordinate == "probability" or scale == "raw"]

    def run(self, scale: str, score: np.ndarray, t: float, weight: np.ndarray | None) -> tuple[float, float, float]:
        """Return estimate, lower and upper limit, per unit of score; nan where the tool fails."""
        forward, slope = INPUTS[scale]
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                found = np.array(self.estimate(forward(score), float(forward(t)), weight), dtype=float) * slope(t)
        except Exception:  # whatever a tool raises on a hard sample is its failure, which the table counts
            return NONE
        return (*found, *NONE)[:3]


def fixed_step(score: np.ndarray, t: float, weight: np.ndarray | None) -> tuple[float, ...]:
    inside = (score >= t - STEP) & (score < t + STEP)
    return (np.average(inside, weights=weight) / (2 * STEP),)


def jacobi(score: np.ndarray, t: float, weight: np.ndarray | None) -> tuple[float, ...]:
    from jacobi import jacobi as derivative

    slope, error = derivative(lambda cut: np.average(score < cut, weights=weight), t)
    return slope, slope - NORMAL_95 * error, slope + NORMAL_95 * error


def scipy_kde(score: np.ndarray, t: float, weight: np.ndarray | None) -> tuple[float, ...]:
    return (stats.gaussian_kde(score, "silverman", weights=weight)(t)[0],)


def sklearn_kde(score: np.ndarray, t: float, weight: np.ndarray | None) -> tuple[float, ...]:
    from sklearn.neighbors import KernelDensity

    how = "linear" if weight is None else "inverted_cdf"
    low, high = np.quantile(score, [0.25, 0.75], weights=weight, method=how)
    sd = np.sqrt(np.cov(score, aweights=weight))
    n = len(score) if weight is None else weight.sum() ** 2 / (weight**2).sum()
    kde = KernelDensity(bandwidth=0.9 * min(sd, (high - low) / 1.34) * n**-0.2)
    kde.fit(score[:, None], sample_weight=weight)
    return (np.exp(kde.score_samples([[t]])[0]),)


def kdepy_isj(score: np.ndarray, t: float, weight: np.ndarray | None) -> tuple[float, ...]:
    from KDEpy import FFTKDE

    grid, density = FFTKDE(bw="ISJ").fit(score, weight).evaluate(GRID)
    return (np.interp(t, grid, density),)


def arviz_isj(score: np.ndarray, t: float, weight: np.ndarray | None) -> tuple[float, ...]:
    from arviz_stats.base import array_stats

    del weight
    grid, density, _ = array_stats.kde(score, bw="isj", grid_len=GRID)
    return (np.interp(t, grid, density, left=0, right=0),)


def local_polynomial(score: np.ndarray, t: float, weight: np.ndarray | None) -> tuple[float, ...]:
    from lpdensity import lpdensity

    found = lpdensity(score, grid=[t], Pweights=weight).Estimate.iloc[0]
    half = NORMAL_95 * found["se_q"]
    return found["f_p"], found["f_q"] - half, found["f_q"] + half


PEERS = {
    peer.name: peer
    for peer in (
        Peer("lpdensity", local_polynomial, "lpdensity", "lpdensity", slow=True),
        Peer("step of .01", fixed_step, "", "", ("raw",)),
        Peer("jacobi", jacobi, "jacobi", "jacobi", ("raw",)),
        Peer("scipy", scipy_kde, "scipy", "scipy"),
        Peer("scikit-learn", sklearn_kde, "scikit-learn", "sklearn"),
        Peer("KDEpy", kdepy_isj, "KDEpy", "KDEpy"),
        Peer("arviz-stats", arviz_isj, "arviz-stats", "arviz_stats", weighted=False),
    )
}
