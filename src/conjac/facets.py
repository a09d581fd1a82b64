r"""Which rows lie near which decision boundary: the map from scores to facets.

On the facet j|k the margin is :math:`m = (u_k + b_k) - (u_j + b_j)`, positive where k wins. A row belongs to it when
every other class lies at or below the midpoint of j and k. So one of the two is the row's highest class, and with
:math:`d_l` the gap from the highest down to class l, the row belongs to the facet of the highest and l exactly where
:math:`d_l \le 2 d_2`, twice the gap to the second highest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.rules import ArgmaxRule

ROWS_AT_ONCE = 2**13
"""Few enough that all columns of them stay in a processor's cache."""
TIE = 1e-12


@dataclass(frozen=True, eq=False)
class Facets:
    """Predictions of a rule, and the margins of the rows near each facet.

    Attributes
    ----------
    n_columns : int
        Outcomes of the rule.
    predicted : array of shape (n_samples,)
    row : array of shape (n_entries,)
        A row may belong to several facets.
    pair : array of shape (n_entries,)
        The facet's classes j < k, as ``j * n_columns + k``.
    margin : array of shape (n_entries,)
        Positive where k wins.
    """

    n_columns: int
    predicted: IntArray
    row: IntArray
    pair: IntArray
    margin: FloatArray

    @classmethod
    def of(cls, rule: ArgmaxRule, score: AnyArray, within: float = np.inf) -> Self:
        """Sort rows to facets.

        Parameters
        ----------
        rule : ArgmaxRule
        score : array of shape (n_samples, n_classes)
        within : float
            Leave out margins larger than this.

        Examples
        --------
        >>> import numpy as np
        >>> found = Facets.of(ArgmaxRule(np.zeros(3), "score"), np.array([[5.0, 4.0, 3.5], [0.0, 2.0, 1.9]]))
        >>> found.predicted.tolist(), found.pair.tolist(), found.margin.round(1).tolist()
        ([0, 1], [1, 2, 5], [-1.0, -1.5, -0.1])
        """
        starts = range(0, max(len(score), 1), ROWS_AT_ONCE)
        parts = [_near(rule, score[start : start + ROWS_AT_ONCE], start, within) for start in starts]
        return cls(rule.n_columns, *(np.concatenate(part) for part in zip(*parts, strict=True)))


def _near(rule: ArgmaxRule, score: AnyArray, start: int, within: float) -> tuple[AnyArray, ...]:
    """Return some rows' predictions, and for each facet they are near: row, pair and margin."""
    columns = np.ascontiguousarray(rule.compared(score).T)
    n_columns, n = columns.shape
    highest, second = columns[0].copy(), np.full(n, -np.inf)
    winner = np.zeros(n, dtype=np.intp)
    for k in range(1, n_columns):
        np.putmask(winner, columns[k] > highest, k)
        np.maximum(second, np.minimum(highest, columns[k]), out=second)
        np.maximum(highest, columns[k], out=highest)
    near_tie = highest - second <= TIE * (1 + np.abs(highest))  # logarithms may tie where scores do not
    winner[near_tie] = rule.predict(score[near_tie])
    columns[winner, np.arange(n)] = -np.inf
    rounding = TIE * (np.abs(highest) + np.abs(second))  # at the midpoint is below it, however it was rounded
    flat = np.flatnonzero(columns >= np.maximum(2 * second - highest - rounding, highest - within))
    other = flat // n
    row = flat - other * n
    gap = highest[row] - columns.ravel()[flat]
    won = winner[row]
    upper = won > other
    pair = np.where(upper, other * n_columns + won, won * n_columns + other)
    return winner, row + start, pair, np.where(upper, gap, -gap)
