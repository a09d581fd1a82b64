"""Timings, as ratios to ours in the same process; each the median of some repeats."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
from scipy.special import expit

import conjac as cj
from benchmarks.density.cells import CELLS
from benchmarks.density.peers import PEERS
from benchmarks.density.run import keys_of, own, sample_of

CELL = "normal, at its inflection"
POINT = 50_000
MANY = 5_000_000
THRESHOLDS = np.arange(1, 1000) / 1000
REPEATS = 15
FEW = 3


def measure(peers: tuple[str, ...], seed: int) -> dict[str, Any]:
    """Return timings of one point and of the whole curve."""
    rng = np.random.default_rng(seed)
    return {"point": _point(peers, rng), "curve": _curves(rng), "rows": _rows(rng)}


def _point(peers: tuple[str, ...], rng: np.random.Generator) -> list[dict[str, Any]]:
    """Time one point of one cell: arrays or a tally to estimate and interval."""
    cell = CELLS[CELL]
    sample = sample_of(cell, POINT, rng)
    tally = cj.ConfusionCurve.from_predictions(sample["y_true"], sample["y_score"]).tally
    score = sample["y_score"][:POINT]
    found = {"ours, from arrays": _ms(lambda: own(cell, sample), REPEATS)}
    found["ours, from a tally"] = _ms(lambda: _slopes(tally, np.array([cell.t])), REPEATS)
    for name, scale in keys_of(cell, peers):
        repeats = FEW if PEERS[name].slow else REPEATS
        found[f"{name}, {scale}"] = _ms(lambda n=name, s=scale: PEERS[n].run(s, score, cell.t, None), repeats)
    arrays, binned = (found[f"ours, from {source}"] for source in ("arrays", "a tally"))
    return [{"work": w, "ms": ms, "over_arrays": ms / arrays, "over_tally": ms / binned} for w, ms in found.items()]


def _curves(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Time slopes and bands at every threshold, from the tally of two classes."""
    rows = []
    for n in (POINT, MANY):
        tally = cj.ConfusionCurve.from_predictions(*_two_classes(n, rng)).tally
        ms = _ms(lambda tally=tally: _slopes(tally, THRESHOLDS), REPEATS)
        rows.append({"work": f"slopes and bands at 999 thresholds from a tally of {n:,} rows", "ms": ms})
    return rows


def _rows(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Time what is done with every row, where there are many."""
    true, score = _two_classes(MANY, rng)
    step = cj.ConfusionCurve.from_predictions(true, score).tally.step
    works: dict[str, Callable[[], Any]] = {
        "one point from arrays": lambda: cj.confusion_jacobian(true, score, threshold=0.5).confint(),
        "a curve from arrays": lambda: cj.ConfusionCurve.from_predictions(true, score),
        "a tally from arrays": lambda: cj.Tally.zero("logit", step).add(true, score),
        "fixed step of .01": lambda: PEERS["step of .01"].run("raw", score[true == 1], 0.5, None),
        "scipy's kernel estimate, raw": lambda: PEERS["scipy"].run("raw", score[true == 1], 0.5, None),
    }
    return [{"work": f"{work}, {MANY:,} rows", "ms": _ms(run, FEW)} for work, run in works.items()]


def _two_classes(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    true = rng.integers(0, 2, n)
    return true, expit(rng.normal(2.0 * true - 1, 1))


def _slopes(tally: cj.Tally, t: np.ndarray) -> None:
    """Take a curve afresh, so that nothing is kept from the last time."""
    curve = cj.ConfusionCurve.from_tally(tally)
    curve.jacobian_at(t)
    curve.confint_at(t)


def _ms(work: Callable[[], Any], repeats: int) -> float:
    work()
    times = []
    for _ in range(repeats):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return 1000 * float(np.median(times))


def markdown(speed: dict[str, Any]) -> str:
    """Return both tables."""
    lines = ["| one point, n = 50,000 | ms | over ours from arrays | over ours from a tally |", "|---|---|---|---|"]
    lines += [
        f"| {r['work']} | {r['ms']:.2f} | {r['over_arrays']:.2f} | {r['over_tally']:.2f} |" for r in speed["point"]
    ]
    lines += ["", "| work | ms |", "|---|---|"]
    lines += [f"| {r['work']} | {r['ms']:.1f} |" for r in (*speed["curve"], *speed["rows"])]
    return "\n".join(lines) + "\n"
