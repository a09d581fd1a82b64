"""The rows of files as SQL: values in the type of their role, and the first of each row's faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from conjac.engines.column_types import MISSING, is_input, is_numeric, is_text
from conjac.engines.sources import Source, quoted, text
from conjac.errors import InvalidInputError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

UNREAD = "not a number"


def typed(source: Source, roles: Mapping[str, str], types: Mapping[str, str]) -> str:
    """Return the query of a source's rows: a column a role, and the first fault of each row or null.

    Parameters
    ----------
    source : Source
    roles : mapping
        Role to the name of its column.
    types : mapping
        Role to the type of DuckDB's that holds it.
    """
    values, faults = [], []
    for role, name in roles.items():
        expression, kind = source.column(name)
        raw = f"({expression} ->> '$')" if kind == "JSON" else expression
        numeric = is_numeric(role)
        value = f"{'TRY_CAST' if numeric else 'CAST'}({raw} AS {types[role]})"
        values.append(f"{value} AS {quoted(role)}")
        if is_input(role):
            continue
        blank = f" OR trim(CAST({raw} AS VARCHAR)) IN {MISSING}" if numeric and is_text(kind) else ""
        found = [("missing", f"{raw} IS NULL{blank}")]
        if numeric:
            found.append((UNREAD, f"{value} IS NULL"))
        if types[role] in ("FLOAT", "DOUBLE"):
            found.append(("missing", f"isnan({value})"))
        if numeric:
            found.append(("infinite", f"isinf({value})"))
        if role == "weight":
            found.append(("negative", f"{value} < 0"))
        faults += [f"WHEN {test} THEN {text(fault_of(role, name, what))}" for what, test in found]
    return f"SELECT {', '.join(values)}, CASE {' '.join(faults)} END AS fault FROM {source.relation}"


def fault_of(role: str, name: str, what: str) -> str:
    """Return what is told of a fault; of several scores and of velocities, with the name of the column."""
    return f"{role.split()[0]} {name!r} {what}" if role[-1].isdigit() else f"{role} {what}"


def n_malformed(con: DuckDBPyConnection, sources: Sequence[Source]) -> int:
    """Return the number of lines that are not rows of their CSV file, once all were read.

    Raises
    ------
    InvalidInputError
        A quote that does not close.
    """
    if not any(source.is_csv for source in sources):
        return 0
    unclosed = con.execute(
        "SELECT file_path, line FROM reject_errors JOIN reject_scans USING (scan_id, file_id) "
        "WHERE error_type = 'UNQUOTED VALUE' ORDER BY ALL LIMIT 1"
    ).fetchall()
    for path, line in unclosed:
        raise InvalidInputError(f"{path}: the quote opened in line {line} is not closed as CSV asks; mend it")
    ((counted,),) = con.execute(
        "SELECT count(*) FROM (SELECT DISTINCT scan_id, file_id, line FROM reject_errors)"
    ).fetchall()
    return int(counted)
