"""Tables, verdicts, and the page made of them."""

from __future__ import annotations

import platform
from typing import Any

import conjac as cj
from benchmarks.decisions.rivals import CUTOFFS, version_of

Verdict = dict[str, Any]
HEAD = "Decisions tuned by conjac and by others, in one run on one machine: times are to be read as ratios."
NAMED = ("numpy", "scipy", "scikit-learn", CUTOFFS, "numba")


def verdict(what: str, met: bool | None, told: str = "", cells: list[str] | None = None) -> Verdict:
    word = {True: "PASS", False: "MISS", None: "not measured"}[met]
    return {"requirement": what, "verdict": word, "told": told, "cells": cells or []}


def markdown_table(heads: list[str], lines: list[list[str]]) -> str:
    """Return a table with its first column to the left."""
    rows = [f"| {' | '.join(line)} |" for line in (heads, *lines)]
    return "\n".join([rows[0], "|---|" + "---:|" * (len(heads) - 1), *rows[1:]])


def versions(packages: tuple[str, ...] = NAMED) -> dict[str, str | None]:
    return {"conjac": cj.__version__, "python": platform.python_version()} | {p: version_of(p) for p in packages}


def page(
    parts: dict[str, str],
    found: list[Verdict],
    notes: list[str],
    quick: bool,
    head: str = HEAD,
    packages: tuple[str, ...] = NAMED,
) -> str:
    """Return the page: sections in order, then every requirement with its verdict."""
    named = ", ".join(f"{package} {told or '(not installed)'}" for package, told in versions(packages).items())
    lines = [head, *(["Small sizes, to see that it runs: the figures mean nothing."] if quick else [])]
    lines += [f"Versions: {named}.", *notes]
    lines += [f"### {title}\n\n{text}" for title, text in parts.items()]
    lines.append("### Numbers to reach\n\n" + "\n".join(_told(v) for v in found))
    return "\n\n".join(lines) + "\n"


def _told(v: Verdict) -> str:
    line = f"- **{v['verdict']}** {v['requirement']}" + (f": {v['told']}" if v["told"] else "")
    return "\n".join([line, *(f"  - {cell}" for cell in v["cells"])])
