"""Replications: the same draws for ours and for the peers, so that their errors are paired.

A replication's seed is made of the cell's name, n and its number: a run of fewer cells or fewer replications sees a
part of the same draws. So what the peers made of them may be kept from one run to the next, and only ours be run again.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from joblib import Memory

import conjac as cj
from benchmarks.density.cells import CELLS, Cell
from benchmarks.density.peers import PEERS

OURS = ("estimate", "low", "high", "truth", "flagged", "secant", "rows", "filler_short", "half_width")
"""Columns of ours; ``half_width`` is the bandwidth or, of a secant, the step."""
BATCH = {300: 40, 3_000: 30, 50_000: 8}
"""Replications to a task, by size: a few seconds of work."""
SHORT = 5
"""Effective rows of the filler below which a caution may be about it; counted, to show that there are none."""
Key = tuple[str, str]


@dataclass(frozen=True)
class Task:
    """Replications of one cell: the first ``fast`` of all are raced, the first ``slow`` by slow peers as well."""

    cell: str
    n: int
    start: int
    stop: int
    fast: int
    slow: int
    peers: tuple[str, ...]
    seed: int
    cache: str | None

    def sample(self, i: int) -> dict[str, np.ndarray | None]:
        """Draw a replication."""
        return sample_of(
            CELLS[self.cell], self.n, np.random.default_rng((self.seed, crc32(self.cell.encode()), self.n, i))
        )


@dataclass(frozen=True)
class Race:
    """One cell at one size.

    Attributes
    ----------
    ours : array of shape (n_replications, 9)
        Columns as in `OURS`.
    peers : dict of arrays of shape (n_raced, 3)
        By name and input: estimate and limits, for the first n_raced replications.
    """

    cell: Cell
    n: int
    ours: np.ndarray
    peers: dict[Key, np.ndarray]

    def column(self, name: str) -> np.ndarray:
        return self.ours[:, OURS.index(name)]


def sample_of(cell: Cell, n: int, rng: np.random.Generator) -> dict[str, np.ndarray | None]:
    """Return arguments of `conjac.confusion_jacobian`: the class's rows come first, labelled 1."""
    score, weight = cell.draw(rng, n)
    filler = cell.filler(rng, n)
    return {
        "y_true": np.repeat([1, 0], [len(score), len(filler)]),
        "y_score": np.concatenate([score, filler]),
        "sample_weight": None if weight is None else np.concatenate([weight, np.ones(len(filler))]),
    }


def own(cell: Cell, sample: dict[str, np.ndarray | None]) -> list[float]:
    """Return ours, through the public interface, per unit of weight."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cj.ConjacWarning)
        jacobian = cj.confusion_jacobian(
            **sample, threshold=cell.t, coordinate=cell.coordinate, condition_on="class", labels=[0, 1]
        )
    of_class = sample["y_true"] == 1
    total = of_class.sum() if sample["sample_weight"] is None else sample["sample_weight"][of_class].sum()
    low, high = jacobian.confint()
    told = jacobian.diagnostics
    rows = told["effective_rows"]
    return [
        -jacobian.jacobian[1, 1] / total,
        -high[1, 1] / total,
        -low[1, 1] / total,
        cell.truth(told.get("step")),
        "1" in told["doubts"],
        jacobian.method == "secant",
        rows["1"],
        rows["0"] < SHORT,
        told.get("step", told.get("bandwidth", {}).get("1", np.nan)),
    ]


def batch(task: Task) -> tuple[np.ndarray, dict[Key, np.ndarray]]:
    cell = CELLS[task.cell]
    ours = np.array([own(cell, task.sample(i)) for i in range(task.start, task.stop)])
    kept = Memory(task.cache, verbose=0).cache(raced, ignore=["task"])
    peers = {}
    for name, scale in keys_of(cell, task.peers):
        stop = min(task.stop, task.slow if PEERS[name].slow else task.fast)
        draws = (task.cell, task.n, task.start, stop, task.seed)
        peers[name, scale] = kept(task, draws, name, scale, PEERS[name].version)
    return ours, peers


def raced(task: Task, draws: tuple, name: str, scale: str, version: str) -> np.ndarray:
    """Return a peer's estimates and limits, array of shape (n_raced, 3); all but ``task`` name what is kept."""
    del version
    found = []
    for i in range(*draws[2:4]):
        sample = task.sample(i)
        of_class = sample["y_true"] == 1
        weight = None if sample["sample_weight"] is None else sample["sample_weight"][of_class]
        found.append(PEERS[name].run(scale, sample["y_score"][of_class], CELLS[task.cell].t, weight))
    return np.reshape(found, (-1, 3))


def keys_of(cell: Cell, peers: tuple[str, ...]) -> list[Key]:
    """Return who races in a cell; nobody on a lattice, where the estimand is the quotient at our step."""
    if cell.lattice is not None:
        return []
    return [key for name in peers for key in PEERS[name].keys(cell.coordinate, cell.weighted is not None)]


def tasks_of(
    cells: list[str],
    n: int,
    replications: int,
    fast: int,
    slow: int,
    peers: tuple[str, ...],
    seed: int,
    cache: str | None,
) -> list[Task]:
    """Split one size's replications; those that slow peers join come first, so that all processes end together."""
    size = BATCH.get(n, 20)
    return [
        Task(cell, n, start, min(start + size, replications), fast, slow, peers, seed, cache)
        for start in range(0, replications, size)
        for cell in cells
    ]


def races(pool: ProcessPoolExecutor, tasks: list[Task], track: Callable[[Iterable], Iterable]) -> list[Race]:
    """Run one size's tasks and join them by cell."""
    done: dict[str, list] = {}
    for task, part in zip(tasks, track(pool.map(batch, tasks)), strict=True):
        done.setdefault(task.cell, []).append(part)
    return [
        Race(
            CELLS[name],
            tasks[0].n,
            np.concatenate([ours for ours, _ in parts]),
            {key: np.concatenate([peers[key] for _, peers in parts]) for key in parts[0][1]},
        )
        for name, parts in done.items()
    ]
