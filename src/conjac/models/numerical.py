"""Derivatives of a model of which nothing is known but its scores: central differences, where these prove smooth.

A step function's differences are 0, or jumps over the step; a smooth one's are the same over a step and over twice
that. Both are looked at on a few rows before they are believed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.inputs import Inputs

STEP = 0.01
"""Of a standard deviation: far above the rounding of single precision, far below what models bend over."""
AGREE = 0.05
"""Relative difference of two differences that are taken for the same."""
MOST_STILL = 0.2
"""Share of differences that may be exactly 0 where others, of the same column and output, are not."""
ENOUGH = 0.9
"""Share of differences that must agree."""

Compared = Callable[[Any], FloatArray]
"""From inputs to what margins are made of, array of shape (n_rows, n_outputs)."""


@dataclass(frozen=True, eq=False)
class Differences:
    """Central differences of what margins are made of.

    Attributes
    ----------
    compared : callable
    places : tuple of int
        Columns that are differentiated by.
    steps : array of shape (n_places,)
        Half the distance, in units of the column.
    """

    compared: Compared
    places: Sequence[int]
    steps: FloatArray

    def pull(self, native: Any, cotangent: AnyArray) -> FloatArray:
        """Return the product of cotangents with the derivative, array of shape (n_rows, n_columns)."""
        inputs = Inputs.of(native)
        found = np.zeros((inputs.n_rows, len(inputs.names)))
        for place, step in zip(self.places, self.steps, strict=True):
            found[:, place] = (self._over(inputs, place, step) * cotangent).sum(axis=1)
        return found

    def smooth(self, inputs: Inputs) -> bool:
        """Tell whether differences over one step and over two agree, on those of the rows that can move."""
        agreed, still = [], []
        for place, step in zip(self.places, self.steps, strict=True):
            can_move = np.isfinite(inputs.column(place).astype(np.float64))
            near, far = (self._over(inputs, place, width * step)[can_move] for width in (1, 2))
            size = np.maximum(np.abs(near), np.abs(far))
            moved = size > 0
            if moved.any():
                still.append((near == 0)[:, moved.any(axis=0)].mean())
                floor = np.median(size[moved])
                agreed.append(np.abs(near - far)[moved] <= AGREE * np.maximum(size[moved], floor))
        if not agreed:
            return False
        return bool(np.concatenate(agreed).mean() >= ENOUGH and np.mean(still) <= MOST_STILL)

    def _over(self, inputs: Inputs, place: int, step: float) -> FloatArray:
        up, down = (self.compared(inputs.moved(place, side * step)) for side in (1, -1))
        found = (up - down) / (2 * step)
        return np.where(np.isfinite(found), found, 0.0)
