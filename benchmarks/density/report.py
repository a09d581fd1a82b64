"""The page: what was run, a table per size, means, timings, and every requirement with its verdict."""

from __future__ import annotations

from typing import Any

import conjac as cj
from benchmarks.density import speed as timings
from benchmarks.density.requirements import means, verdicts
from benchmarks.density.table import markdown

HEAD = """The density of one class's scores at one cut, per unit of score: the slope of a cell over the class's \
weight, negated. Errors are relative to the truth, ratios are our RMSE over a peer's on the same samples (± 2 \
Monte-Carlo standard errors, delta method), coverage is that of nominal 95 % intervals with its 99 % Wilson interval. \
A peer covers if its interval held the truth in 90 % of its samples; a tool that takes raw scores or log-odds counts \
with the better one, cell by cell. Bold: over 1.10 (+ 2 standard errors) of the best covering peer, over 1.35 of a \
point-only peer, or a Wilson interval that misses [.93, .97]. Flagged: the share of samples with a caution. \
Lengths are means over the truth, lpdensity's where both cover .90.

On a lattice (2 or 3 decimals, 100 trees) the truth is the population's difference quotient at the step that was \
reported, and nobody else is raced. The other class is a filler: margins N(cut, 1), 50 rows, on a lattice n; at \
1 % prevalence the other 99 % of n, log-odds N(-1, 1)."""


def report(
    runs: dict[str, Any], rows: list[dict[str, Any]], speed: dict[str, Any] | None
) -> tuple[str, dict[str, Any]]:
    """Return the page and the record behind it."""
    found = {"means": means(rows), "verdicts": verdicts(rows, speed)}
    record = {"conjac": cj.__version__, **runs, **found, "speed": speed, "cells": rows}
    parts = [HEAD, _runs(runs)]
    parts += [f"### n = {n:,}\n\n{markdown(rows, n)}" for n in dict.fromkeys(r["n"] for r in rows)]
    parts.append(f"### Geometric means of our RMSE over the peer's\n\n{_means(found['means'])}")
    if speed:
        parts.append(f"### Timings\n\n{timings.markdown(speed)}")
    parts.append(f"### Numbers to reach\n\n{_verdicts(found['verdicts'])}")
    return "\n\n".join(part.strip() for part in parts) + "\n", record


def _runs(runs: dict[str, Any]) -> str:
    told = "; ".join(
        f"n = {n:,}: {r['ours']} of ours, {min(r['fast'], r['ours'])} of fast peers, "
        f"{min(r['slow'], r['ours'])} of lpdensity"
        for n, r in runs["sizes"].items()
    )
    peers = ", ".join(f"{name} ({version})".replace(" ()", "") for name, version in runs["peers"].items()) or "none"
    return f"conjac {cj.__version__}, seed {runs['seed']}. Replications: {told}. Peers, with versions: {peers}."


def _means(rows: list[dict[str, Any]]) -> str:
    columns = [c for c in rows[0] if c not in ("peer", "cells")]
    heads = [f"n = {int(c):,}" if c.isdigit() else c for c in columns]
    lines = ["| peer | cells | " + " | ".join(heads) + " |", "|---|---|" + "---|" * len(columns)]
    for r in rows:
        told = ["" if r[c] is None else f"{r[c]:.3f}" for c in columns]
        lines.append(f"| {r['peer']} | {r['cells']} | {' | '.join(told)} |")
    return "\n".join(lines)


def _verdicts(found: list[dict[str, Any]]) -> str:
    lines = []
    for v in found:
        lines.append(f"- **{v['verdict']}** {v['requirement']}" + (f": {v['told']}" if v["told"] else ""))
        lines += [f"  - {cell}" for cell in v["cells"]]
    return "\n".join(lines)
