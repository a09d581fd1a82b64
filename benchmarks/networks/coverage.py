"""Coverage of the intervals of slopes by a model's parameters, dense and pulled, where the truth is known.

    python -m benchmarks.networks.coverage [--sizes 500 1500 5000] [--draws 300] [--workers 2]

Two features, normal or mixtures of normals in each class; models with weights that are given. The truth is the flux of
the population across the boundary, by quadrature on a grid. A figure passes when its coverage, over the parameters and
the cells, lies in [.91, .98]: what 300 draws of one parameter can tell.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

import conjac as cj
from benchmarks.decisions.report import markdown_table, versions
from conjac.errors import ConjacWarning

METHODS = ("dense", "pull")
FIGURES = {2: ("f1", "recall", "matthews_corrcoef"), 3: ("f1_macro", "recall[1]", "matthews_corrcoef")}
GRID = np.linspace(-6.5, 7.5, 1401)
NARROW = 0.04
"""Bandwidth of the quadrature's kernel, four cells of the grid; of fourth order, so that its bias is of order 1e-6."""
ONE, MIXED = 1.0, 0.5
"""Standard deviations of the parts of a class."""


@dataclass(frozen=True)
class Population:
    """Classes that are mixtures of equal parts, and a model whose weights are given.

    Attributes
    ----------
    shares : tuple of float
        Of the classes.
    means : tuple of tuple of pairs
        Of the parts of each class.
    sd : float
        Of each part, in both features.
    layers : tuple of arrays
        Weights (n_inputs, n_outputs) and biases, in turn; tanh between.
    """

    shares: tuple[float, ...]
    means: tuple[tuple[tuple[float, float], ...], ...]
    sd: float
    layers: tuple[np.ndarray, ...]

    def sample(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        y = rng.choice(len(self.shares), n, p=self.shares)
        part = rng.random(n)
        centres = np.array([self.means[c][int(u * len(self.means[c]))] for c, u in zip(y, part, strict=True)])
        return rng.normal(centres, self.sd), y

    @cached_property
    def model(self) -> Any:
        classes = np.arange(len(self.shares))
        if len(self.layers) == 2:
            model: Any = LogisticRegression()
            model.coef_, model.intercept_ = self.layers[0].T, self.layers[1]
        else:
            model = MLPClassifier(activation="tanh")
            model.coefs_, model.intercepts_ = list(self.layers[::2]), list(self.layers[1::2])
            model.n_layers_, model.n_outputs_ = len(self.layers) // 2 + 1, self.layers[-1].size
            model.out_activation_ = "logistic" if len(classes) == 2 else "softmax"
            model._label_binarizer = _Binarizer(classes)
        model.classes_, model.n_features_in_ = classes, 2
        return model

    def flat(self) -> np.ndarray:
        """Return the parameters in conjac's order: weights as scikit-learn keeps them, then biases."""
        weights = [w.T if len(self.layers) == 2 else w for w in self.layers[::2]]
        return np.concatenate([leaf.ravel() for leaf in (*weights, *self.layers[1::2])])

    def scores(self, X: np.ndarray, flat: np.ndarray) -> np.ndarray:
        """Return log-odds of two classes as (0, f), or the outputs of several."""
        kept, place, leaves = self.layers, 0, []
        for leaf in (*kept[::2], *kept[1::2]):
            part = flat[place : place + leaf.size]
            turned = len(kept) == 2 and leaf.ndim == 2
            leaves.append(part.reshape(leaf.shape[::-1]).T if turned else part.reshape(leaf.shape))
            place += leaf.size
        half = len(leaves) // 2
        for number, (weight, bias) in enumerate(zip(leaves[:half], leaves[half:], strict=True)):
            X = X @ weight + bias
            X = np.tanh(X) if number < half - 1 else X
        return np.column_stack([np.zeros(len(X)), X]) if X.shape[1] == 1 else X

    @cached_property
    def truth(self) -> tuple[np.ndarray, np.ndarray]:
        """Rates of the cells, and their slopes, arrays of shape (K, K) and (K, K, n_parameters)."""
        X = np.stack(np.meshgrid(GRID, GRID, indexing="ij"), axis=-1).reshape(-1, 2)
        flat, n = self.flat(), len(self.shares)
        u = self.scores(X, flat)
        rates, slopes = np.zeros((n, n)), np.zeros((n, n, len(flat)))
        ranked = np.sort(u, axis=1)
        near = np.flatnonzero(ranked[:, -1] - ranked[:, -2] < 8 * NARROW)
        at, steps = X[near], 1e-5 * np.eye(len(flat))
        moved = np.stack([(self.scores(at, flat + e) - self.scores(at, flat - e)) / 2e-5 for e in steps], axis=-1)
        for y, means in enumerate(self.means):
            mass = sum(np.exp(-0.5 * ((X - m) ** 2).sum(axis=1) / self.sd**2) for m in means)
            mass *= self.shares[y] / mass.sum()
            rates[y] = np.bincount(u.argmax(axis=1), mass, n)
            for j in range(n):
                for k in range(j + 1, n):
                    m = u[near, k] - u[near, j]
                    others = np.delete(u[near], [j, k], axis=1)
                    inside = (others <= (u[near, j] + u[near, k])[:, None] / 2).all(axis=1)
                    z = m / NARROW
                    kernel = mass[near] * inside * (3 - z**2) / 2 * np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi) / NARROW
                    flux = kernel @ (moved[:, k] - moved[:, j])
                    slopes[y, k] += flux
                    slopes[y, j] -= flux
        return rates, slopes


