"""How far the columns spread: the unit of a drift."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.inputs.inputs import Inputs

AT_ONCE = 2**15
"""Numbers looked at together, few enough to stay in a processor's cache."""


def spread(inputs: Inputs, places: Sequence[int], weight: FloatArray | None) -> FloatArray:
    """Return the weighted standard deviation of columns, each over the rows where it is not missing.

    Parameters
    ----------
    inputs : Inputs
    places : sequence of int
        Of numeric columns.
    weight : array of shape (n_rows,) or None

    Returns
    -------
    array of shape (n_places,)

    Examples
    --------
    >>> import numpy as np
    >>> spread(Inputs.of(np.array([[1.0, 5.0], [3.0, np.nan], [5.0, 9.0]])), [0, 1], None)
    array([1.63299316, 2.        ])
    """
    if inputs.is_frame or not len(places):
        return np.array([_of_column(inputs.column(place), weight) for place in places])
    table = inputs.native.reshape(inputs.n_rows, -1)
    table = table if list(places) == list(range(table.shape[1])) else table[:, places]
    found = _of_table(table, weight)
    missing = np.flatnonzero(~np.isfinite(found))
    found[missing] = [_of_column(table[:, column], weight) for column in missing]
    return found


def _of_table(table: AnyArray, weight: FloatArray | None) -> FloatArray:
    """Return standard deviations from sums about the first row; nan where anything is missing."""
    n, pivot = len(table), table[0].astype(np.float64)
    halves = [slice(0, n // 2), slice(n // 2, n)]
    with ThreadPoolExecutor(len(halves)) as pool:
        sums = pool.map(lambda part: _sums(table[part], None if weight is None else weight[part], pivot), halves)
        first, second = np.sum(list(sums), axis=0)
    total = n if weight is None else weight.sum()
    with np.errstate(invalid="ignore"):
        return np.asarray(np.sqrt(np.maximum(second / total - (first / total) ** 2, 0)))


def _sums(table: AnyArray, weight: FloatArray | None, pivot: FloatArray) -> FloatArray:
    """Return sums of what columns hold beyond a pivot, and of its square, array of shape (2, n_columns)."""
    step = max(1, AT_ONCE // len(pivot))
    ones, held, found = np.ones(step), np.empty((step, len(pivot))), np.zeros((2, len(pivot)))
    with np.errstate(invalid="ignore", over="ignore"):
        for start in range(0, len(table), step):
            block = table[start : start + step]
            moved, w = held[: len(block)], ones[: len(block)] if weight is None else weight[start : start + step]
            np.subtract(block, pivot, out=moved)
            found[0] += w @ moved
            np.square(moved, out=moved)
            found[1] += w @ moved
    return found


def _of_column(column: AnyArray, weight: FloatArray | None) -> float:
    values = column.astype(np.float64)
    seen = np.isfinite(values)
    w = seen.astype(np.float64) if weight is None else np.where(seen, weight, 0.0)
    values = np.where(seen, values, 0.0)
    total = w.sum() or 1.0
    return float(np.sqrt(w @ (values - w @ values / total) ** 2 / total))


def robust_spread(column: AnyArray) -> float:
    """Return the scale of what a column holds, deaf to few that lie far off; nan where it does not vary."""
    known = column[np.isfinite(column)].astype(np.float64)
    if not known.size:
        return np.nan
    low, high = np.quantile(known, (0.25, 0.75))
    deviation = float(known.std())
    return (min(deviation, (high - low) / 1.349) if high > low else deviation) or np.nan
