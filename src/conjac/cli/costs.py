"""Costs of each true class told as each other, as they are given at a shell: ``--cost``."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conjac.cli.labels import place_of
from conjac.errors import InvalidInputError

FORM = (
    "expected K rows of K numbers, a row a true class and a column a predicted one, with or without their labels; with "
    "--reject a column more"
)


def read_costs(text: str, labels: Sequence[Any], outcomes: Sequence[Any] | None = None) -> list[list[float]]:
    """Return ``cost[true, predicted]`` in the order of the labels.

    Parameters
    ----------
    text : str
        A CSV file; or its lines, with a semicolon between them. With the labels in the first row and the first column,
        in any order; or of numbers alone, in the order of ``labels``.
    labels : sequence of length n_classes
    outcomes : sequence, optional
        What may be predicted, where that is not the labels alone.

    Raises
    ------
    InvalidInputError
        A file that cannot be read, another number of rows or columns, no numbers, or labels that are not these.

    Examples
    --------
    >>> read_costs("0,1;5,0", ["ham", "spam"])
    [[0.0, 1.0], [5.0, 0.0]]
    >>> read_costs(",spam,ham;spam,0,5;ham,1,0", ["ham", "spam"])
    [[0.0, 1.0], [5.0, 0.0]]
    """
    told = f"--cost {text!r}"
    lines = text.split(";") if ";" in text else _lines(text, told)
    try:
        table = [[item.strip() for item in row] for row in csv.reader(lines, strict=True) if row]
    except csv.Error as error:
        raise InvalidInputError(f"{told}: {error}; {FORM}") from None
    outcomes = labels if outcomes is None else outcomes
    n, m = len(labels), len(outcomes)
    shape = len(table), *{len(row) for row in table}
    if shape not in ((n, m), (n + 1, m + 1)):
        widths = " or ".join(map(str, sorted({len(row) for row in table})))
        option = " and a reject option" if m > n else ""
        raise InvalidInputError(
            f"{told} has {len(table)} rows of {widths or 0}, and there are {n} classes{option}; {FORM}"
        )
    true, predicted = list(range(n)), list(range(m))
    if len(table) > n:
        if table[0][0].casefold().startswith("pred"):
            raise InvalidInputError(f"{told} has {table[0][0]!r} above its rows, which are true classes; transpose it")
        predicted = _order(table[0][1:], outcomes, told)
        true = _order([row[0] for row in table[1:]], labels, told)
        table = [row[1:] for row in table[1:]]
    try:
        return [[float(table[j][k]) for k in predicted] for j in true]
    except ValueError as error:
        raise InvalidInputError(f"{told}: {error}; {FORM}") from None


def _lines(path: str, told: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidInputError(
            f"{told} is no file that can be read ({reason}), nor rows with a semicolon between them, such as '0,1;5,0'"
        ) from None


def _order(names: Sequence[str], labels: Sequence[Any], told: str) -> list[int]:
    """Return the place of each label among names."""
    places = [place_of(name, labels) for name in names]
    if sorted(place for place in places if place is not None) != list(range(len(labels))):
        shown = ", ".join(map(repr, names))
        raise InvalidInputError(f"{told} names {shown}; expected each of {', '.join(map(str, labels))} once")
    return [places.index(place) for place in range(len(labels))]