class _Binarizer:
    """What a perceptron asks for when it predicts."""

    def __init__(self, classes: np.ndarray) -> None:
        self.classes_ = self.y_type_ = classes


def layers(*arrays: Any) -> tuple[np.ndarray, ...]:
    return tuple(np.array(array, dtype=float) for array in arrays)


TWO = (((0.0, 0.0),), ((1.2, 0.8),))
PARTS = (((-0.5, 0.5), (0.6, -0.8)), ((0.4, 1.2), (1.6, -0.3)))
THREE = (((0.0, 0.0), (-0.8, 0.6)), ((1.4, 0.2), (0.8, -0.7)), ((0.1, 1.3), (0.9, 1.5)))
POPULATIONS = {
    "normal": Population((0.7, 0.3), TWO, ONE, layers([[1.1], [0.7]], [-1.6])),
    "mixtures": Population((0.6, 0.4), PARTS, MIXED, layers([[1.6], [1.4]], [-1.9])),
    "perceptron": Population(
        (0.6, 0.4),
        PARTS,
        MIXED,
        layers([[1.5, -0.7, 0.4], [1.0, 0.9, -1.2]], [-0.8, 0.3, 0.1], [[1.6], [1.1], [-1.3]], [-0.6]),
    ),
    "three classes": Population(
        (0.45, 0.3, 0.25), THREE, MIXED, layers([[-1.0, 1.6, 0.1], [-0.9, -0.8, 1.9]], [1.0, -0.5, -0.8])
    ),
}


def one(name: str, n: int, seed: int) -> dict[str, np.ndarray]:
    """Return, for one draw, errors over standard errors, lengths and errors: arrays (4, n_figures, n_parameters)."""
    rng = np.random.default_rng(seed)
    population = POPULATIONS[name]
    X, y = population.sample(n, rng)
    rates, slopes = (n * told for told in population.truth)
    found = {}
    for method in METHODS:
        J = cj.ConfusionJacobian.from_estimator(
            population.model, X, y, output="probabilities", wrt=cj.Parameters(method=method)
        )
        lower, upper = J.confint()
        off = np.s_[:, 1:]
        flat = (-1, slopes.shape[-1])
        told = {"cell": [part[off].reshape(flat) for part in (J.jacobian, J.center, J.stderr, lower, upper, slopes)]}
        for metric in FIGURES[len(rates)]:
            row = cj.metrics.resolve(metric, J.labels)
            known = np.einsum("yk,ykp->p", row.gradient(rates), slopes)
            g = J.of(metric)
            trees = g.gradient, g.center, g.stderr, *g.confint()
            told[metric] = [*(J._learned.structure.flatten(tree)[None] for tree in trees), known[None]]
        for figure, (value, center, stderr, low, high, known) in told.items():
            held = np.where(np.isnan(low), np.nan, (low <= known) & (known <= high))
            found[f"{method}|{figure}"] = np.stack([held, (center - known) / stderr, high - low, value - known])
    return found


