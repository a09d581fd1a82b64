"""Some of many rows, to be looked at: those that matter to a slope, and of the others as many of each cell as fit."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from conjac._typing import IntArray
from conjac.contributions.result import RowContributions
from conjac.errors import InvalidInputError

FLIPS = 8
"""Rows next to flip that are kept, either way."""
STRONGEST = 0.5
"""Share of the sample that the strongest rows take, at most."""


class Sample(NamedTuple):
    """Some of the rows, in their order.

    Attributes
    ----------
    rows : array of shape (n_sampled,)
    rising, falling : array of shape (n_flips,)
        Of all rows, those that flip next either way and change the figure, the first first.
    told : str
        How they were chosen.
    """

    rows: IntArray
    rising: IntArray
    falling: IntArray
    told: str


def sample(contributions: RowContributions, n: int, random_state: Any = None) -> Sample:
    """Choose rows.

    Parameters
    ----------
    contributions : RowContributions
    n : int
        How many, at most.
    random_state : None, int or RandomState

    Raises
    ------
    InvalidInputError
        Fewer than the rows that flip next.
    """
    rising, falling = (contributions.next_to_flip(FLIPS, way, changing=True) for way in (True, False))
    n_rows = len(contributions)
    if n < 4 * FLIPS:
        raise InvalidInputError(f"n_points={n}: expected {4 * FLIPS} at least")
    if n_rows <= n:
        return Sample(np.arange(n_rows), rising, falling, f"All {n_rows:,} rows.")
    strongest = contributions.top(int(STRONGEST * n))
    kept = np.union1d(strongest, np.concatenate([rising, falling]))
    rest = np.setdiff1d(np.arange(n_rows), kept)
    drawn = _of_each_cell(contributions, rest, n - len(kept), check_random_state(random_state))
    told = (
        f"{n:,} of {n_rows:,} rows: those that flip next, the {len(strongest):,} that add the most, and of the others "
        "a random sample in proportion to the cells of the matrix."
    )
    return Sample(np.union1d(kept, drawn), rising, falling, told)


def _of_each_cell(contributions: RowContributions, rows: IntArray, n: int, rng: Any) -> IntArray:
    """Return n of the rows: of each cell in proportion, spread evenly over the rows sorted by cell."""
    shuffled = rng.permutation(rows)
    true, predicted, _ = contributions.codes.astype(np.intp)
    cell = true[shuffled] * len(contributions.outcomes) + predicted[shuffled]
    ordered = shuffled[np.argsort(cell, kind="stable")]
    places = ((np.arange(n) + rng.random_sample()) * len(ordered) / n).astype(np.intp)
    return np.asarray(ordered[places])
