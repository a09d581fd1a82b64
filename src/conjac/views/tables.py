"""Tidy tables, painted or written: for a terminal, and as JSON, CSV, Excel and Parquet.

One header row, one value a cell. A figure that does not exist (nan, or no limit) is an empty cell, and null in JSON,
so that a column of numbers stays one in Excel, Tableau and Power BI.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conjac.engines.database import write_parquet
from conjac.errors import InvalidInputError
from conjac.frames import as_plain

FORMATS = ("table", "json", "csv", "xlsx", "parquet")
SUFFIXES = {".txt": "table", ".json": "json", ".csv": "csv", ".xlsx": "xlsx", ".parquet": "parquet"}
BINARY = ("xlsx", "parquet")
LARGE = (1e6, 1e15)
"""Numbers so large are shown to the unit, where six digits would need an exponent."""

PIPE_WIDTH = 100_000
"""Where there is no terminal a line is as long as it needs to be."""


@dataclass(frozen=True)
class Section:
    """One tidy table.

    Attributes
    ----------
    name : str
        Of the sheet; where a format holds one table only, of these rows.
    columns : mapping of str to list of length n_rows
    notes : tuple of str
        Sentences shown under the table on a terminal.
    """

    name: str
    columns: Mapping[str, Sequence[Any]]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(next(iter(self.columns.values()), ()))


def choose_format(asked: str | None, path: Path | None) -> str:
    """Return the format asked for, else the one that a file's suffix tells, else "table".

    Raises
    ------
    InvalidInputError
        An unknown format or suffix; a binary format without a file.

    Examples
    --------
    >>> choose_format(None, Path("out.xlsx"))
    'xlsx'
    """
    if asked is None:
        if path is None:
            return "table"
        if path.suffix.lower() not in SUFFIXES:
            raise InvalidInputError(
                f"{path}: the suffix tells no format; expected one of {', '.join(SUFFIXES)}, or pass --format"
            )
        asked = SUFFIXES[path.suffix.lower()]
    if asked not in FORMATS:
        raise InvalidInputError(f"format {asked!r}: expected one of {', '.join(FORMATS)}")
    if asked in BINARY and path is None:
        raise InvalidInputError(f"format {asked!r} is not text; name a file for it with -o")
    return asked


def stacked(sections: Sequence[Section]) -> Mapping[str, Sequence[Any]]:
    """Return several sections as one table, with a first column that tells which; one section as it is.

    Examples
    --------
    >>> stacked([Section("cell", {"n": [1, 2]}), Section("metric", {"name": ["f1"]})])
    {'section': ['cell', 'cell', 'metric'], 'n': [1, 2, None], 'name': [None, None, 'f1']}
    """
    if len(sections) == 1:
        return sections[0].columns
    names = list(dict.fromkeys(name for section in sections for name in section.columns))
    table: dict[str, list[Any]] = {"section": [section.name for section in sections for _ in range(len(section))]}
    for name in names:
        table[name] = [v for section in sections for v in section.columns.get(name, [None] * len(section))]
    return table


def to_json(value: Any) -> str:
    """Return nested results as JSON text; nan and infinities become null."""
    return json.dumps(as_plain(value), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def to_csv(columns: Mapping[str, Sequence[Any]]) -> str:
    """Return columns as CSV text with a header.

    Examples
    --------
    >>> print(to_csv({"name": ["a, b", None], "n": [1, float("nan")]}), end="")
    name,n
    "a, b",1
    ,
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(_cells(values) for values in columns.values()), strict=True))
    return text.getvalue()


def write_csv(columns: Mapping[str, Sequence[Any]], path: Path) -> None:
    """Write a CSV file in UTF-8; beyond ASCII with the mark at its start without which Excel misreads it."""
    text = to_csv(columns)
    path.write_text(text, encoding="utf-8" if text.isascii() else "utf-8-sig", newline="")


