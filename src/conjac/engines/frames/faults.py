"""What is wrong with a row, as expressions: the first of its faults, in the words of `conjac.engines.files`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from math import inf
from typing import Any

import narwhals.stable.v2 as nw

from conjac._typing import Scale
from conjac.engines.frames.columns import Columns


def faults(columns: Columns, labels: Sequence[Any] | None, scale: Scale | None) -> Iterator[tuple[str, nw.Expr]]:
    """Yield each fault's reason with what tells it, in the order in which they count.

    Parameters
    ----------
    columns : Columns
    labels : sequence, optional
        As they compare with the column; any label will do where they are not given.
    scale : {"logit", "score"}, optional
        "logit" where scores must lie in [0, 1].
    """
    for role in columns.names:
        told, value = _told(columns, role), nw.col(role)
        if role in columns.unread:
            yield f"{told} not a number", nw.col(f"{role} unread").fill_null(False)
        if columns.is_float(role):
            yield f"{told} infinite", ((value == inf) | (value == -inf)).fill_null(False)
        yield f"{told} missing", ~finite(value) if columns.is_float(role) else value.is_null()
        if role == "weight":
            yield "weight negative", (value < 0).fill_null(False)
        if role == "label" and labels is not None:
            yield "label not among labels", ~reduce(nw.Expr.__or__, [is_label(label) for label in labels])
    for role in (
        columns.scores if scale == "logit" else []
    ):  # last: of other rows alone it follows what is a probability
        yield f"{_told(columns, role)} outside [0, 1]", ((nw.col(role) < 0) | (nw.col(role) > 1)).fill_null(False)


def _told(columns: Columns, role: str) -> str:
    return f"{role.split()[0]} {columns.names[role]!r}" if role[-1].isdigit() else role


def finite(value: nw.Expr) -> nw.Expr:
    """Tell where a number is finite.

    Not by a comparison: nan is above every number in some engines, and DuckDB answers comparisons by the range that a
    Parquet file states, which may leave nan out.
    """
    return ((value - value) == 0).fill_null(False)


def is_label(label: Any) -> nw.Expr:
    """Tell where the label is this one."""
    return (nw.col("label") == nw.lit(label)).fill_null(False)


def first_of(told: Sequence[nw.Expr]) -> nw.Expr:
    """Return the place of the first that holds, from 1; 0 where none does."""
    code = nw.lit(0)
    for place in range(len(told), 0, -1):
        code = nw.when(told[place - 1]).then(nw.lit(place)).otherwise(code)
    return code
