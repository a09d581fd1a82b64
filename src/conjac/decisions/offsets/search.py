"""The offsets of largest merit: smooth ascents in all of them, exact scans of each, several starts; nothing random."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.optimize import minimize

from conjac._typing import FloatArray
from conjac.decisions.offsets.line import Merit, best_on_line
from conjac.decisions.offsets.objective import Objective
from conjac.decisions.offsets.others import NONE, after_each, only
from conjac.decisions.offsets.sample import Sample
from conjac.decisions.offsets.soft import WIDTHS, SoftCells

FEW = 20_000
"""Rows up to which starts are compared by all of them."""
PER_CLASS = 500
"""Of more, rows of each class by which they are; then ten times more, and so on up to all."""
SWEEPS = 6
"""Scans of every offset that the starts may take in any case."""
REACH = 1.5
"""How far offsets move at a time where all rows are at hand."""
SOME = 0.3
"""Of the rows, that a start rejects where they may be."""
POLISHES = 6
FEWER = 2_000
"""Rows by which smooth ascents start."""
STEPS = 15
FEWEST_STARTS = 2
MOST_SCANS = 2_000
ROW_SCANS = 6e6
"""Rows times scans that they may take of few rows."""
NEAR_SWEEPS = 20
"""Scans of every offset, at most, where starts are given."""
PATIENCE = 50
"""Fruitless starts in a row after which no other is tried."""
JUMPS = (0.3, 1.0, 3.0, 8.0)
"""Standard deviations by which the best offsets are shaken for another start."""
SEED = 0
GAIN = 1e-10


class Search:
    """A search for the offsets of largest merit: starts compared on some rows, the best polished on all.

    Attributes
    ----------
    merit : float
        Of the best start, on the rows by which starts are compared.
    notes : dict
        What was done.
    """

    def __init__(self, sample: Sample, objective: Objective, near: Sequence[FloatArray] = ()) -> None:
        """Compare starts.

        Parameters
        ----------
        sample : Sample
        objective : Objective
        near : sequence of arrays of shape (n_columns,)
            Offsets to start from before all others: with some, fewer starts are compared.
        """
        few, self._more = _ladder(sample)
        self._counted = Counted(objective.merit)
        most = max(SWEEPS * sample.n_columns, min(MOST_SCANS, int(ROW_SCANS / len(sample.true))))
        if near:
            most = min(most, NEAR_SWEEPS * sample.n_columns)
        runs: list[tuple[float, FloatArray]] = []
        for start in _starts(few, objective, near):
            if len(runs) >= FEWEST_STARTS and self._counted.scans >= most:
                break
            runs.append(ascend(few, start, self._counted))
        best, fruitless, rng = max(runs, key=_merit), 0, np.random.default_rng(SEED)
        while self._counted.scans < most and fruitless < PATIENCE:
            jump = JUMPS[len(runs) % len(JUMPS)] * rng.normal(size=sample.n_columns)
            runs.append(ascend(few, best[1] + jump, self._counted))
            fruitless = 0 if runs[-1][0] > best[0] + GAIN else fruitless + 1
            best = max(best, runs[-1], key=_merit)
        self.merit, self._best = best
        self._starts, self._rows = len(runs), len(few.true)

    @property
    def scans(self) -> int:
        """Scans of one offset so far."""
        return self._counted.scans

    @property
    def notes(self) -> dict[str, object]:
        """What was done."""
        return {"scans": self.scans, "starts": self._starts, "rows_of_starts": self._rows}

    def polished(self) -> FloatArray:
        """Return the best offsets for all rows, less the first's."""
        offsets = self._best
        for rows in self._more:
            offsets = _polish(rows, offsets, self._counted)
        return np.asarray(offsets - offsets[0])


def _merit(run: tuple[float, FloatArray]) -> float:
    return run[0]


class Counted:
    """A merit, with the scans that asked for it."""

    def __init__(self, merit: Merit) -> None:
        self.merit, self.scans = merit, 0

    def __call__(self, cells: FloatArray) -> FloatArray:
        """Return the merit."""
        return self.merit(cells)


def _starts(sample: Sample, objective: Objective, near: Sequence[FloatArray]) -> Iterator[FloatArray]:
    """Yield offsets to start from: those given, smooth optima, none, and those that make classes count alike."""
    acting, balanced = sample.rejecting(0), np.zeros(sample.n_columns)
    prior = sample.at(acting).sum(axis=1)[: sample.n_classes]
    balanced[: sample.n_classes] = -np.log(np.maximum(prior, 1) / prior.sum())
    fewer = sample if len(sample.true) <= FEWER else sample.thinned(FEWER // sample.n_classes + 1)
    for start in near:
        yield start
        yield _smooth_ascent(fewer, objective, start)
    for start in (sample.rejecting(SOME) + balanced / 2, acting):
        yield _smooth_ascent(fewer, objective, start)
    yield from (acting, acting + balanced / 2, acting + balanced)


def _smooth_ascent(sample: Sample, objective: Objective, offsets: FloatArray) -> FloatArray:
    """Climb the objective of softened cells, ever less soft."""

    def loss(point: FloatArray, width: float) -> tuple[float, FloatArray]:
        soft = SoftCells.at(sample, point, width)
        value, gradient = objective.smooth(soft.cells)
        return -value, -soft.pull(gradient)

    for width in WIDTHS:
        offsets = minimize(loss, offsets, args=(width,), jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
    return np.asarray(offsets)


def _ladder(sample: Sample) -> tuple[Sample, list[Sample]]:
    """Return the rows of the starts, and more of them at each later step."""
    if len(sample.true) <= FEW:
        return sample, []
    largest = int(np.bincount(sample.true).max())
    steps = max(1, int(np.ceil(np.log10(largest / PER_CLASS))))
    between = [sample.thinned(PER_CLASS * 10**step) for step in range(1, steps)]
    return sample.thinned(PER_CLASS), [*between, sample]


def _polish(sample: Sample, offsets: FloatArray, merit: Counted) -> FloatArray:
    """Ascend with more rows, a little way at a time: few of them are moved by that."""
    reach = REACH * np.sqrt(PER_CLASS / max(PER_CLASS, np.bincount(sample.true).max()))
    for _ in range(POLISHES):
        _, found = ascend(sample.near(offsets, reach), offsets, merit)
        settled = np.abs(found - offsets).max() < reach / 2
        offsets = found
        if settled:
            break
    return offsets


def ascend(sample: Sample, offsets: FloatArray, merit: Counted) -> tuple[float, FloatArray]:
    """Scan one offset after the other until none gains; return the merit and the offsets."""
    offsets = offsets.copy()
    moved = sample.compared + offsets[:, None]
    best = float(merit(sample.at(offsets)[None])[0])
    idle = 0
    while True:
        before = NONE
        for k, after in enumerate(after_each(moved)):
            found, value = best_on_line(sample, before.or_later(after), k, merit)
            merit.scans += 1
            if found > best + GAIN:
                best, idle = found, 0
                offsets[k] = value
                moved[k] = sample.compared[k] + value
            else:
                idle += 1
            if idle >= sample.n_columns:
                return best, offsets
            before = before.or_later(only(k, moved[k]))
