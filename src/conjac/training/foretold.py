"""The held-out rows at points that were not fitted: their predictions and cells, by interpolated margins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import FloatArray, IntArray
from conjac.engines.outcomes import Outcomes
from conjac.training.between import shares
from conjac.training.rounds import Round
from conjac.validation import ClassPredictions, Predictions

HELD = 2**21
"""Margins that are held at a time."""


@dataclass(frozen=True, eq=False)
class Foretold:
    """Rows at several points.

    Attributes
    ----------
    take : array of shape (n_points, n_known)
        What each point takes of what is known.
    known : array of shape (n_known, n_rows, n_outputs)
        Margins at each point that was fitted, and their derivatives.
    rows : Predictions or ClassPredictions
    """

    take: FloatArray
    known: FloatArray
    rows: Predictions | ClassPredictions

    @classmethod
    def of(cls, rounds: Sequence[Round], points: FloatArray) -> Self:
        """Interpolate between rounds.

        Parameters
        ----------
        rounds : sequence of Round
        points : array of shape (n_points, n_axes)
        """
        visited = np.array([each.point for each in rounds])
        known = [np.moveaxis(np.concatenate([r.margin[..., None], r.speed], axis=2), 2, 0) for r in rounds]
        take = shares(visited, points).reshape(len(points), -1)
        return cls(take, np.concatenate(known), rounds[0].decided.rows)

    @property
    def n_classes(self) -> int:
        """How many classes there are."""
        return len(self.rows.labels)

    def predicted(self, part: slice) -> IntArray:
        """Return places of predicted classes at some points, array of shape (n_part, n_rows)."""
        margin = np.tensordot(self.take[part], self.known, axes=1)
        largest = margin[..., 0] >= 0 if margin.shape[2] == 1 else margin.argmax(axis=2)
        return np.asarray(largest, dtype=np.intp)

    def cells(self) -> FloatArray:
        """Return the weight in each cell at every point, array of shape (n_points, n_classes, n_classes)."""
        weight = np.eye(self.n_classes)[self.rows.true.astype(np.intp)]
        if self.rows.weight is not None:
            weight *= self.rows.weight[:, None]
        found = np.empty((len(self.take), self.n_classes, self.n_classes))
        step = max(1, HELD // self.known[0].size)
        for start in range(0, len(found), step):
            part = slice(start, start + step)
            predicted = self.predicted(part)
            for k in range(self.n_classes):
                found[part, :, k] = (predicted == k) @ weight
        return found

    def outcomes(self, place: int) -> Outcomes:
        """Return what becomes of each row at one point."""
        return Outcomes.of(self.rows, self.predicted(slice(place, place + 1))[0], self.n_classes)
