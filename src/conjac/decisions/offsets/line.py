r"""The best value of one offset, all others held: a scan over every value at which a prediction changes.

A row turns to class k where :math:`b_k` passes :math:`r = \max_{l \ne k}(u_l + b_l) - u_k`. In the order of r the
cells change by one row at a time, so their sums before each place are all the confusion matrices there are. They are
looked at first on a grid, then on a finer one between the neighbours of the best, at last between any two rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import BoolArray, FloatArray, IntArray
from conjac.decisions.offsets.others import Highest, all_but
from conjac.decisions.offsets.sample import Sample, swept

PLACES = 128
"""Values of the offset looked at in one step; where so few rows are left, every one."""
NARROW = 1e-9
BEYOND = 1.0
"""How far past the last row an offset goes at which all rows or none are predicted."""
Merit = Callable[[FloatArray], FloatArray]
"""From confusion matrices, array of shape (n, n_classes, n_columns), to what is to be largest."""


@dataclass(frozen=True, eq=False)
class Line:
    """Rows in the way of one offset.

    Attributes
    ----------
    needed : array of shape (n_rows,)
        The value past which each turns to the class.
    leaves, enters : array of shape (n_rows,)
        Its cell before and after.
    weight : array of shape (n_rows,) or None
    cells : array of shape (n_classes, n_columns)
        Before any of them turns.
    """

    needed: FloatArray
    leaves: IntArray
    enters: IntArray
    weight: FloatArray | None
    cells: FloatArray

    @classmethod
    def of(cls, sample: Sample, others: Highest, k: int) -> Self:
        """Look along one offset, with the best of the other columns, their offsets added."""
        row = sample.true * sample.n_columns
        leaves = row + others.column
        cells = np.bincount(leaves, sample.weight, sample.fixed.size).reshape(sample.fixed.shape)
        return cls(others.value - sample.compared[k], leaves, row + k, sample.weight, sample.fixed + cells)

    def at(self, ends: FloatArray, place: IntArray) -> FloatArray:
        """Return the cells at some values, array of shape (n_ends, n_classes, n_columns).

        Parameters
        ----------
        ends : array of shape (n_ends,)
            Ascending.
        place : array of shape (n_rows,)
            The first of them past each row.
        """
        size = self.cells.size
        counts = (len(ends) + 1) * size
        steps = np.bincount(place * size + self.enters, self.weight, counts)
        steps = steps - np.bincount(place * size + self.leaves, self.weight, counts)
        cells = np.asarray(self.cells + steps.reshape(-1, *self.cells.shape)[:-1].cumsum(axis=0))
        return cells if self.weight is None else swept(cells)

    def between(self, inside: BoolArray, cells: FloatArray) -> Self:
        """Return the line for some of the rows, from other cells on."""
        weight = None if self.weight is None else self.weight[inside]
        return type(self)(self.needed[inside], self.leaves[inside], self.enters[inside], weight, cells)


def best_on_line(sample: Sample, others: Highest, k: int, merit: Merit) -> tuple[float, float]:
    """Return the merit at the best value of one offset, and that value."""
    line = Line.of(sample, others, k)
    lowest, largest = sample.reach[:, k]
    shown = line.needed[:: max(1, len(line.needed) // PLACES)]
    low, high = (shown.min(), shown.max()) if len(shown) else (0.0, 0.0)
    first, last = -np.inf, np.inf
    while True:
        few = len(line.needed) <= PLACES or high - low <= NARROW * max(1.0, abs(low), abs(high))
        ends = np.clip(_between(line.needed), first, last) if few else np.linspace(low, high, PLACES)
        place = np.searchsorted(ends, line.needed) if few else _in_steps(line.needed, ends)
        cells = line.at(ends, place)
        reached = (ends >= lowest) & (ends <= largest)
        found = np.full(len(ends), -np.inf)
        if reached.all():
            found = merit(cells)
        elif reached.any():
            found[reached] = merit(cells[reached])
        best = int(np.argmax(found))
        if few:
            return float(found[best]), float(ends[best])
        first = ends[best - 1] if best else first
        last = ends[best + 1] if best + 1 < len(ends) else last
        line = line.between((place >= best) & (place <= best + 1), cells[best - 1] if best else line.cells)
        low, high = max(first, line.needed.min(initial=np.inf)), min(last, line.needed.max(initial=-np.inf))


def merit_along(sample: Sample, offsets: FloatArray, k: int, values: FloatArray, merit: Merit) -> FloatArray:
    """Return the merit at evenly spaced values of one offset, ascending, all others held."""
    line = Line.of(sample, all_but(sample.compared + offsets[:, None], k), k)
    return merit(line.at(values, _in_steps(line.needed, values)))


def _between(needed: FloatArray) -> FloatArray:
    """Return values of the offset, ascending: below all rows, between any two, above all."""
    ordered = np.unique(needed)
    if not len(ordered):
        return np.zeros(1)
    apart = np.diff(ordered) > NARROW * (1 + np.abs(ordered[1:]))
    between = ((ordered[1:] + ordered[:-1]) / 2)[apart]
    return np.concatenate([[ordered[0] - BEYOND], between, [ordered[-1] + BEYOND]])


def _in_steps(needed: FloatArray, ends: FloatArray) -> IntArray:
    """Return how many of the evenly spaced ends lie below each row."""
    rate = (len(ends) - 1) / (ends[-1] - ends[0])
    return np.asarray(np.clip(np.ceil((needed - ends[0]) * rate), 0, len(ends)), dtype=np.intp)
