"""Seconds of the derivative by hyper-parameters, beside refits.

    OMP_NUM_THREADS=2 python -m benchmarks.training.cost [--quick]

writes what it found as JSON. The threads are those of linear algebra, for all alike; so it is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
from scipy import linalg
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

import conjac as cj
from benchmarks.decisions.report import markdown_table, verdict
from conjac.objectives import Fitted, curvature_of, mixed
from conjac.validation import check_training

Row = dict[str, Any]
THREADS = "2"
TURNS = 5
STEP = 0.15
"""Of refits, in the logarithm."""
ENOUGH = 1e-2
"""Relative error that refits may have."""
LADDER = (1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10)
"""Tolerances that are tried, from the loosest."""
SOLVERS = {2: ("newton-cholesky", "newton-cg", "lbfgs"), 9: ("newton-cg", "lbfgs")}
"""By the number of classes; for nine, one Hessian of newton-cholesky takes longer than all refits of the others."""
SLOWEST = 4.0
"""How many times as long as the fastest pair that was found so far a rung may take before its solver is given up."""
HEAD = f"""\
A LogisticRegression(C=1) on normal columns of standard deviation 1, and labels that follow a linear score; \
"independent" columns are what gradient methods like best, "correlated" ones have .9 between neighbours (AR(1)). \
{THREADS} threads for all. conjac: from the fitted classifier and its training rows to d theta / d log lambda, best of \
{TURNS} turns. Warm pair: two refits at ± {STEP:g} of log lambda, started from the fitted coefficients; by the solver \
and the tolerance ({LADDER[0]:g} to {LADDER[-1]:g}) that is fastest among those of a relative error of at most \
{ENOUGH:g}, best of 2; of several hyper-parameters, their pairs one after another, each kind with its own best \
setting. Cold pair: two fits by the default solver and tolerance; its error in brackets. Whole Jacobian: also of the \
cells and recall of as many test rows, with errors."""


@dataclass(frozen=True)
class Case:
    """Classes, hyper-parameters, how the columns correlate, and how many times faster was asked for."""

    name: str
    n_classes: int
    levers: tuple[str, ...]
    correlation: float
    asked: float
    n: int = 100_000
    d: int = 200

    def drawn(self, seed: int, coef: int = 0) -> tuple[np.ndarray, np.ndarray]:
        rng, fixed = np.random.default_rng(seed), np.random.default_rng(coef)
        X = rng.standard_normal((self.n, self.d))
        if self.correlation:
            X = X @ linalg.cholesky(linalg.toeplitz(self.correlation ** np.arange(self.d)))
        q = max(self.n_classes, 2)
        f = X @ fixed.standard_normal((self.d, q)) * (1.5 / np.sqrt(self.d)) - np.linspace(0, 1, q)
        return X, (f + rng.gumbel(size=f.shape)).argmax(axis=1)


ONE, MANY = ("C",), ("C", "class_weight[0]", "class_weight[1]", *(f"penalty[x{j}]" for j in range(7)))
NINE = ("C", *(f"class_weight[{k}]" for k in range(9)))
CASES = tuple(
    Case(f"{what}, {how}", n_classes, levers, correlation, asked)
    for how, correlation in (("independent", 0.0), ("correlated", 0.9))
    for what, n_classes, levers, asked in (
        ("2 classes, C", 2, ONE, 4),
        ("2 classes, ten", 2, MANY, 20),
        ("9 classes, ten", 9, NINE, 20),
    )
)


def derivative(model: LogisticRegression, X: np.ndarray, y: np.ndarray, levers: tuple[str, ...]) -> np.ndarray:
    """Return d theta / d log lambda as conjac finds it, array of shape (n_parameters, n_levers)."""
    fitted = Fitted.of(model, check_training((X, y)))
    problem = fitted.solution.problem
    right = [mixed(problem, fitted.levers[name]).ravel() for name in levers]
    return -curvature_of(problem, len(right) + 1).solve(np.stack(right, axis=1))


def whole(model: LogisticRegression, X: np.ndarray, y: np.ndarray, levers: tuple[str, ...], test: tuple) -> None:
    J = cj.ConfusionJacobian.from_estimator(model, *test, wrt=cj.Hyperparameters(*levers), training_data=(X, y))
    assert J.stderr.shape[-1] == J.of(f"recall[{model.classes_[-1]}]").stderr.size == len(levers)


def refit(model: LogisticRegression, X: np.ndarray, y: np.ndarray, lever: str, by: float, **settings: Any) -> tuple:
    """Return parameters with a hyper-parameter moved, and the seconds of the fit alone; warm if a solver is named."""
    C, weights, scale = 1.0, dict.fromkeys(model.classes_.tolist(), 1.0), np.ones(X.shape[1])
    if lever == "C":
        C = np.exp(by)
    elif lever.startswith("class_weight"):
        weights[int(lever[13:-1])] = np.exp(by)
    else:
        scale[int(lever[9:-1])] = np.exp(-by / 2)
        X = X * scale
    moved = LogisticRegression(C=C, class_weight=weights, warm_start="solver" in settings, **settings)
    if moved.warm_start:
        moved.classes_, moved.coef_, moved.intercept_ = model.classes_, model.coef_ / scale, model.intercept_.copy()
    start = perf_counter()
    moved.fit(X, y)
    seconds = perf_counter() - start
    return np.column_stack([moved.coef_ * scale, moved.intercept_]).ravel(), seconds


def pair(
    model: LogisticRegression, X: np.ndarray, y: np.ndarray, lever: str, truth: np.ndarray, **settings: Any
) -> Row:
    """Return the seconds of two refits and the relative error of their difference quotient."""
    (up, first), (down, second) = (refit(model, X, y, lever, by, **settings) for by in (STEP, -STEP))
    error = np.linalg.norm((up - down) / (2 * STEP) - truth) / np.linalg.norm(truth)
    return {"seconds": first + second, "error": float(error), **settings}


def fastest(case: Case, tried: Callable[..., Row]) -> Row:
    """Return the fastest pair that is accurate enough: of each solver, the loosest tolerance that is."""
    best: Row = {"seconds": np.inf}
    for solver in SOLVERS[case.n_classes]:
        for tol in LADDER:
            told = tried(solver=solver, tol=tol, max_iter=300)
            if told["error"] <= ENOUGH:
                best = min(best, told, key=lambda one: one["seconds"])
            if told["error"] <= ENOUGH or told["seconds"] > SLOWEST * best["seconds"]:
                break
    return best


def timed(turns: int, work: Callable[[], Any]) -> list[float]:
    found = []
    for _ in range(turns):
        start = perf_counter()
        work()
        found.append(perf_counter() - start)
    return found


def race(case: Case, seed: int) -> Row:
    """Time ours, and the refits of every hyper-parameter."""
    X, y = case.drawn(seed)
    test = case.drawn(seed + 1)
    solver = SOLVERS[case.n_classes][0]
    model = LogisticRegression(solver=solver, tol=1e-9, max_iter=300).fit(X, y)
    truth = derivative(model, X, y, case.levers)
    ours = timed(TURNS, lambda: derivative(model, X, y, case.levers))
    jacobian = timed(2, lambda: whole(model, X, y, case.levers, test))
    settings: dict[str, Row] = {}
    warm, cold = [], []
    for lever, own in zip(case.levers, truth.T, strict=True):
        kind = lever.partition("[")[0]

        def tried(lever: str = lever, own: np.ndarray = own, **how: Any) -> Row:
            return pair(model, X, y, lever, own, **how)

        if kind not in settings or tried(**settings[kind])["error"] > ENOUGH:
            best = fastest(case, tried)
            settings[kind] = {key: best[key] for key in ("solver", "tol", "max_iter")}
        told = [tried(**settings[kind]) for _ in range(2)]
        warm.append({"lever": lever} | min(told, key=lambda one: one["seconds"]))
        if kind not in {one["lever"].partition("[")[0] for one in cold}:
            cold.append({"lever": lever} | tried())
    return {"case": case.name, "n": case.n, "d": case.d, "levers": list(case.levers), "asked": case.asked} | {
        "ours": ours,
        "jacobian": jacobian,
        "warm": warm,
        "cold": cold,
        "ratio": sum(one["seconds"] for one in warm) / min(ours),
    }


def measure(quick: bool, seed: int) -> list[Row]:
    warnings.simplefilter("ignore", ConvergenceWarning)
    cases = [replace(case, n=5_000, d=20) for case in CASES] if quick else CASES
    return [race(case, seed) for case in cases]


def apart(quick: bool, seed: int) -> list[Row]:
    """Measure in a process of its own, with two threads."""
    command = [sys.executable, "-m", "benchmarks.training.cost", "--seed", str(seed), *(["--quick"] if quick else [])]
    env = os.environ | {"OMP_NUM_THREADS": THREADS}
    return json.loads(subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE).stdout)


def verdicts(rows: list[Row]) -> list[Row]:
    return [
        verdict(
            f"{r['case']}: warm refits take at least {r['asked']:g} times as long",
            r["ratio"] >= r["asked"],
            f"{r['ratio']:.1f}",
        )
        for r in rows
    ]


def markdown(rows: list[Row]) -> str:
    heads = [
        "case",
        "conjac, s",
        "warm pairs, s",
        "over ours",
        "by",
        "largest error",
        "cold pair, s",
        "whole Jacobian, s",
    ]
    lines = []
    for r in rows:
        how = {f"{one['solver']} {one['tol']:.0e}" for one in r["warm"]}
        cold = ", ".join(f"{one['seconds']:.2f} ({one['error']:.0%})" for one in r["cold"])
        warm, error = (f(one[key] for one in r["warm"]) for f, key in ((sum, "seconds"), (max, "error")))
        times = [f"{min(r['ours']):.3f}", f"{warm:.2f}", f"{r['ratio']:.1f}"]
        lines.append([r["case"], *times, ", ".join(sorted(how)), f"{error:.1e}", cold, f"{min(r['jacobian']):.2f}"])
    told = f"{rows[0]['n']:,} training rows, {rows[0]['d']} columns. Cold: C, then a class weight, then a penalty."
    return "\n\n".join([HEAD, told, markdown_table(heads, lines)])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=2026)
    options = parser.parse_args()
    print(json.dumps(measure(options.quick, options.seed)))
