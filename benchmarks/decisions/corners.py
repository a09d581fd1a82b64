"""The bias at corners where three labels meet, of two ways to say which rows belong to a facet."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import softmax
from scipy.stats import norm

import conjac as cj
from benchmarks.decisions.population import Normals
from benchmarks.decisions.report import markdown_table, verdict

BANDWIDTHS = (0.4, 0.2, 0.1, 0.05)
STEP = 0.01
FACET = (0, 0, 1)
"""True class, and the two labels."""
POPULATION = Normals(np.full(3, 1 / 3), 0.5 * np.eye(3), np.ones((3, 3)))
HEAD = """Three classes, scores N(.5, 1) for the true label and N(0, 1) for the others, all independent: many rows \
have three scores that are close. The expected kernel estimate (normal kernel) of a facet's flux over its truth, less \
1, by quadrature: rows that belong to the facet where the third score is below the midpoint of the two, or where the \
two are the top two."""


def expected(bandwidth: float, rule: str) -> float:
    """Return the mean of the kernel estimate over the truth, less 1."""
    true, j, k = FACET
    third = 3 - j - k
    mean, deviation = POPULATION.means[true], POPULATION.deviations[true]
    margin = np.arange(-12 * bandwidth, 12 * bandwidth + bandwidth / 80, bandwidth / 40)[:, None]
    middle = np.arange(-12, 12, STEP)
    bar = middle - np.abs(margin) / 2 if rule == "top two" else middle
    both = norm.pdf(middle - margin / 2, mean[j], deviation[j]) * norm.pdf(middle + margin / 2, mean[k], deviation[k])
    weight = norm.pdf(margin, 0, bandwidth) * both * norm.cdf(bar, mean[third], deviation[third])
    truth = -POPULATION.jacobian[FACET] / POPULATION.shares[true]
    return float(weight.sum() * STEP * bandwidth / 40 / truth - 1)


def measure() -> list[dict[str, Any]]:
    return [{"bandwidth": h, **{rule: expected(h, rule) for rule in ("midpoint", "top two")}} for h in BANDWIDTHS]


def ours(n: int, draws: int, seed: int, shown: Any) -> dict[str, Any]:
    """Return what conjac makes of samples at its own bandwidth: the mean relative error over facets, and its error."""
    apart = np.broadcast_to(~np.eye(3, dtype=bool), (3, 3, 3))
    means = []
    for draw in shown(range(draws)):
        y, u = POPULATION.sample(n, np.random.default_rng((seed, draw)))
        slopes = cj.confusion_jacobian(y, softmax(u, axis=1)).jacobian
        means.append(float((slopes[apart] / (n * POPULATION.jacobian[apart]) - 1).mean()))
    stderr = float(np.std(means, ddof=1) / np.sqrt(draws))
    return {"n": n, "draws": draws, "mean": float(np.mean(means)), "stderr": stderr}


def verdicts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    what = "bias of the midpoint rule less than that of the top two at every bandwidth"
    lost = [f"h = {r['bandwidth']:g}" for r in rows if abs(r["midpoint"]) >= abs(r["top two"])]
    orders = [np.log2(a["midpoint"] / b["midpoint"]) for a, b in pairwise(rows)]
    second = "bias of the midpoint rule of second order: at least 1.8 at the last halving"
    told = f"{orders[-1]:.2f}" if orders else ""
    return [
        verdict(what, not lost if rows else None, "", lost),
        verdict(second, orders[-1] >= 1.8 if orders else None, told),
    ]


def markdown(rows: list[dict[str, Any]], own: dict[str, Any] | None) -> str:
    lines = [[f"{r['bandwidth']:g}", f"{r['midpoint']:+.3%}", f"{r['top two']:+.3%}"] for r in rows]
    told = ""
    if own:
        told = f"\n\nconjac at its own bandwidth, {own['draws']} draws of n = {own['n']:,}, mean over facets: "
        told += f"{own['mean']:+.3%} ± {2 * own['stderr']:.3%}."
    return f"{HEAD}\n\n{markdown_table(['bandwidth', 'midpoint', 'top two'], lines)}{told}"
