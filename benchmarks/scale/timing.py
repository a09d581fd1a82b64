"""Rows to measure on, the best of several times, and what a process grows by."""

from __future__ import annotations

import re
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def sample(n_rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and probabilities of two normal classes, three in ten positive; made in place."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n_rows, dtype=np.float32) < 0.3).astype(np.int8)
    p = rng.standard_normal(n_rows)
    for start in range(0, n_rows, 2**20):
        some = slice(start, start + 2**20)
        p[some] = 1 / (1 + np.exp(1.5 - 1.2 * p[some] - 2 * y[some]))
    return y, p


def best(work: Callable[[], Any], repeats: int = 5) -> float:
    """Return the least of several times, in seconds."""
    times = []
    for _ in range(repeats):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return min(times)


def growth(work: Callable[[], Any]) -> float:
    """Return by how much work raises the most memory that this process holds, in MB (10^6 bytes).

    Where the kernel lets the mark be set back (Linux), it is that of the work alone.
    """
    if RESET.exists():
        RESET.write_text("5")
    before = peak()
    work()
    return peak() - before


def peak() -> float:
    """Return the most memory that this program has held, in MB (10^6 bytes)."""
    if STATUS.exists():  # the other figure counts what a parent held when it started this process
        return float(re.search(r"^VmHWM:\s+(\d+) kB", STATUS.read_text(), re.MULTILINE)[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
