"""Each row's highest of some columns: what a column must pass to be predicted.

A scan of column k asks for the highest of all others. Of those before k it is known from the scans before; of those
after k from one pass in the other direction: in all some three comparisons a row and column, not ``n_columns``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Highest:
    """The highest of some columns.

    Attributes
    ----------
    column : array of shape (n_samples,) or ()
        The first of equal ones.
    value : array of shape (n_samples,) or ()
        Offsets added.
    """

    column: IntArray
    value: FloatArray

    def or_later(self, later: Highest) -> Highest:
        """Return the highest of these columns and of others that come after them."""
        column = np.where(later.value > self.value, later.column, self.column)
        return Highest(column, np.maximum(self.value, later.value))


NONE = Highest(np.array(0), np.array(-np.inf))
"""Of no column."""


def only(k: int, value: FloatArray) -> Highest:
    """Return what is the highest where there is no other column."""
    return Highest(np.array(k), value)


def after_each(moved: FloatArray) -> list[Highest]:
    """Return for each column the highest of those after it.

    Parameters
    ----------
    moved : array of shape (n_columns, n_samples)
        What is compared, offsets added.
    """
    after = [NONE]
    for k in reversed(range(1, len(moved))):
        after.append(only(k, moved[k]).or_later(after[-1]))
    return after[::-1]


def all_but(moved: FloatArray, k: int) -> Highest:
    """Return the highest of all columns but one, array as for `after_each`."""
    found = NONE
    for column in (*range(k), *range(k + 1, len(moved))):
        found = found.or_later(only(column, moved[column]))
    return found
