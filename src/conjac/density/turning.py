r"""Rows in the order in which the rising offset of one class turns them.

A row turns to class k where :math:`b_k` passes :math:`r = \max_{l \ne k}(u_l + b_l) - u_k`. In the order of r the
rows before a value are those that k has won there, and those next to it are the nearest to its facets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.facets import TIE
from conjac.rules import ArgmaxRule


class Odd(NamedTuple):
    """Rows that do not go by the order at every value, since they tie there: places, and their predictions at each."""

    place: IntArray
    predicted: IntArray

    def applied(self, step: int, place: IntArray, predicted: IntArray) -> IntArray:
        """Return predictions of rows at one of the values, put right where they are among these."""
        if len(self.place):
            at = np.minimum(np.searchsorted(self.place, place), len(self.place) - 1)
            predicted = np.where(self.place[at] == place, self.predicted[step, at], predicted)
        return predicted


@dataclass(frozen=True, eq=False)
class Turning:
    """Rows in order, arrays of shape (n_samples,).

    Attributes
    ----------
    column : int
        Of the class whose offset moves.
    n_columns : int
    row : array
        Which row each is.
    needed : array
        The value of the offset past which it turns to the class, ascending.
    highest, second : array
        What is compared of the best and of the next best of the other classes; minus infinity where there is none.
    code : array
        Its true class, and the best of the other classes, as ``true * n_columns + other``.
    weight : array or None
    block : array or None
    """

    column: int
    n_columns: int
    row: IntArray
    needed: FloatArray
    highest: FloatArray
    second: FloatArray
    code: IntArray
    weight: FloatArray | None
    block: IntArray | None

    @classmethod
    def of(
        cls, compared: FloatArray, column: int, true: IntArray, weight: FloatArray | None, block: IntArray | None
    ) -> Self:
        """Order rows by what is compared of them, array of shape (n_columns, n_samples), the offsets added.

        What is needed is told less the offset of the class.
        """
        highest, second = np.full((2, compared.shape[1]), -np.inf)
        other = np.zeros(compared.shape[1], dtype=np.intp)
        for place, values in enumerate(compared):
            if place != column:
                np.maximum(second, np.minimum(highest, values), out=second)
                other[values > highest] = place
                np.maximum(highest, values, out=highest)
        needed = highest - compared[column]
        row = np.argsort(needed)
        code = true[row] * len(compared) + other[row]
        return cls(
            column=column,
            n_columns=len(compared),
            row=row,
            needed=needed[row],
            highest=highest[row],
            second=second[row],
            code=code,
            weight=None if weight is None else weight[row],
            block=None if block is None else block[row],
        )

    @property
    def true(self) -> IntArray:
        """True class of each row in order."""
        return self.code // self.n_columns

    def odd(self, values: FloatArray, rules: Sequence[ArgmaxRule], score: AnyArray) -> Odd:
        """Ask the rules of rows that tie.

        The best of the other classes is the same at every value, as long as the same numbers are compared: not where a
        rule's offsets are told less that of the class that moves, nor where they are alike and scores are compared as
        they are given.

        Parameters
        ----------
        values : array of shape (n_values,)
            As ``needed``.
        rules : sequence of ArgmaxRule
            At each value.
        score : array of shape (n_samples, n_classes)
        """
        size = TIE * (1 + np.abs(self.highest))
        others = np.flatnonzero(self.highest - self.second <= size)
        found: list[tuple[IntArray, IntArray]] = []
        for value, rule in zip(values, rules, strict=True):
            first, last = np.searchsorted(self.needed, [value - self.tie, value + self.tie])
            asked = np.arange(first, last)
            if self.column == 0 or np.ptp(rule.offsets) == 0:
                asked = np.union1d(asked, others)
            told = rule.predict(score[self.row[asked]])
            differs = told != self.assumed(asked, value)
            found.append((asked[differs], told[differs]))
        place = np.unique(np.concatenate([places for places, _ in found]))
        predicted = np.stack([self.assumed(place, value) for value in values])
        for told, (places, columns) in zip(predicted, found, strict=True):
            told[np.searchsorted(place, places)] = columns
        return Odd(place, predicted)

    def assumed(self, place: IntArray, value: float) -> IntArray:
        """Return predictions by the order alone, at one value."""
        return np.where(self.needed[place] < value, self.column, self.code[place] % self.n_columns)

    @cached_property
    def room(self) -> FloatArray:
        """How far before its turn a row belongs to the facet of the class and the best of the others, array."""
        if self.n_columns == 2:
            return np.full(len(self.needed), np.inf)
        rounding = TIE * (np.abs(self.highest) + np.abs(self.second))  # as for `Facets`
        return np.asarray(2 * (self.highest - self.second) + rounding)

    @cached_property
    def tie(self) -> float:
        """Differences that may be of rounding."""
        return float(TIE * (1 + np.abs(self.highest).max()))
