"""DuckDB: opened in one place, its failures told in one line, and the Parquet files that it writes."""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conjac.engines.sources import kind_of, named, quoted
from conjac.errors import InvalidInputError
from conjac.progress import Told

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

OFF = {"statistics_propagation", "partial_aggregate_pushdown"}
"""Optimizers that are left out. The range that Parquet stores leaves nan out, and the first believes it: isnan() would
never hold. The second, of DuckDB 2.0, looks at staged columns for a minute where a query on them takes a second."""
A_THREAD = 2**28
"""Bytes that a thread of DuckDB may need."""
OPEN: list[tuple[DuckDBPyConnection, str]] = []
"""Databases that are in use, and the folders in which they spill."""
EVERY = 0.1
"""Seconds between two looks at how far a query is."""


@contextmanager
def database(memory_limit: int | None = None, told: Told | None = None) -> Iterator[DuckDBPyConnection]:
    """Open a database in memory that spills beside other temporary files, not into the current folder.

    Parameters
    ----------
    memory_limit : int, optional
        Bytes that it may hold before it spills; by default four fifths of the machine's memory.
    told : callable, optional
        Is told the share of each query that is done.
    """
    import duckdb

    with tempfile.TemporaryDirectory(prefix="conjac-") as spill:
        config: dict[str, str | bool | int | float | list[str]] = {
            "temp_directory": spill,
            "autoinstall_known_extensions": "false",
        }
        if memory_limit is not None:
            config |= {"memory_limit": f"{memory_limit}B", "threads": _threads(memory_limit)}
        with duckdb.connect(config=config) as con:
            known = {name for (name,) in con.execute("FROM duckdb_optimizers()").fetchall()}
            con.execute(f"SET disabled_optimizers = '{','.join(sorted(OFF & known))}'")
            held = (con, spill)
            OPEN.append(held)
            try:
                with nullcontext() if told is None else _watched(con, told):
                    yield con
            except duckdb.InterruptException:
                raise KeyboardInterrupt from None
            except RuntimeError as error:  # what Ctrl-C becomes inside a query
                if "interrupted" in str(error):
                    raise KeyboardInterrupt from None
                raise
            finally:
                OPEN.remove(held)


def interrupt_queries() -> None:
    """End all queries that run, which then raise `KeyboardInterrupt`; from another thread."""
    for con, _ in [*OPEN]:
        con.interrupt()


def put_away() -> None:
    """Remove the folders of databases that are still open, before the process is ended."""
    for _, spill in OPEN:
        shutil.rmtree(spill, ignore_errors=True)


def _threads(memory_limit: int) -> int:
    """Return how many threads have enough to hold what each of them reads."""
    return min(os.cpu_count() or 1, max(1, memory_limit // A_THREAD))


@contextmanager
def _watched(con: DuckDBPyConnection, told: Told) -> Iterator[None]:
    """Tell how far queries are while they run."""
    con.execute("SET enable_progress_bar = true")  # without it none is counted
    con.execute("SET enable_progress_bar_print = false")
    over = threading.Event()

    def watch() -> None:
        while not over.wait(EVERY):
            done = con.query_progress()
            if done >= 0:
                told(done / 100)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


@contextmanager
def readable(paths: Sequence[Path]) -> Iterator[None]:
    """Turn what goes wrong inside files into one line that names them."""
    import duckdb

    try:
        yield
    except (InvalidInputError, duckdb.InterruptException):
        raise
    except (duckdb.Error, OSError, EOFError, UnicodeError, csv.Error) as error:
        reason = str(error).strip().partition("\n")[0].replace("Invalid Input Error: ", "")
        which = f"{'one of ' if len(paths) > 1 else ''}{named(paths)}"
        raise InvalidInputError(f"{which} does not read as {kind_of(paths[0])}: {reason}") from None


def write_parquet(columns: Mapping[str, Sequence[Any]], path: Path) -> None:
    """Write columns of plain values (None is missing) as a Parquet file.

    Parameters
    ----------
    columns : mapping of str to sequence of length n_rows
        Columns of booleans, of integers and of numbers keep their type; any other is text.
    path : Path
    """
    names = list(columns)
    types = {name: _plain_type(columns[name]) for name in names}
    texts = [[value if types[name] != "VARCHAR" or value is None else str(value) for value in columns[name]]
             for name in names]  # fmt: skip
    with database() as con:
        con.execute(f'CREATE TABLE "rows" ({", ".join(f"c{i} {types[name]}" for i, name in enumerate(names))})')
        rows = list(zip(*texts, strict=True))
        if rows:
            con.executemany(f'INSERT INTO "rows" VALUES ({", ".join("?" * len(names))})', rows)
        chosen = ", ".join(f"c{i} AS {quoted(name)}" for i, name in enumerate(names))
        con.execute(f'COPY (SELECT {chosen} FROM "rows") TO ? (FORMAT parquet, USE_TMP_FILE false)', [str(path)])


def _plain_type(values: Sequence[Any]) -> str:
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {bool} and kinds:
        return "BOOLEAN"
    if kinds <= {int} and kinds:
        return "BIGINT"
    return "DOUBLE" if kinds <= {int, float} and kinds else "VARCHAR"
