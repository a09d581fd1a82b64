"""Velocities of the rows of a key, as the sums that the mean velocity at a threshold, and its error, need.

The margin's velocity v is per unit of a parameter. Standard errors are of weighted sums, so that squared weights are
summed with it as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import numpy as np

from conjac._typing import AnyArray, FloatArray, Scale
from conjac.coordinates import FLOOR

MOMENTS = ("wv", "wvv", "wwv", "wwvv", "w_moving")
"""Sums of the weight w times v, and v squared; of the squared weight times these; of the weight where v is not 0."""


def moments_of(velocity: FloatArray, weight: FloatArray | None) -> FloatArray:
    """Return what each row adds to the sums, array of shape (n_samples, n_velocities, 5).

    Parameters
    ----------
    velocity : array of shape (n_samples, n_velocities)
        Of the margin.
    weight : array of shape (n_samples,) or None
    """
    w = 1.0 if weight is None else weight[:, None]
    square = velocity * velocity
    return np.stack([w * velocity, w * square, w * w * velocity, w * w * square, w * (velocity != 0)], axis=-1)


def margin_velocity(velocity: FloatArray, score: AnyArray, scale: Scale) -> FloatArray:
    """Return velocities of margins from those of scores, arrays of shape (n_samples, n_velocities)."""
    if scale == "score":
        return velocity
    p = np.asarray(score, dtype=np.float64)
    return np.asarray(velocity / (np.maximum(p, FLOOR) * np.maximum(1 - p, FLOOR))[:, None])


def moment_columns(velocities: Iterable[str]) -> list[str]:
    """Return names for the sums, each a column, in their order."""
    return [f"{moment}: {name}" for name, moment in product(velocities, MOMENTS)]
