"""Coverage of the recount's intervals for forests and boosted trees, and how good its steps are.

    python -m benchmarks.features.forest [--draws 1000] [--population 10000000] [--sizes 2000 20000] [--models forest]

from the root of the repository. Six columns, one of whole numbers; the model is fitted once and stays. The truth is the
difference quotient at each step that any draw takes, over rows that are streamed; its own error is told beside it.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
from collections import Counter
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from conjac import metrics
from conjac.engines.outcomes import Outcomes
from conjac.engines.recount import Drift, recounted
from conjac.inference import quantile
from conjac.inputs import Inputs
from conjac.inputs.lattice import lattice_of

CHUNK = 100_000
UNITS = np.array([1.0, 1.0, 1.0, 1.0, 8**0.5, 2.0])
"""Standard deviations of the population's columns, taken as known."""
METRICS = ("recall", "precision", "f1")
MODELS = {
    "forest": RandomForestClassifier(50, max_depth=8, random_state=0, n_jobs=1),
    "boosting": HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=15, random_state=0),
}


def drawn(n, rng):
    """Draw rows: normal columns, one of whole numbers, one with long tails, and labels of them all."""
    X = rng.normal(size=(n, 6))
    X[:, 1] = 0.6 * X[:, 0] + 0.8 * X[:, 1]
    X[:, 4] = rng.poisson(8, n)
    X[:, 5] = rng.standard_t(8 / 3, n) * 1.0
    m = X[:, 0] + np.sin(2 * X[:, 1]) + 0.5 * X[:, 2] * X[:, 0] + (X[:, 4] - 8) / 4 + 0.3 * np.tanh(X[:, 5]) - 1
    return X, (rng.random(n) < 1 / (1 + np.exp(-1.5 * m))).astype(int)


@dataclass
class Population:
    """Figures of a model for rates: cells, and the quotients at each step of each column."""

    cells: np.ndarray
    quotients: dict[tuple[int, float], np.ndarray]
    flips: dict[tuple[int, float], float]
    n: int


def fitted(name):
    """Return a fitted model's decision, from rows to the places of predicted classes."""
    model = MODELS[name].fit(*drawn(20_000, np.random.default_rng(1)))
    return lambda rows: (model.predict_proba(rows)[:, 1] >= 0.5).astype(int)


def population(name, predict, steps, n, rng):
    """Stream rows through a model, as they stand and with each column moved by each of some steps."""
    cells, quotients = np.zeros((2, 2)), {key: np.zeros((2, 2)) for key in sorted(steps)}
    flips = dict.fromkeys(sorted(steps), 0.0)
    for _ in track(range(n // CHUNK), description=f"{name}: population"):
        X, y = drawn(CHUNK, rng)
        np.add.at(cells, (y, predict(X)), 1 / n)
        for j, step in quotients:
            kept = X[:, j].copy()
            sides = []
            for by in (-step, step):
                X[:, j] = kept + by
                sides.append(predict(X))
                np.add.at(quotients[j, step], (y, sides[-1]), np.sign(by) * UNITS[j] / (2 * step * n))
            flips[j, step] += (sides[0] != sides[1]).sum() / n
            X[:, j] = kept
    return Population(cells, quotients, flips, n)


def draw(predict, n, rng):
    """Return the recount of one draw of rows."""
    X, y = drawn(n, rng)
    outcomes = Outcomes(2, y, predict(X), None, None)
    drifts = [Drift(j, f"x{j}", UNITS[j], lattice_of(X[:, j])) for j in range(6)]
    return recounted(predict, Inputs.of(X), outcomes, drifts)


def judged(motion, truth, n):
    """Return z of one draw's figures (nan where there is no interval), its steps and what it tells of their bias."""
    exact = np.stack([truth.quotients[j, float(step)] for j, step in enumerate(motion.steps)])
    slopes = motion.slopes(None)
    z = {"cell": (slopes.center - n * exact) / slopes.stderr}
    for name in METRICS:
        row = metrics.resolve(name, labels=(0, 1))
        told = motion.metric_slope(row)
        z[name] = (told.center - row.slope(truth.cells, exact)) / told.stderr
    return z, motion.steps, motion.bias[:, 1, 1] / n


def run(name, sizes, draws, n_streamed):
    """Return the truth, and what each draw tells, by size."""
    predict = fitted(name)
    motions = {}
    for n in sizes:
        rng = np.random.default_rng(n)
        motions[n] = [draw(predict, n, rng) for _ in track(range(draws), description=f"{name}: {n}")]
    steps = {(j, float(step)) for told in motions.values() for one in told for j, step in enumerate(one.steps)}
    truth = population(name, predict, steps, n_streamed, np.random.default_rng(2))
    return truth, {n: [judged(one, truth, n) for one in told] for n, told in motions.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--population", type=int, default=10_000_000)
    parser.add_argument("--sizes", type=int, nargs="*", default=[2_000, 20_000])
    parser.add_argument("--models", nargs="*", default=sorted(MODELS))
    arguments = parser.parse_args()
    console = Console(width=150)
    for name in arguments.models:
        truth, told = run(name, arguments.sizes, arguments.draws, arguments.population)
        for n, found in told.items():
            report(console, f"{name}, n = {n}, {arguments.draws} draws", truth, n, found)


def report(console, title, truth, n, found):
    """Print coverage by figure, and by column its steps and how they compare with the best of them."""
    limit = quantile(0.95)
    table = Table("figure", "intervals", "within 95 %", "z: mean", "z: sd", title=title)
    for figure in ("cell", *METRICS):
        z = np.stack([zs[figure] for zs, _, _ in found])
        seen = z[np.isfinite(z)]
        table.add_row(
            figure, str(seen.size), f"{(abs(seen) <= limit).mean():.4f}", f"{seen.mean():+.3f}", f"{seen.std():.3f}"
        )
    console.print(table)
    table = Table(
        "column", "truth: TP per sd by step", "its error", "taken", "error / best", "bias told", "bias", "95 % (TP)"
    )
    for j in range(6):
        tried = sorted(step for column, step in truth.quotients if column == j)
        limit_slope = truth.quotients[j, tried[0]][1, 1]
        flips = np.array([truth.flips[j, step] for step in tried])
        slope = np.array([truth.quotients[j, step][1, 1] for step in tried])
        speed = UNITS[j] / (2 * np.array(tried))
        taken = Counter(float(steps[j]) for _, steps, _ in found)
        error = np.sqrt((slope - limit_slope) ** 2 + flips * speed**2 / n)  # of all rows that turn, as a scale
        share = np.array([taken[step] for step in tried]) / len(found)
        bias = np.array(
            [(bias[j], truth.quotients[j, float(steps[j])][1, 1] - limit_slope) for _, steps, bias in found]
        )
        z = np.stack([zs["cell"][j, 1, 1] for zs, _, _ in found])
        table.add_row(
            f"x{j}",
            ", ".join(f"{step:g}: {s:.4f}" for step, s in zip(tried, slope, strict=True)),
            f"{(np.sqrt(flips / truth.n) * speed)[-1]:.5f}",
            ", ".join(f"{step:g}: {s:.0%}" for step, s in zip(tried, share, strict=True)),
            f"{(share * error).sum() / error.min():.2f}",
            f"{bias[:, 0].mean():+.4f} ({bias[:, 0].std():.4f})",
            f"{bias[:, 1].mean():+.4f}",
            f"{(abs(z[np.isfinite(z)]) <= limit).mean():.3f}",
        )
    console.print(table)


if __name__ == "__main__":
    main()
