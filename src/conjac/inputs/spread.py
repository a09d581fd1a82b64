"""How far the columns spread: the unit of a drift."""

from __future__ import annotations

from collections.abc import Sequence

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
    table = inputs.native if list(places) == list(range(inputs.native.shape[1])) else inputs.native[:, places]
    found = _of_table(table, weight)
    missing = np.flatnonzero(~np.isfinite(found))
    found[missing] = [_of_column(table[:, column], weight) for column in missing]
    return found


def _of_table(table: AnyArray, weight: FloatArray | None) -> FloatArray:
    """Return standard deviations from sums of squares about the first row; nan where anything is missing."""
    n, width = table.shape
    pivot, step = table[0].astype(np.float64), max(1, AT_ONCE // width)
    ones, held = np.ones(step), np.empty((step, width))
    first, second = np.zeros((2, width))
    with np.errstate(invalid="ignore", over="ignore"):
        for start in range(0, n, step):
            block = table[start : start + step]
            moved, w = held[: len(block)], ones[: len(block)] if weight is None else weight[start : start + step]
            np.subtract(block, pivot, out=moved)
            first += w @ moved
            np.square(moved, out=moved)
            second += w @ moved
        total = n if weight is None else weight.sum()
        return np.asarray(np.sqrt(np.maximum(second / total - (first / total) ** 2, 0)))


def _of_column(column: AnyArray, weight: FloatArray | None) -> float:
    values = column.astype(np.float64)
    seen = np.isfinite(values)
    w = seen.astype(np.float64) if weight is None else np.where(seen, weight, 0.0)
    values = np.where(seen, values, 0.0)
    total = w.sum() or 1.0
    return float(np.sqrt(w @ (values - w @ values / total) ** 2 / total))
