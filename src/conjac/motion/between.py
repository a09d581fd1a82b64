"""Slopes at very many thresholds: estimated at some of them, and read off straight lines at the others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from conjac._typing import FloatArray, IntArray
from conjac.density import Density
from conjac.motion.slopes import Slopes
from conjac.motion.threshold import Motion

PER_BANDWIDTH = 32
"""Thresholds estimated to a bandwidth: straight lines between them are off by a small part of a standard error."""
MANY = 2**13
"""Thresholds from which lines are drawn."""


def slopes_along(
    density: Density, cut: FloatArray, motion_at: Callable[[IntArray], Motion], slopes: Callable[[Motion], Slopes]
) -> Slopes:
    """Return slopes at many cuts; where scores sit on atoms, and nothing is straight, each for itself.

    Parameters
    ----------
    density : Density
    cut : array of shape (n_points,)
        Ascending and distinct, on the margin scale.
    motion_at : callable
        From places of cuts to the motion there.
    slopes : callable
        From a motion to slopes, arrays of shape (n_points, ...).
    """
    inside = np.flatnonzero(np.isfinite(cut))
    at = inside[_knots(density, cut[inside])] if len(inside) else inside
    if 0 < len(at) < len(cut) // 2:
        motion = motion_at(at)
        if (motion.flux.method == "tangent").all():
            return slopes(motion).mapped(lambda figure: _lines(cut[at], figure, cut))
    parts = np.array_split(np.arange(len(cut)), -(-len(cut) // MANY))
    each = [slopes(motion_at(part)) for part in parts]
    return Slopes(*(np.concatenate(figures) for figures in zip(*(part[:3] for part in each), strict=True)))


def _knots(density: Density, cut: FloatArray) -> IntArray:
    """Return the places of both ends of every stretch of a 32nd of a bandwidth that holds cuts."""
    stretch = np.zeros(len(cut))
    for tangent in density.tangents:
        stretch += np.floor(np.clip(tangent.normalizing(cut), -1e6, 1e6) * (PER_BANDWIDTH / tangent.bandwidth))
    turns = np.flatnonzero(np.diff(stretch) != 0)
    return np.unique(np.concatenate([[0], turns, turns + 1, [len(cut) - 1]]))


def _lines(at: FloatArray, figure: FloatArray, cut: FloatArray) -> FloatArray:
    """Return a figure at cuts by straight lines between those at some of them; nan where either end is, and beyond."""
    place = np.clip(np.searchsorted(at, cut, side="right") - 1, 0, len(at) - 2)
    with np.errstate(invalid="ignore"):
        share = ((cut - at[place]) / (at[place + 1] - at[place])).reshape(-1, *[1] * (figure.ndim - 1))
        found = figure[place] + np.where(share > 0, share * (figure[place + 1] - figure[place]), 0.0)
    found[~np.isfinite(cut)] = np.nan
    return np.asarray(found)
