"""What each column is: a number that can drift, or a category whose share can move."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from conjac._typing import AnyArray
from conjac.errors import InvalidInputError
from conjac.inputs.inputs import Inputs

HEAD = 64
"""Rows by which most columns are seen to hold more than two numbers."""
MOST_CATEGORIES = 1000
"""More are most likely names of rows."""


@dataclass(frozen=True, eq=False)
class Kinds:
    """The columns of a model's inputs by kind.

    Attributes
    ----------
    numeric : tuple of int
        Places of the columns that can drift.
    categories : dict
        Places by name: a column of categories or of two values, or one-hot columns, of which just one is 1 in each row.
    aside : dict
        Why a column is neither, by name.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1.5, 1, 0, 7], [2.5, 0, 1, 7], [0.5, 1, 0, 7]])
    >>> found = Kinds.of(Inputs.of(X, ["age", "is_north", "is_south", "year"]))
    >>> found.numeric, found.categories, found.aside
    ((0,), {'is_north, is_south': (1, 2)}, {'year': 'one value in all rows'})
    """

    numeric: tuple[int, ...]
    categories: dict[str, tuple[int, ...]]
    aside: dict[str, str]

    @classmethod
    def of(cls, inputs: Inputs, categorical: Sequence[Any] = ()) -> Self:
        """Look at all columns.

        Parameters
        ----------
        inputs : Inputs
        categorical : sequence of str or int
                Columns of numbers that stand for categories; none of an image's pixels, which are numbers all.

        Raises
        ------
        InvalidInputError
            Categories among pixels.
        """
        if inputs.is_image:
            if len(categorical):
                raise InvalidInputError(
                    f"categorical={list(categorical)}: X holds images, whose pixels are numbers all"
                )
            return cls(tuple(range(len(inputs.names))), {}, {})
        named = {inputs.place(name) for name in categorical}
        numeric, flags = list[int](), list[int]()
        categories, aside = dict[str, tuple[int, ...]](), dict[str, str]()
        for place, name in enumerate(inputs.names):
            if place not in named and _many(inputs.head(place, HEAD)):
                numeric.append(place)
                continue
            values = distinct(inputs.column(place))
            if len(values) < 2:
                aside[name] = "one value in all rows"
            elif values[0] is DATE:
                aside[name] = "dates: pass what the model is to know of them as numbers"
            elif values.dtype.kind in "iuf" and place not in named and len(values) > 2:
                numeric.append(place)
            elif len(values) > MOST_CATEGORIES:
                aside[name] = f"{len(values)} categories: group rare ones"
            elif values.dtype.kind in "iuf" and values.tolist() == [0, 1]:
                flags.append(place)
            else:
                categories[name] = (place,)
        for group in _one_hot(inputs, flags):
            categories[", ".join(inputs.names[place] for place in group)] = tuple(group)
        return cls(tuple(numeric), categories, aside)

    def refuse_aside(self, names: Iterable[str]) -> None:
        """Refuse columns that neither drift nor have shares.

        Raises
        ------
        InvalidInputError
            The first of them, and why.
        """
        for name in names:
            if name in self.aside:
                raise InvalidInputError(f"column {name!r} cannot drift: {self.aside[name]}")


DATE = object()


def distinct(values: AnyArray) -> AnyArray:
    """Return the values that occur, sorted; a missing one among categories is one of them, among numbers none."""
    if values.dtype.kind in "mM":
        return np.array([DATE, DATE], dtype=object)
    if values.dtype.kind == "b":
        values = values.astype(np.int8)
    if values.dtype.kind in "iuf":
        return np.unique(values[values == values])
    return np.array(sorted(set(map(str, values))), dtype=object)


def _many(head: AnyArray) -> bool:
    """Tell whether some rows hold more than two numbers."""
    return head.dtype.kind in "iuf" and len(np.unique(head[head == head])) > 2


def _one_hot(inputs: Inputs, flags: Sequence[int]) -> list[list[int]]:
    """Return the flags alone, and together those next to each other of which just one is 1 in each row."""
    groups: list[list[int]] = []
    rest = list(flags)
    while rest:
        group, total = [rest[0]], inputs.column(rest[0]).astype(np.float64)  # nan where a flag is missing
        for place in rest[1:]:
            more = total + inputs.column(place)
            if total.min() == 1 or not more.max() <= 1:
                break
            group.append(place)
            total = more
        group = group if total.min() == 1 else group[:1]
        groups.append(group)
        rest = rest[len(group) :]
    return groups
