"""The facets between one class and others than the best of them, and the rows that it has won near them.

Of a row that it has won, the class lies above all others; with the best of them it shares a facet, and with one that
lies further below where that is as far below the best, at most, as the best is below the class: up to the midpoint. In
the order of the values at which the class passes that other one, the rows near their facet follow each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import FloatArray, IntArray
from conjac.density.turning import Turning
from conjac.facets import TIE


@dataclass(frozen=True, eq=False)
class Contenders:
    """Rows and other classes, arrays of shape (n_entries,); those of one code lie together, in the order of ``passed``.

    Attributes
    ----------
    place : array
        Of the row in the order of its turn.
    passed : array
        The value of the offset past which the class is above the other one.
    below : array
        By how much that is below the best of the others.
    code : array of shape (n_codes,)
        Those there are: true class and the other one as ``true * n_columns + other``.
    start : array of shape (n_codes + 1,)
        Where the entries of each begin.
    """

    place: IntArray
    passed: FloatArray
    below: FloatArray
    code: IntArray
    start: IntArray

    @classmethod
    def of(cls, turning: Turning, compared: FloatArray, within: FloatArray) -> Self:
        """Look for classes that are not far below the best.

        Parameters
        ----------
        turning : Turning
        compared : array of shape (n_columns, n_samples)
            What it was made of.
        within : array of shape (n_columns, n_columns)
            How far, by true class and the other one.
        """
        n = turning.n_columns
        place = np.empty(len(turning.row), dtype=np.intp)
        place[turning.row] = np.arange(len(place))
        highest, needed, code = turning.highest[place], turning.needed[place], turning.code[place]
        true, best = np.divmod(code.astype(np.min_scalar_type(n * n)), n)
        parts, counts = [], np.zeros((n, n), dtype=np.intp)
        for other in range(n):
            if other == turning.column:
                continue
            below = highest - compared[other]
            row = np.flatnonzero((below <= within[:, other][true]) & (best != other))
            passed = needed[row] - below[row]
            order = np.argsort(passed)
            order = order[np.argsort(true[row[order]], kind="stable")]
            row, passed = row[order], passed[order]
            counts[other] = np.bincount(true[row], minlength=n)
            parts.append((place[row], passed, below[row]))
        across, of = np.nonzero(counts)
        start = np.concatenate([[0], counts[across, of].cumsum()])
        places, passing, far = (np.concatenate(part) for part in zip(*parts, strict=True))
        return cls(places, passing, far, of * n + across, start)

    def windows(self, values: FloatArray, reach: FloatArray, tie: float) -> tuple[IntArray, IntArray]:
        """Return the entries of each code that are within reach at each value.

        Parameters
        ----------
        values : array of shape (n_values,)
        reach : array of shape (n_values, n_columns**2)
            By true class and the other one.
        tie : float

        Returns
        -------
        first, last : arrays of shape (n_values, n_codes)
        """
        first, last = np.zeros((2, len(values), len(self.code)), dtype=np.intp)
        for i, code in enumerate(self.code):
            passed = self.passed[self.start[i] : self.start[i + 1]]
            first[:, i] = self.start[i] + np.searchsorted(passed, values - reach[:, code])
            last[:, i] = self.start[i] + np.searchsorted(passed, values + tie)
        return first, last

    def near(
        self, value: float, first: IntArray, last: IntArray, turning: Turning
    ) -> tuple[IntArray, IntArray, FloatArray]:
        """Return the entries of windows that belong to their facet where the class has won: place, code and distance.

        Parameters
        ----------
        value : float
        first, last : array of shape (n_codes,)
        turning : Turning
        """
        windows = [slice(*ends) for ends in zip(first, last, strict=True)]
        place, passed, below = (
            np.concatenate([array[:0], *(array[window] for window in windows)])
            for array in (self.place, self.passed, self.below)
        )
        gap = value - passed
        near = np.flatnonzero(2 * below <= gap + turning.tie)
        code = np.repeat(self.code, last - first)[near]
        place, gap, below = place[near], gap[near], below[near]
        ahead, highest = value - turning.needed[place], turning.highest[place]
        inside = below <= ahead + TIE * (np.abs(highest + ahead) + np.abs(highest))  # as for `Facets`
        return place[inside], code[inside], gap[inside]
