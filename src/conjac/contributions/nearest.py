"""The boundary that each row is nearest to, of those that move, and how far it is from it."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray, Scale
from conjac.coordinates import margins
from conjac.engines.outcomes import Outcomes
from conjac.rules import ArgmaxRule

AT_ONCE = 2**17
"""Scores that are looked at together."""


class Nearest(NamedTuple):
    """Arrays of shape (n_samples,).

    Attributes
    ----------
    other : array of int
        The class across.
    size : array of float
        How far it is on the margin scale.
    """

    other: AnyArray
    size: FloatArray

    @classmethod
    def of(cls, rows: Outcomes, scale: Scale, cut: float, offset: int | None) -> Self:
        """Look at all rows.

        Parameters
        ----------
        rows : Outcomes
            With their scores.
        scale : {"logit", "score"}
        cut : float
            Of a threshold, on the margin scale.
        offset : int or None
            The one offset that moves, of several classes.
        """
        assert rows.score is not None
        if not isinstance(rows.rule, ArgmaxRule):
            return cls(1 - rows.predicted, np.abs(margins(rows.score, scale) - cut))
        other, size = np.empty_like(rows.predicted), np.empty(len(rows.predicted))
        step = max(1, AT_ONCE // rows.n_columns)
        for start in range(0, len(size), step):
            part = slice(start, start + step)
            predicted = rows.predicted[part].astype(np.intp)
            other[part], size[part] = _across(rows.rule.compared(rows.score[part]), predicted, offset)
        return cls(other, size)

    def signed(self, predicted: AnyArray) -> FloatArray:
        """Return margins, positive where the later of the two classes wins."""
        return np.where(predicted > self.other, self.size, -self.size)


def _across(columns: FloatArray, predicted: IntArray, offset: int | None) -> tuple[IntArray, FloatArray]:
    """Return the class across each row's nearest boundary, and the gap down to it."""
    row = np.arange(len(predicted))
    highest = columns[predicted, row]
    columns[predicted, row] = -np.inf
    other = columns.argmax(axis=0)
    if offset is not None:  # it rises to the highest past all between
        other = np.where(predicted == offset, other, offset)
    return other, np.maximum(highest - columns[other, row], 0.0)
