"""Intervals of all cells at 1,000 thresholds, beside those of a bootstrap of rows."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.decisions.report import Verdict, markdown_table, verdict
from benchmarks.scale.timing import best, sample

Found = dict[str, Any]
ROWS, REPLICATES = 1_000_000, 1000
THRESHOLDS = np.linspace(0.0005, 0.9995, 1000)
FASTER, MEDIAN, EACH, ENOUGH_ROWS = 1000.0, 0.02, 0.10, 30


def run(quick: bool) -> Found:
    import conjac as cj

    n, replicates = (ROWS // 10, 100) if quick else (ROWS, REPLICATES)
    y, p = sample(n)

    def intervals() -> tuple[Any, Any]:
        curve = cj.ConfusionCurve.from_predictions(y, p)
        return curve.matrix_at(THRESHOLDS), curve.matrix_confint_at(THRESHOLDS)

    intervals()
    seconds = best(intervals)
    start = perf_counter()
    drawn = _bootstrap(y, p, replicates)
    peer = perf_counter() - start
    cells, told = intervals()
    lower, upper = np.quantile(drawn, [0.025, 0.975], axis=0)
    enough = cells >= ENOUGH_ROWS
    ratio = ((told[1] - told[0])[enough]) / np.maximum((upper - lower)[enough], 1e-9)
    # What a thousand replicates alone leave open: the spread of a percentile interval's length, of a normal figure.
    wide = 1.96 * 2 * drawn.std(axis=0)[enough]
    smooth = ((told[1] - told[0])[enough]) / np.maximum(wide, 1e-9)
    return {
        "rows": n,
        "replicates": replicates,
        "seconds": seconds,
        "bootstrap": peer,
        "median": float(np.abs(np.median(ratio) - 1)),
        "each": float(np.abs(ratio - 1).max()),
        "each_by_sd": float(np.abs(smooth - 1).max()),
        "cells": int(enough.sum()),
    }


def _bootstrap(y: np.ndarray, p: np.ndarray, replicates: int) -> np.ndarray:
    """Draw rows again, and count: each row's place among the thresholds is looked up once, to be fair."""
    rng = np.random.default_rng(1)
    place = 2 * np.searchsorted(THRESHOLDS, p, side="right") + y
    drawn = np.empty((replicates, len(THRESHOLDS), 2, 2))
    for k in range(replicates):
        counted = np.bincount(place[rng.integers(0, len(y), len(y))], minlength=2 * len(THRESHOLDS) + 2).reshape(-1, 2)
        below = counted.cumsum(axis=0)[:-1]
        drawn[k, :, :, 0], drawn[k, :, :, 1] = below, counted.sum(axis=0) - below
    return drawn


def markdown(found: Found) -> str:
    intro = (
        f"Intervals of the four cells at 1,000 thresholds, {found['rows']:,} rows, from arrays; and percentile "
        f"intervals of a bootstrap of rows, {found['replicates']:,} replicates, rows sorted among the thresholds once. "
        f"Lengths are compared where a cell holds at least {ENOUGH_ROWS} rows ({found['cells']:,} cells)."
    )
    rows = [
        ["seconds", f"{found['seconds']:.4f}", f"{found['bootstrap']:.1f}"],
        ["median difference of lengths", f"{100 * found['median']:.2f} %", ""],
        ["largest difference of lengths", f"{100 * found['each']:.1f} %", ""],
        ["the same, to 2 x 1.96 sd of the replicates", f"{100 * found['each_by_sd']:.1f} %", ""],
    ]
    return intro + "\n\n" + markdown_table(["", "ours", "bootstrap"], rows)


def verdicts(found: Found) -> list[Verdict]:
    faster = found["bootstrap"] / found["seconds"]
    return [
        verdict("intervals at least 1000x faster than a bootstrap of rows", faster >= FASTER, f"{faster:.0f}x"),
        verdict("lengths within 2 % in the median", found["median"] <= MEDIAN, f"{100 * found['median']:.2f} %"),
        verdict("lengths within 10 % each", found["each"] <= EACH, f"{100 * found['each']:.1f} %"),
    ]
