"""Whether one column that moves alone leaves what was seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from conjac._typing import FloatArray
from conjac.inputs.inputs import Inputs

SAMPLE = 2**15
FAR = 3.0
"""Standard deviations given the other columns from which a drift is told to leave the data."""
BEYOND = 0.2
"""Share of rows that may leave a column's range, whichever way it drifts, before that is told."""
RIDGE = 1e-9


def leaves_support(inputs: Inputs, places: Sequence[int], drift: FloatArray) -> list[str]:
    """Say of each column how a drift of it alone leaves what was seen; nothing where it does not.

    Parameters
    ----------
    inputs : Inputs
    places : sequence of int
        Of numeric columns.
    drift : array of shape (n_places,)
        In units of the columns.

    Returns
    -------
    list of str, of length n_places

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> a, b = rng.normal(size=(2, 1000))
    >>> inputs = Inputs.of(np.stack([a, a + 0.1 * b], axis=1))
    >>> leaves_support(inputs, [0], np.array([1.0]))
    ['']
    >>> leaves_support(inputs, [0, 1], np.array([1.0, 1.0]))[0]
    'alone it moves by 9.9 of its standard deviations given the other columns: hardly any such row was seen'
    """
    stride = max(1, inputs.n_rows // SAMPLE)
    some = inputs.take(slice(0, None, stride))
    table = np.stack([some.column(place).astype(np.float64) for place in places], axis=1)
    given = drift / _given_the_others(table)
    notes = []
    for column, by, sds in zip(table.T, drift, given, strict=True):
        values = column[np.isfinite(column)]
        highest, lowest = values.max(initial=-np.inf), values.min(initial=np.inf)
        up, down = (float(past.sum() / max(1, len(values))) for past in (values > highest - by, values < lowest + by))
        if sds > FAR:
            notes.append(
                f"alone it moves by {sds:.1f} of its standard deviations given the other columns: hardly any such row "
                "was seen"
            )
        elif min(up, down) > BEYOND:
            notes.append(
                f"it takes {up:.0%} of the rows above the largest value seen, or {down:.0%} below the smallest"
            )
        else:
            notes.append("")
    return notes


def _given_the_others(table: FloatArray) -> FloatArray:
    """Return the standard deviation of each column given a linear function of the others, of shape (n_columns,)."""
    seen = np.isfinite(table)
    mean = np.where(seen, table, 0.0).sum(axis=0) / np.maximum(1, seen.sum(axis=0))
    centred = np.where(seen, table - mean, 0.0)
    scale = np.sqrt((centred**2).mean(axis=0))
    safe = np.where(scale > 0, scale, 1.0)
    correlation = (centred / safe).T @ (centred / safe) / len(table)
    np.fill_diagonal(correlation, 1 + RIDGE)
    return np.asarray(safe / np.sqrt(np.diag(np.linalg.inv(correlation))))
