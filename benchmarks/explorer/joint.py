"""Whether the errors of joint moves of offsets hold, and what they gain on the sample alone.

    python -m benchmarks.explorer.joint [--rows N] [--sample N] [--replications R]

Scores are normal, 1.5 higher in the row's own class. For each move the matrix of all rows is counted, and estimated
from many samples: the share of its cells that lie inside their 95 % intervals, the root mean squared errors of the
cells by `conjac.views.summary.scene.joint` and of the sample's own matrix, and the same of macro F1.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse

import numpy as np
from scipy import stats

from conjac.engines.classes import cells_at, rule_of
from conjac.metrics import resolve
from conjac.validation import check_classes
from conjac.views.summary.scene.joint import moved_together
from conjac.views.summary.scene.sample import REPLICATES, JointSample

MOVES = {
    4: ((0.3, 0.3), (0.5, -0.5), (1.0, 0.5, 0.2), (2.0, 2.0), (-1.0, -1.0, -1.0)),
    10: ((0.3, 0.3), (0.5, -0.5), (1.0, 0.5, 0.2), (2.0, 2.0), (0.2, -0.2) * 5),
    26: ((0.3, 0.3), (1.0, 0.5, 0.2), (2.0, 2.0)),
}
HEAD = ("classes", "moves", "coverage", "RMSE", "its error", "sample alone", "F1 coverage", "F1 RMSE", "sample alone")
LEVEL = 0.95


def race(n_classes: int, moves: np.ndarray, n_rows: int, n_sample: int, replications: int) -> list[str]:
    """Return one line of the table."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, n_classes, n_rows)
    rows = check_classes(y, rng.normal(size=(n_rows, n_classes)) + 1.5 * np.eye(n_classes)[y])
    rule, f1 = rule_of(rows, None), resolve("f1_macro", rows.labels)
    compared = rule.compared(rows.score)

    def counted(offsets: np.ndarray) -> np.ndarray:
        return cells_at(rows, rule.at(offsets), None).weight[0].astype(float)

    base, exact = counted(0 * moves), counted(moves)
    alone = sum(counted(move) - base for move in np.diag(moves))
    q = stats.t.ppf((1 + LEVEL) / 2, REPLICATES - 1)
    found = []
    for seed in range(replications):
        sample = JointSample.of(rows, rule, compared, n_sample, seed)
        told = moved_together(sample, moves, base, alone)
        plain = np.zeros_like(base)
        np.add.at(plain, (sample.true, (sample.score + moves).argmax(axis=1)), sample.weight)
        value, stderr = told.figure(lambda matrix: float(f1.value(matrix)))
        off, f1_off = told.matrix - exact, value - float(f1.value(exact))
        inside = np.abs(off) <= q * told.stderr
        figures = [
            inside.mean(),
            *(np.mean(x**2) for x in (off, told.stderr, plain - exact)),
            abs(f1_off) <= q * stderr,
        ]
        found.append([*figures, f1_off**2, float(f1.value(plain) - f1.value(exact)) ** 2])
    coverage, off, stderr, plain, f1_coverage, f1_off, f1_plain = np.mean(found, axis=0)
    moved = ", ".join(f"{move:+g}" for move in moves[moves != 0])
    told = [f"{x:.1f}" for x in np.sqrt([off, stderr, plain])]
    told_f1 = [f"{x:.5f}" for x in np.sqrt([f1_off, f1_plain])]
    return [str(n_classes), moved, f"{coverage:.3f}", *told, f"{f1_coverage:.3f}", *told_f1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--sample", type=int, default=4000)
    parser.add_argument("--replications", type=int, default=200)
    options = parser.parse_args()
    for cells in (HEAD, ["---"] * len(HEAD)):
        print("| " + " | ".join(cells) + " |")
    for n_classes, several in MOVES.items():
        for some in several:
            moves = np.zeros(n_classes)
            moves[: len(some)] = some
            print("| " + " | ".join(race(n_classes, moves, options.rows, options.sample, options.replications)) + " |")


if __name__ == "__main__":
    main()
