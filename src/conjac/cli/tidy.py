"""Columns of results, one below the other; with groups, a first column tells which."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from conjac.cli.parts import Group
from conjac.views.tables import Section

Columns = dict[str, list[Any]]


def one_row(row: Mapping[str, Any]) -> Columns:
    """Return a row as columns."""
    return {name: [value] for name, value in row.items()}


def records(columns: Columns) -> list[dict[str, Any]]:
    """Return columns as a dict a row."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def grouped(part: Group, columns: Mapping[str, Sequence[Any]], taken: Collection[str]) -> Columns:
    """Return columns with the group's own in front, under a name that is not taken."""
    plain = {name: list(values) for name, values in columns.items()}
    if part.by is None:
        return plain
    name = part.by
    while name in taken:
        name = f"by_{name}"
    return {name: [part.group] * len(next(iter(plain.values()))), **plain}


def gathered(parts: Iterable[tuple[Group, Mapping[str, Columns]]]) -> list[Section]:
    """Return the sections of all parts, each with its rows one below the other."""
    parts = list(parts)
    taken = {column for _, sections in parts for columns in sections.values() for column in columns}
    tables = [(name, grouped(part, columns, taken)) for part, sections in parts for name, columns in sections.items()]
    names = dict.fromkeys(name for name, _ in tables)
    return [Section(name, joined(columns for own, columns in tables if own == name)) for name in names]


def tagged(part: Group, value: dict[str, Any]) -> dict[str, Any]:
    """Return what JSON holds of one part, with its group in front."""
    return value if part.by is None else {"by": part.by, "group": part.group, **value}


def joined(tables: Iterable[Columns]) -> Columns:
    """Return tables one below the other; a column that one lacks is empty there."""
    tables = list(tables)
    names = list(dict.fromkeys(name for table in tables for name in table))
    return {
        name: [v for table in tables for v in table.get(name, [None] * len(next(iter(table.values()))))]
        for name in names
    }
