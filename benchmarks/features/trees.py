"""Forests and boosted trees: `benchmarks.features.forest` on the page, with what was asked of it."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks.decisions.report import verdict
from benchmarks.features import forest
from conjac.inference import quantile

COVERS = (0.93, 0.97)
ENOUGH = 10_000_000
HEAD = """\
Six columns, one of whole numbers; a model is fitted once and stays. The truth is the difference quotient at each \
step that a draw takes, counted over streamed rows; the recount chooses its step on each draw. "error / best": that \
of the steps taken, over that of the best step, as estimates of the derivative."""


def run(models: list[str], population: int, sizes: list[int], draws: int) -> dict[str, Any]:
    """Return coverage by figure and the tables, as text."""
    with open(os.devnull, "w") as nowhere:
        console = Console(width=230, record=True, file=nowhere)
        cells = []
        for name in models:
            truth, told = forest.run(name, sizes, draws, population)
            for n, found in told.items():
                forest.report(console, f"{name}, n = {n}, {draws} draws", truth, n, found)
                cells += [{"model": name, "n": n, "figure": f, "share": _held(found, f)} for f in found[0][0]]
        return {"population": population, "draws": draws, "cells": cells, "text": console.export_text()}


def _held(found: list[Any], figure: str) -> float:
    z = np.stack([zs[figure] for zs, _, _ in found])
    return float((np.abs(z[np.isfinite(z)]) <= quantile(0.95)).mean())


def verdicts(found: dict[str, Any] | None) -> list[dict[str, Any]]:
    what = f"forests and boosting: coverage of recounts in [.93, .97], the truth counted on at least {ENOUGH:,} rows"
    if not found:
        return [verdict(what, None)]
    lost = [
        f"{c['model']}, n = {c['n']:,}, {c['figure']}: {c['share']:.4f}"
        for c in found["cells"]
        if not COVERS[0] <= c["share"] <= COVERS[1]
    ]
    met = not lost if found["population"] >= ENOUGH else None
    told = f"missed in {len(lost)} of {len(found['cells'])}, truth of {found['population']:,} rows"
    return [verdict(what, met, told, lost)]


def markdown(found: dict[str, Any]) -> str:
    told = f"{HEAD} {found['draws']:,} draws; truth of {found['population']:,} rows."
    return f"{told}\n\n```text\n{found['text'].rstrip()}\n```"
