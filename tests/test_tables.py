"""Tidy tables: one header row, one value a cell, in every format."""

import csv
import io
import json
from pathlib import Path

import duckdb
import openpyxl
import pytest
from rich.console import Console

from conjac.errors import InvalidInputError
from conjac.views.tables import (
    Section,
    choose_format,
    paint,
    printable,
    stacked,
    to_csv,
    to_json,
    write_csv,
    write_file,
    write_xlsx,
)

NAN, INF = float("nan"), float("inf")
HOSTILE = ["=1+1", '<script>"a", b</script>', "[red]🐟[/red]\x1b[31m\n"]
COLUMNS = {"true": HOSTILE, "count": [1, 2, 3], "slope": [0.25, NAN, -INF], "empty": [None] * 3, "yes": [True] * 3}
METRIC = Section("metric", {"metric": ["f1"], "slope": [2.5]})


def painted(*sections, width=100_000):
    file = io.StringIO()
    paint(sections, Console(file=file, width=width))
    return file.getvalue()


def test_csv_holds_one_value_a_cell():
    rows = list(csv.reader(io.StringIO(to_csv(COLUMNS), newline="")))
    assert rows[0] == list(COLUMNS)
    assert [row[0] for row in rows[1:]] == HOSTILE
    assert [row[1:] for row in rows[1:]] == [["1", "0.25", "", "True"], ["2", "", "", "True"], ["3", "", "", "True"]]


@pytest.mark.parametrize(("text", "start"), [("plain", b"name"), ("🐟", "\ufeffname".encode())])
def test_csv_files_beyond_ascii_are_marked_for_excel(tmp_path, text, start):
    write_csv({"name": [text]}, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == start + b"\n" + text.encode() + b"\n"


def test_xlsx_keeps_numbers_and_writes_no_formula(tmp_path):
    write_xlsx([Section("cell", COLUMNS), METRIC], tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert book.sheetnames == ["cell", "metric"]
    sheet = book["cell"]
    assert sheet.freeze_panes == "A2"
    assert all(cell.font.bold for cell in sheet[1])
    assert [cell.value for cell in sheet[1]] == list(COLUMNS)
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == [
        ["=1+1", 1, 0.25, None, True],
        [HOSTILE[1], 2, None, None, True],
        [printable(HOSTILE[2]), 3, None, None, True],
    ]
    assert [cell.data_type for cell in sheet["A"]] == ["s"] * 4
    assert not sheet.merged_cells.ranges


def test_parquet_keeps_types(tmp_path):
    write_file([Section("cell", COLUMNS)], None, tmp_path / "out.parquet", "parquet")
    read = duckdb.sql(f"SELECT * FROM read_parquet('{tmp_path / 'out.parquet'}')")
    assert dict(zip(read.columns, map(str, read.types), strict=True)) == {
        "true": "VARCHAR",
        "count": "BIGINT",
        "slope": "DOUBLE",
        "empty": "VARCHAR",
        "yes": "BOOLEAN",
    }
    assert read.fetchall() == list(zip(HOSTILE, [1, 2, 3], [0.25, None, None], [None] * 3, [True] * 3, strict=True))


def test_json_has_no_nan(tmp_path):
    assert json.loads(to_json(COLUMNS))["slope"] == [0.25, None, None]
    write_file([], {"label": HOSTILE[2]}, tmp_path / "out.json", "json")
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8")) == {"label": HOSTILE[2]}


def test_sections_stack_in_formats_that_hold_one_table(tmp_path):
    table = stacked([Section("cell", {"n": [1, 2], "slope": [0.5, 1.5]}), METRIC])
    assert list(table) == ["section", "n", "slope", "metric"]
    assert table["slope"] == [0.5, 1.5, 2.5]
    assert table["metric"] == [None, None, "f1"]
    write_file([Section("cell", {"n": [1]}), METRIC], None, tmp_path / "out.csv", "csv")
    assert (tmp_path / "out.csv").read_text() == "section,n,metric,slope\ncell,1,,\nmetric,,f1,2.5\n"


def test_a_painted_table_is_whole_and_plain_where_there_is_no_terminal():
    text = painted(Section("cell", {"label": ["x" * 300, *HOSTILE[1:]], "n": [1, 22, 333]}, ("A note.",)))
    assert "x" * 300 in text
    assert "[red]🐟[/red]\\x1b[31m\\n" in text
    assert "\x1b" not in text
    assert text.splitlines()[-1] == "A note."
    assert max(map(len, text.splitlines())) < 350


def test_what_never_varies_is_told_once():
    lines = painted(Section("cell", {"n": [1, 2, 3], "unit": ["logit", "logit", None]})).splitlines()
    assert "unit" not in lines[0]
    assert lines[-1] == "unit logit"


def test_a_single_row_and_a_wide_table_run_down():
    assert painted(METRIC).split() == ["metric", "f1", "slope", "2.5"]
    wide = {f"column {i}": [10.5 * i, 11.5 * i] for i in range(1, 21)}
    lines = painted(Section("cell", wide), width=60).splitlines()
    assert len(lines) == 20
    assert lines[2].split() == ["column", "3", "31.5", "34.5"]


def test_large_numbers_are_shown_to_the_unit():
    text = painted(Section("cell", {"n": [1261159.4, 0.1234567, 123456.7]}))
    assert [line.strip() for line in text.splitlines()[2:]] == ["1261159", "0.123457", "123457"]


@pytest.mark.parametrize(
    ("asked", "path", "form"),
    [(None, None, "table"), ("json", None, "json"), (None, "a.XLSX", "xlsx"), ("csv", "a.xlsx", "csv")],
)
def test_the_format_is_the_one_asked_for_else_that_of_the_suffix(asked, path, form):
    assert choose_format(asked, path and Path(path)) == form


@pytest.mark.parametrize(
    ("asked", "path", "message"),
    [
        ("xml", None, "format 'xml': expected one of table, json"),
        (None, "a.doc", "the suffix tells no format"),
        ("parquet", None, "name a file for it with -o"),
    ],
)
def test_formats_that_cannot_be(asked, path, message):
    with pytest.raises(InvalidInputError, match=message):
        choose_format(asked, path and Path(path))
