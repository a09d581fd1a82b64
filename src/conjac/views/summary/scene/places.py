"""Values of one offset at which its path is told."""

from __future__ import annotations

import numpy as np

from conjac._typing import FloatArray
from conjac.density import Turning

FEW = 0.001
"""Share of the rows, those of the class counting as much as all others, that are predicted at the lowest value; and are
not at the highest."""
NARROW = 1e-9
BEYOND = 1.0
"""How far past the last row a value lies at which all rows or none are predicted."""


def offset_steps(turning: Turning, n_steps: int, also: FloatArray) -> tuple[FloatArray, int]:
    """Return by how much to move an offset, and which of the moves is none.

    The values lie between rows, evenly by the rank of the rows that turn there; those of the class count as much in all
    as those of all others, so that the path of a rare class is told as well. They reach from where next to none of the
    rows is predicted to be of the class to where next to all are, however far that is.

    Parameters
    ----------
    turning : Turning
    n_steps : int
        At most, that of no move included.
    also : array of shape (n_asked,)
        Values that are told too.

    Returns
    -------
    values : array of shape (n_steps,)
        Ascending.
    base : int
        The place of 0.
    """
    needed, own = turning.needed, turning.true == turning.column
    weight = np.ones(len(needed)) if turning.weight is None else turning.weight
    rank = np.zeros(len(needed))
    for side in (own, ~own):
        total = weight[side].sum()
        rank[side] = weight[side] / total if total > 0 else 0.0
    gaps = np.flatnonzero(np.diff(needed) > NARROW * (1 + np.abs(needed[1:])))
    between = np.concatenate([[needed[0] - BEYOND], (needed[gaps] + needed[gaps + 1]) / 2, [needed[-1] + BEYOND]])
    turned = np.concatenate([[0.0], rank.cumsum()[gaps] / rank.sum(), [1.0]])
    asked = np.rint(np.interp(np.linspace(FEW, 1 - FEW, n_steps - 1), turned, np.arange(len(turned)))).astype(np.intp)
    inside = (1, len(between) - 2) if len(gaps) else (0, 1)  # of rows that all turn at once there are but none and all
    values = between[np.unique(np.clip(asked, *inside))]
    values = np.union1d(values, also)
    values = np.union1d(values[np.abs(values) > NARROW], [0.0])
    return values, int(np.searchsorted(values, 0.0))
