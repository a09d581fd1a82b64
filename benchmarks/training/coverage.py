"""How often intervals of slopes by hyper-parameters hold the truth, and how near the slopes come to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

import conjac as cj
from benchmarks.decisions.report import markdown_table, verdict
from benchmarks.features.flux import COVERS
from benchmarks.training.populations import DESIGN, POPULATIONS, Three, Two
from benchmarks.training.refits import refitted
from conjac import metrics
from conjac.inference import quantile, wilson

Row = dict[str, Any]
TRAINING = 400
STRENGTH = 0.1
ASKED = 20_000
"""Test rows of the draws that what was asked is judged by."""
FIGURES = {2: ("recall", "precision", "f1"), 3: ("recall[2]", "precision[2]", "f1_macro")}
HEAD = f"""\
{DESIGN} A LogisticRegression(C={STRENGTH:g}) is fitted once on {TRAINING} rows and stays; each draw is a new set of \
test rows. Slopes by log C and by the log of the last class's weight: of every cell, and of recall, precision and F1 \
(of three classes: the third's, and macro-F1). The truth is the closed form of the population's matrix at models \
refitted on either side (Newton's method, tol 1e-12, Richardson's rule; its own error is in the table), which uses \
nothing of conjac. "error": root mean square error of the estimate over the truth's size, the largest of the figures \
whose truth is at least a tenth of the largest."""


def fitted(X: np.ndarray, y: np.ndarray, lever: str = "", by: float = 0.0) -> LogisticRegression:
    """Fit the model, with a hyper-parameter moved by a step of its logarithm."""
    C = STRENGTH * np.exp(by if lever == "C" else 0)
    weights = {k: np.exp(by) if lever == f"class_weight[{k}]" else 1.0 for k in range(int(y.max()) + 1)}
    return LogisticRegression(C=C, class_weight=weights, solver="newton-cholesky", tol=1e-12).fit(X, y)


def truths(population: Two | Three, X: np.ndarray, y: np.ndarray, levers: tuple[str, ...]) -> tuple[dict, float]:
    """Return the population's slopes of cells and metrics by each lever, and how accurately they are known."""
    cells = population.cells(fitted(X, y))
    moved = [refitted(lambda by, lever=lever: population.cells(fitted(X, y, lever, by))) for lever in levers]
    slopes = np.stack([one.value for one in moved])
    found = {"cells": np.moveaxis(slopes, 0, -1)}
    labels = tuple(range(len(cells)))
    for name in FIGURES[len(cells)]:
        found[name] = metrics.resolve(name, labels=labels).slope(cells, slopes)
    return found, max(one.error for one in moved)


def measure(population: Two | Three, n: int, draws: int, seed: int, shown: Callable[[Iterable], Iterable]) -> Row:
    """Return coverage, z and error of each kind of figure over draws of n test rows."""
    X, y = population.sample(TRAINING, np.random.default_rng(seed))
    model, levers = fitted(X, y), ("C", f"class_weight[{len(population.shares) - 1}]")
    truth, error = truths(population, X, y, levers)
    told: dict[str, list[np.ndarray]] = {figure: [] for figure in truth}
    for draw in shown(range(draws)):
        X_test, y_test = population.sample(n, np.random.default_rng((seed, n, draw)))
        J = cj.ConfusionJacobian.from_estimator(
            model, X_test, y_test, wrt=cj.Hyperparameters(*levers), training_data=(X, y)
        )
        told["cells"].append(np.stack([J.jacobian, J.center, J.stderr]) / n)
        for name in FIGURES[len(population.shares)]:
            slope = J.of(name)
            told[name].append(np.stack([slope.gradient, slope.center, slope.stderr]))
    parts = {figure: _judged(np.stack(each), truth[figure], draws) for figure, each in told.items()}
    return {"population": population.name, "n": n, "draws": draws, "truth_error": error, "figures": parts}


def _judged(told: np.ndarray, truth: np.ndarray, draws: int) -> Row:
    """Return coverage, root mean square z and relative error, over figures and of the worst."""
    if truth.ndim == 3 and len(truth) == 2:  # of a class's two cells one is less the other
        told, truth = told[:, :, :, 1], truth[:, 1]
    value, center, stderr = np.moveaxis(told, 1, 0).reshape(3, draws, -1)
    truth = truth.ravel()
    z = (center - truth) / stderr
    held = np.where(np.isnan(z), np.nan, np.abs(z) <= quantile(0.95))
    sized = np.abs(truth) >= np.abs(truth).max() / 10
    off = np.sqrt(np.mean((value - truth) ** 2, axis=0))[sized] / np.abs(truth[sized])
    return {
        "coverage": float(np.nanmean(held)),
        "each": np.nanmean(held, axis=0).tolist(),
        "z": float(np.sqrt(np.nanmean(z**2))),
        "error": float(off.max()),
        "without": float(np.isnan(z).mean()),
    }


def _covers(share: float, draws: int) -> bool:
    """Tell whether the 99 % Wilson interval of the share meets `COVERS`."""
    lower, upper = wilson(share, np.sqrt(share * (1 - share) / draws), draws, quantile(0.99))
    return bool(lower <= COVERS[1] and upper >= COVERS[0])


def run(sizes: list[int], draws: int, seed: int, shown: Any) -> list[Row]:
    """Measure every population; all draws at the size that is asked for, a tenth at larger ones, a quarter else."""
    found = []
    for n in sizes:
        some = draws if n == ASKED else max(2, draws // (10 if n > ASKED else 4))
        found += [measure(one, n, some, seed, shown(f"coverage: {one.name}, {n:,}")) for one in POPULATIONS]
    return found


def verdicts(rows: list[Row]) -> list[Row]:
    here = [r for r in rows if r["n"] == ASKED]
    shares = {
        (f"{r['population']}, {figure}", place, r["draws"]): share
        for r in here
        for figure, part in r["figures"].items()
        for place, share in enumerate(part["each"])
    }
    lost = [
        f"{what} ({place}): {share:.4f}" for (what, place, draws), share in shares.items() if not _covers(share, draws)
    ]
    what = f"{ASKED:,} test rows: coverage of 95 % intervals of every slope meets [.93, .97], cells and metrics"
    return [verdict(what, not lost if here else None, f"missed in {len(lost)} of {len(shares)} slopes", lost)]


def markdown(rows: list[Row]) -> str:
    heads = [
        "population",
        "test rows",
        "draws",
        "figure",
        "coverage",
        "least",
        "most",
        "z: rms",
        "error",
        "truth's own",
    ]
    lines = [
        [r["population"], f"{r['n']:,}", f"{r['draws']:,}", figure]
        + [f"{share:.4f}" for share in (part["coverage"], min(part["each"]), max(part["each"]))]
        + [f"{part['z']:.3f}", f"{part['error']:.1%}", f"{r['truth_error']:.0e}"]
        for r in rows
        for figure, part in r["figures"].items()
    ]
    without = max((part["without"] for r in rows for part in r["figures"].values()), default=0)
    told = f"Slopes without an interval, for want of rows, are not counted: at most {without:.1%} of any line."
    return "\n\n".join([HEAD, markdown_table(heads, lines), told])