def write_xlsx(sections: Sequence[Section], path: Path) -> None:
    """Write an Excel workbook, a sheet a section: bold header, kept in sight; numbers as numbers, text never a formula.

    Parameters
    ----------
    sections : sequence of Section
    path : Path
        Of any suffix.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    book.remove(book.active)
    for section in sections:
        sheet = book.create_sheet(section.name)
        sheet.freeze_panes = "A2"
        for place, (name, values) in enumerate(section.columns.items(), start=1):
            column = [name, *_cells(values)]
            for row, value in enumerate(column, start=1):
                cell = sheet.cell(row, place, printable(value) if isinstance(value, str) else value)
                if isinstance(value, str):
                    cell.data_type = "s"
            sheet.cell(1, place).font = Font(bold=True)
            sheet.column_dimensions[get_column_letter(place)].width = min(40, 2 + max(len(_shown(v)) for v in column))
    with path.open("wb") as file:
        book.save(file)


def write_file(sections: Sequence[Section], value: Any, path: Path, form: str) -> None:
    """Write a result in one of `FORMATS`; ``value`` is what JSON holds."""
    if form == "xlsx":
        write_xlsx(sections, path)
    elif form == "parquet":
        table = stacked(sections)
        write_parquet({name: _cells(values) for name, values in table.items()}, path)
    elif form == "csv":
        write_csv(stacked(sections), path)
    elif form == "json":
        path.write_text(to_json(value), encoding="utf-8", newline="")
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            paint(sections, Console(file=file, width=PIPE_WIDTH, color_system=None))


def paint(sections: Sequence[Section], console: Console) -> None:
    """Paint sections on a console. Columns that never vary become a line under the table.

    A single row is painted as a list of its figures, and so is a table that is wider than the console.
    """
    for place, section in enumerate(sections):
        if place:
            console.print()
        shown, constant = as_matrix(section.columns), {}
        if len(section) > 1:
            constant = {
                name: one.pop() for name, values in shown.items() if len(one := set(map(_shown, values)) - {""}) == 1
            }
            shown = {name: values for name, values in shown.items() if name not in constant}
        table = _across(shown)
        wanted = console.measure(table, options=console.options.update(width=PIPE_WIDTH)).maximum
        if len(section) == 1 or (wanted > console.width and len(section) < len(shown)):
            table = _down(shown)
        console.print(table)
        if constant:
            console.print(Text("; ".join(f"{printable(name)} {value}" for name, value in constant.items())))
        for note in section.notes:
            console.print(Text(note))


def as_matrix(columns: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
    """Return cells, a row each, as the matrix that a person reads; other columns as they are.

    Examples
    --------
    >>> as_matrix({"true": ["a", "a", "b", "b"], "predicted": ["a", "b", "a", "b"], "matrix": [5, 1, 2, 7]})
    {'true': ['a', 'b'], 'predicted a': [5, 2], 'predicted b': [1, 7]}
    """
    if list(columns) != ["true", "predicted", "matrix"]:
        return dict(columns)
    true, predicted = (list(dict.fromkeys(columns[name])) for name in ("true", "predicted"))
    n = len(predicted)
    by_column = {f"predicted {label}": columns["matrix"][place::n] for place, label in enumerate(predicted)}
    return {"true": true, **by_column}


def printable(text: str) -> str:
    r"""Return text with control characters spelled out, so that no data can steer a terminal.

    Examples
    --------
    >>> printable("red \x1b[31m")
    'red \\x1b[31m'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _across(columns: Mapping[str, Sequence[Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name, values in columns.items():
        is_text = any(isinstance(value, str) for value in values)
        table.add_column(Text(printable(name)), justify="left" if is_text else "right", overflow="fold")
    for row in zip(*columns.values(), strict=True):
        table.add_row(*(Text(_shown(value)) for value in row))
    return table


def _down(columns: Mapping[str, Sequence[Any]]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, show_edge=False)
    table.add_column(style="bold")
    for name, values in columns.items():
        table.add_row(Text(printable(name)), *(Text(_shown(value), overflow="fold") for value in values))
    return table


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.0f}" if LARGE[0] <= abs(value) < LARGE[1] else f"{value:.6g}"
    return printable(str(value))


def _cells(values: Sequence[Any]) -> list[Any]:
    return [None if isinstance(value, float) and not math.isfinite(value) else value for value in values]