def batch(task: tuple[str, int, int, int]) -> list[dict[str, np.ndarray]]:
    warnings.simplefilter("ignore", ConjacWarning)  # what is flagged is counted
    name, n, start, stop = task
    return [one(name, n, seed) for seed in range(start, stop)]


def summary(name: str, n: int, draws: list[dict[str, np.ndarray]]) -> list[dict[str, Any]]:
    rows, length, error = [], {}, {}
    for key in draws[0]:
        method, figure = key.split("|")
        held, z, long, off = np.moveaxis(np.stack([d[key] for d in draws]), 1, 0)
        by_parameter = np.nanmean(held, axis=0)
        length[key], error[key] = np.nanmedian(long, axis=0), np.sqrt(np.nanmean(off**2, axis=0))
        rival = f"dense|{figure}"
        rows.append(
            {
                "population": name,
                "n": n,
                "method": method,
                "figure": figure,
                "coverage": float(np.nanmean(held)),
                "least": float(by_parameter.min()),
                "most": float(by_parameter.max()),
                "z": float(np.sqrt(np.nanmean(z**2))),
                "worst_bias": float(np.abs(np.nanmean(z, axis=0)).max()),
                "without": float(np.isnan(held).mean()),
                "length": float(np.exp(np.mean(np.log(length[key] / length[rival])))),
                "error": float(np.exp(np.mean(np.log(error[key] / error[rival])))),
            }
        )
    return rows


def markdown(rows: list[dict[str, Any]], draws: int) -> str:
    heads = ["population", "n", "method", "figure", "coverage", "least", "most", "rms z", "largest mean z"]
    heads += ["length / dense", "error / dense", "without"]
    lines = [
        [
            r["population"],
            f"{r['n']:,}",
            r["method"],
            r["figure"],
            f"{r['coverage']:.3f}" if 0.91 <= r["coverage"] <= 0.98 else f"**{r['coverage']:.3f}**",
            f"{r['least']:.3f}",
            f"{r['most']:.3f}",
            f"{r['z']:.2f}",
            f"{r['worst_bias']:.2f}",
            f"{r['length']:.2f}",
            f"{r['error']:.2f}",
            f"{r['without']:.1%}",
        ]
        for r in rows
    ]
    named = ", ".join(f"{package} {told}" for package, told in versions(("numpy", "scikit-learn")).items())
    head = (
        f"Coverage of nominal 95 % intervals of slopes by a model's parameters, {draws} draws of n rows; the truth by "
        "quadrature. Mean over cells and parameters; least and most are of single ones. Length and error (root mean "
        "square, of the estimate) over those of the dense method. Without: draws in which no interval was given. Bold: "
        "coverage outside [.91, .98]."
    )
    return f"{head}\n\nVersions: {named}.\n\n{markdown_table(heads, lines)}\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.networks.coverage")
    parser.add_argument("--sizes", nargs="+", type=int, default=[500, 1500, 5000])
    parser.add_argument("--populations", nargs="+", choices=POPULATIONS, default=list(POPULATIONS))
    parser.add_argument("--draws", type=int, default=300)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks"))
    o = parser.parse_args()
    rows, step = [], 10
    with ProcessPoolExecutor(o.workers) as pool:
        for name, n in product(o.populations, o.sizes):
            tasks = [(name, n, start, min(start + step, o.draws)) for start in range(0, o.draws, step)]
            done = track(pool.map(batch, tasks), f"{name}, n = {n}", len(tasks), console=Console(stderr=True))
            rows += summary(name, n, [draw for part in done for draw in part])
    o.output.mkdir(parents=True, exist_ok=True)
    text = markdown(rows, o.draws)
    (o.output / "networks_coverage.md").write_text(text)
    (o.output / "networks_coverage.json").write_text(json.dumps({"draws": o.draws, "found": rows}, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    main()
