"""Labels as they are written at a shell, and which column of scores is of which label."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from conjac.cli.messages import say
from conjac.errors import InvalidInputError


def read_labels(text: str, present: Sequence[Any], column: str, absent: bool) -> list[Any]:
    """Return the labels that ``--labels`` lists; quotes keep a comma inside one, as in CSV.

    Parameters
    ----------
    text : str
    present : sequence of label
        Those that rows have.
    column : str
        Where they have them.
    absent : bool
        Whether a label may be listed that no row has.

    Raises
    ------
    InvalidInputError
        No list, or a label that no row has.

    Examples
    --------
    >>> read_labels('"a, b",c', ["a, b", "c"], "y", absent=False)
    ['a, b', 'c']
    """
    try:
        (items,) = csv.reader([text], strict=True)
    except (csv.Error, ValueError):
        raise InvalidInputError(f"--labels {text!r}: expected labels with a comma between them") from None
    return [match(item, present, "--labels", column, absent) for item in items]


def match(text: str, present: Sequence[Any], option: str, column: str, absent: bool = False) -> Any:
    """Return the label that a text means; with ``absent``, one of no row is of the type of the others.

    Raises
    ------
    InvalidInputError
        No such label.
    """
    place = place_of(text, present)
    if place is not None:
        return present[place]
    kind = type(present[0])
    if absent and kind in (str, int, float):
        with suppress(ValueError):
            label = kind(text)
            if kind is not float or math.isfinite(label):
                return label
    shown = ", ".join(repr(label) for label in present[:10]) + (", ..." if len(present) > 10 else "")
    raise InvalidInputError(f"{option}: no row of column {column!r} is {text!r}; its labels are {shown}")


def place_of(text: str, labels: Sequence[Any]) -> int | None:
    """Return the place of the label of that ``str()``, or of that number; None if there is none."""
    for place, label in enumerate(labels):
        if str(label) == text or (isinstance(label, bool) and str(label).casefold() == text.casefold()):
            return place
    for place, label in enumerate(labels):
        if isinstance(label, float) and text.replace(".", "", 1).lstrip("-").isdigit() and float(text) == label:
            return place
    return None


def places_of(labels: Sequence[Any], columns: Sequence[str], column: str, listed: bool) -> list[int]:
    """Return the place of each label's column of scores, and say on standard error where there was a choice.

    Parameters
    ----------
    labels : sequence of length n_classes
        As listed, which is the order of the columns; or sorted, and a column is that of the label in its name, if the
        names differ by the labels alone, or of the label in its place.
    columns : sequence of length n_columns
        Names of the columns of scores.
    column : str
        That of the labels.
    listed : bool
        Whether the labels were listed.

    Raises
    ------
    InvalidInputError
        Another number of columns than of labels.
    """
    if len(labels) != len(columns):
        shown = ", ".join(repr(label) for label in labels[:10]) + (", ..." if len(labels) > 10 else "")
        raise InvalidInputError(
            f"--score was given {len(columns)} times and {'--labels names' if listed else f'column {column!r} holds'} "
            f"{len(labels)} classes, {shown}; give --score once a class, and --labels in the same order"
        )
    in_order, named = list(range(len(labels))), by_name(labels, columns)
    if listed:
        if named not in (None, in_order):
            say(f"warning: --labels reads {_told(labels, columns, in_order)}; the columns' names say otherwise")
        return in_order
    places = in_order if named is None else named
    how = "in the order of the sorted labels" if named is None else "by the columns' names"
    say(f"scores are read {how}: {_told(labels, columns, places)}; --labels names another order")
    return places


def by_name(labels: Sequence[Any], columns: Sequence[str]) -> list[int] | None:
    """Return the place of each label's column, if the columns' names differ by the labels alone; else None.

    Examples
    --------
    >>> by_name(["cat", "dog"], ["p_dog", "p_cat"])
    [1, 0]
    >>> by_name(["cat", "dog"], ["p_1", "p_2"]) is None
    True
    """
    for fold in (str, str.casefold):
        texts = [fold(_spelled(label)) for label in labels]
        names = [fold(name) for name in columns]
        for text in set(texts) if len(set(texts)) == len(texts) else ():
            for start in range(len(names[0])):
                if names[0].startswith(text, start):
                    before, after = names[0][:start], names[0][start + len(text) :]
                    wanted = [before + label + after for label in texts]
                    if sorted(wanted) == sorted(names):
                        return [names.index(name) for name in wanted]
    return None


def _spelled(label: Any) -> str:
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)


def _told(labels: Sequence[Any], columns: Sequence[str], places: Sequence[int]) -> str:
    return ", ".join(f"{label!r} from {columns[place]!r}" for label, place in zip(labels, places, strict=True))
