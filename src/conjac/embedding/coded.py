"""A table of any columns as standardised numbers, so that each column weighs the same in a distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.errors import InvalidInputError
from conjac.inputs import Inputs, Kinds

FURTHEST = 3.0
"""Standard deviations from the mean beyond which a number counts as there, so that a few rows do not take all room."""


@dataclass(frozen=True, eq=False)
class Coded:
    """Standardised numbers, with what was done to the columns.

    Attributes
    ----------
    values : array of shape (n_rows, n_coded)
        A number as standard deviations from its mean, at most 3; a category one-hot, centred, of variance 1 in all.
    told : tuple of str
        What was filled in and left out, in words.

    Examples
    --------
    >>> import numpy as np
    >>> found = Coded.of(Inputs.of(np.array([[1.0, 5, 7], [2.0, np.nan, 7], [3.0, 9, 7]]), ["a", "b", "c"]))
    >>> found.values.round(2).tolist()
    [[-1.22, -1.22], [0.0, 0.0], [1.22, 1.22]]
    >>> found.told
    ('1 missing value in 1 column taken as the median of the column', 'left out: c (one value in all rows)')
    """

    values: FloatArray
    told: tuple[str, ...]

    @classmethod
    def of(cls, inputs: Inputs) -> Self:
        """Code all columns.

        Raises
        ------
        InvalidInputError
            No column that varies.
        """
        kinds = Kinds.of(inputs)
        of_two = [places[0] for places in kinds.categories.values() if _is_number(inputs, places)]
        numbers = [inputs.column(place).astype(np.float64) for place in (*kinds.numeric, *of_two)]
        missing = [int(np.count_nonzero(~np.isfinite(column))) for column in numbers]
        parts = [np.clip(_standardised(_filled(column)[:, None]), -FURTHEST, FURTHEST) for column in numbers]
        words = (places for places in kinds.categories.values() if not _is_number(inputs, places))
        parts += [_standardised(_one_hot(inputs, places)) for places in words]
        parts = [part for part in parts if part.any()]
        if not parts:
            why = "; ".join(f"{name}: {reason}" for name, reason in kinds.aside.items()) or "none varies"
            raise InvalidInputError(f"X has no column by which rows can be placed ({why}); pass one that tells them")
        return cls(np.hstack(parts), _told(missing, kinds.aside))


def _told(missing: list[int], aside: dict[str, str]) -> tuple[str, ...]:
    found = []
    total, n_columns = sum(missing), np.count_nonzero(missing)
    if total:
        of = f"{total:,} missing value{'' if total == 1 else 's'} in {n_columns} column{'' if n_columns == 1 else 's'}"
        found.append(f"{of} taken as the median of the column")
    if aside:
        some = [f"{name} ({why})" for name, why in list(aside.items())[:3]]
        more = [f"{len(aside) - len(some)} more"] if len(aside) > len(some) else []
        found.append(f"left out: {', '.join(some + more)}")
    return tuple(found)


def _is_number(inputs: Inputs, places: tuple[int, ...]) -> bool:
    """Tell whether a category is a column of numbers with two values."""
    return len(places) == 1 and inputs.head(places[0], 1).dtype.kind in "iuf"


def _filled(column: FloatArray) -> FloatArray:
    known = column[np.isfinite(column)]
    return np.where(np.isfinite(column), column, np.median(known) if len(known) else 0.0)


def _one_hot(inputs: Inputs, places: tuple[int, ...]) -> FloatArray:
    """Return a column a category; columns that are one-hot already are taken as they are."""
    if len(places) > 1:
        return np.column_stack([inputs.column(place).astype(np.float64) for place in places])
    names: AnyArray = np.array(list(map(str, inputs.column(places[0]))), dtype=object)
    found, index = np.unique(names, return_inverse=True)
    return np.eye(len(found))[index]


def _standardised(block: FloatArray) -> FloatArray:
    """Return columns that belong together, centred, of variance 1 in all; 0 of those that do not vary."""
    centred = block - block.mean(axis=0)
    spread = np.sqrt(centred.var(axis=0).sum())
    known = np.isfinite(spread) and spread > 0
    return np.asarray(centred / spread if known else np.zeros_like(centred))
