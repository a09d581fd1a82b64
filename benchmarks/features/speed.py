"""Time and memory of all features at once, beside what anyone would pay for predictions.

    OMP_NUM_THREADS=2 python -m benchmarks.features.speed [--quick]

writes what it found as JSON. The threads are those that models and linear algebra take; so it is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from time import perf_counter, process_time
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

import conjac as cj
from benchmarks.decisions.report import markdown_table, verdict
from benchmarks.decisions.rivals import OURS

Row = dict[str, Any]
COLUMNS = 100
TREES = 300
TRAINING = 10_000
THREADS = "2"
CALLS = 5
SLOWEST = 1.2
FLAT = 0.1
"""Largest growth of the peak of memory, as a share of that of the rows, that is called flat."""
HEAD = f"""\
{COLUMNS} normal columns, of which ten decide; {THREADS} threads, for models and linear algebra alike. Ours: the \
Jacobian of the cells by all features, with its errors. Beside a logistic regression: {CALLS} calls of its \
`predict_proba`, best of nine turns. Beside {TREES} boosted trees: 2 x {COLUMNS} calls on the whole matrix, each \
column moved up and down in place, one turn. Cores: processor time over wall time. Memory: the peak of what is \
allocated beyond the rows themselves, by tracemalloc, at n and at 4 n."""


def drawn(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, COLUMNS))
    m = X[:, :10] @ np.linspace(1, 0.1, 10) + 0.5 * X[:, 0] * X[:, 1] - 1
    return X, (rng.random(n) < 1 / (1 + np.exp(-m))).astype(int)


def jacobian(model: Any, X: np.ndarray, y: np.ndarray) -> str:
    J = cj.ConfusionJacobian.from_estimator(model, X, y, wrt=cj.Features())
    assert J.jacobian.shape == J.stderr.shape == (2, 2, COLUMNS)  # all made, if made lazily
    return J.method


def calls(model: Any, X: np.ndarray, y: np.ndarray) -> None:
    del y
    for _ in range(CALLS):
        model.predict_proba(X)


def moved(model: Any, X: np.ndarray, y: np.ndarray) -> None:
    del y
    for column in X.T:
        kept = column.copy()
        for by in (-0.1, 0.1):
            column += by
            model.predict_proba(X)
            column[:] = kept


def race(name: str, model: Any, n: int, rival: tuple[str, Callable], limit: float, turns: int) -> Row:
    """Time ours and the rival in turns."""
    X, y = drawn(n, 1)
    model.predict_proba(X[:1000])
    jacobian(model, X[:2000], y[:2000])
    times: dict[str, list[tuple[float, float]]] = {OURS: [], rival[0]: []}
    for _ in range(turns):
        for who, work in ((OURS, jacobian), rival):
            start, used = perf_counter(), process_time()
            work(model, X, y)
            times[who].append((perf_counter() - start, process_time() - used))
    best = {who: min(told) for who, told in times.items()}
    found = {who: {"seconds": wall, "cores": cpu / wall} for who, (wall, cpu) in best.items()}
    return {"race": name, "n": n, "times": found, "rival": rival[0], "limit": limit, "all": times} | {
        "ratio": best[OURS][0] / best[rival[0]][0]
    }


def peak(model: Any, n: int) -> float:
    """Return megabytes allocated at most beyond the rows."""
    X, y = drawn(n, 2)
    tracemalloc.start()
    jacobian(model, X, y)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found / 1e6


def boosters() -> dict[str, Any]:
    """Return 300 trees of each library that is installed, not yet fitted."""
    found: dict[str, Any] = {"HistGradientBoosting": HistGradientBoostingClassifier(max_iter=TREES, random_state=0)}
    try:
        from xgboost import XGBClassifier
    except ImportError:
        return found
    return found | {"XGBoost": XGBClassifier(n_estimators=TREES)}


def measure(quick: bool) -> dict[str, Any]:
    """Return races and peaks of memory."""
    logistic = LogisticRegression().fit(*drawn(TRAINING, 0))
    n = 5_000 if quick else 100_000
    races = [race("logistic regression", logistic, n, (f"{CALLS} x predict_proba", calls), 1, 9)]
    n = 500 if quick else 20_000
    rival = f"{2 * COLUMNS} x predict_proba", moved
    training = drawn(1_000 if quick else TRAINING, 0)
    fitted = {name: model.fit(*training) for name, model in boosters().items()}
    races += [race(name, model, n, rival, SLOWEST, 1) for name, model in fitted.items()]
    small = HistGradientBoostingClassifier(max_iter=10, random_state=0).fit(*drawn(TRAINING, 0))
    rows = (2_000, 8_000) if quick else (200_000, 800_000)
    memory = [
        {
            "model": name,
            "rows": rows,
            "peaks": [peak(model, n) for n in rows],
            "bytes": [n * COLUMNS * 8e-6 for n in rows],
        }
        for name, model in (("HistGradientBoosting, 10 trees", small),)
    ]
    return {"races": races, "memory": memory}


def apart(quick: bool) -> dict[str, Any]:
    """Measure in a process of its own, with two threads."""
    command = [sys.executable, "-m", "benchmarks.features.speed", *(["--quick"] if quick else [])]
    env = os.environ | {"OMP_NUM_THREADS": THREADS}
    return json.loads(subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE).stdout)


def verdicts(found: dict[str, Any] | None) -> list[Row]:
    lines = []
    for r in found["races"] if found else []:
        what = f"{r['race']}, n = {r['n']:,}: at most {r['limit']:g} times {r['rival']}"
        lines.append(verdict(what, r["ratio"] <= r["limit"], f"{r['ratio']:.2f}"))
    for m in found["memory"] if found else []:
        growth = np.diff(m["peaks"])[0] / np.diff(m["bytes"])[0]
        what = f"{m['model']}: peak of memory grows by at most {FLAT:.0%} of what the rows grow by"
        lines.append(verdict(what, bool(growth <= FLAT), f"{growth:.1%}"))
    return lines or [verdict("time and memory", None)]


def markdown(found: dict[str, Any]) -> str:
    lines = [
        [
            r["race"],
            f"{r['n']:,}",
            who,
            f"{t['seconds']:.3f}",
            f"{t['cores']:.2f}",
            f"{r['ratio']:.2f}" if who == OURS else "",
        ]
        for r in found["races"]
        for who, t in r["times"].items()
    ]
    peaks = [
        [m["model"], f"{n:,}", f"{size:.0f}", f"{high:.1f}"]
        for m in found["memory"]
        for n, size, high in zip(m["rows"], m["bytes"], m["peaks"], strict=True)
    ]
    times = markdown_table(["race", "n", "work", "s", "cores", "ours over theirs"], lines)
    return "\n\n".join([HEAD, times, markdown_table(["memory", "n", "rows, MB", "peak beyond, MB"], peaks)])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    print(json.dumps(measure(parser.parse_args().quick)))
