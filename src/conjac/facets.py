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
from conjac.odds import Odds
from conjac.rules import ArgmaxRule, first_true, top_two

SCORES_AT_ONCE = 2**17
"""Few enough that all columns of the rows they are of stay in a processor's cache."""
TIE = 1e-12


@dataclass(frozen=True, eq=False)
class Facets:
    """Predictions of a rule, and the margins of the rows near each facet.

    Attributes
    ----------
    n_columns : int
        Outcomes of the rule.
    predicted : array of shape (n_samples,)
        In the smallest unsigned integers that hold it, as are ``row`` and ``other``.
    row : array of shape (n_entries,)
        A row may belong to several facets.
    other : array of shape (n_entries,)
        The facet's class that is not the row's highest.
    gap : array of shape (n_entries,)
        From the highest down to the other: the size of the margin; of a bundle of rows, its mean.
    within : array of shape (n_entries,) or None
        Variance of the gap within a bundle; None of rows.
    """

    n_columns: int
    predicted: AnyArray
    row: AnyArray
    other: AnyArray
    gap: FloatArray
    within: FloatArray | None = None

    @classmethod
    def of(
        cls,
        rule: ArgmaxRule,
        score: AnyArray,
        within: float | FloatArray = np.inf,
        group: IntArray | None = None,
    ) -> Self:
        """Sort rows to facets.

        Parameters
        ----------
        rule : ArgmaxRule
        score : array of shape (n_samples, n_classes)
        within : float or array of shape (n_groups, n_columns)
            Leave out margins larger than this; of rows in groups, by group and by the row's predicted class.
        group : array of shape (n_samples,), optional

        Examples
        --------
        >>> import numpy as np
        >>> found = Facets.of(ArgmaxRule(np.zeros(3), "score"), np.array([[5.0, 4.0, 3.5], [0.0, 2.0, 1.9]]))
        >>> found.predicted.tolist(), found.pair.tolist(), found.margin.round(1).tolist()
        ([0, 1], [1, 2, 5], [-1.0, -1.5, -0.1])
        """
        limits = np.full((1, rule.n_columns), within) if group is None else np.asarray(within)
        step = max(1, SCORES_AT_ONCE // rule.n_columns)
        parts = []
        for start in range(0, max(len(score), 1), step):
            some = slice(start, start + step)
            parts.append(_near(rule, score[some], start, limits, 0 if group is None else group[some]))
        return cls(rule.n_columns, *(np.concatenate(part) for part in zip(*parts, strict=True)))

    @property
    def pair(self) -> IntArray:
        """The facet's classes j < k, as ``j * n_columns + k``, array of shape (n_entries,)."""
        highest = self.predicted[self.row].astype(np.intp)
        return np.asarray(np.minimum(highest, self.other) * self.n_columns + np.maximum(highest, self.other))

    @property
    def margin(self) -> FloatArray:
        """Positive where k of j < k wins, array of shape (n_entries,)."""
        return np.where(self.predicted[self.row] > self.other, self.gap, -self.gap)


def _near(
    rule: ArgmaxRule, score: AnyArray, start: int, within: FloatArray, group: IntArray | int
) -> tuple[AnyArray, ...]:
    """Return some rows' predictions, and for each facet they are near: row, other class and gap."""
    columns = rule.compared(score)
    highest, second = top_two(columns)
    is_highest = columns == highest
    predicted = first_true(is_highest)
    near_tie = np.flatnonzero(highest - second <= TIE * (1 + np.abs(highest)))  # logarithms may tie where scores do not
    predicted[near_tie] = rule.predict(score[near_tie])
    number = np.arange(len(columns), dtype=np.min_scalar_type(len(columns)))
    is_highest[:, near_tie] = number[:, None] == predicted[near_tie]
    rounding = TIE * (np.abs(highest) + np.abs(second))  # at the midpoint is below it, however it was rounded
    reach = within.ravel()[group * len(columns) + predicted]
    odds = Odds.of(rule, score.shape[1])
    if odds is not None:
        reach = np.where(predicted == odds.option, reach * odds.stretch, reach)
    near = columns >= np.maximum(2 * second - highest - rounding, highest - reach)
    if odds is not None:
        odds.mark(near, columns, predicted, highest - reach)
    flat = np.flatnonzero(np.greater(near, is_highest, out=near))
    of_column = np.diff(np.searchsorted(flat, np.arange(len(columns) + 1) * len(highest)))
    row = flat - np.repeat(number * np.intp(len(highest)), of_column)
    gap = highest[row] - columns.ravel()[flat]
    small, other = np.min_scalar_type(start + len(score)), np.repeat(number, of_column)
    if odds is not None:
        gap = odds.gap(gap, predicted[row], other)
    return predicted.astype(number.dtype), (row + start).astype(small), other, gap
