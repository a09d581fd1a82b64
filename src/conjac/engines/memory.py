"""How much memory rows of files would take, and how much there is."""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from pathlib import Path

from conjac.engines.database import database, readable
from conjac.engines.opening import open_sources
from conjac.engines.sources import kind_of, listed
from conjac.errors import InvalidInputError

SIZE = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([kmgt]?)(i?)b?\s*", re.IGNORECASE)
LEAST = 2**26
"""Bytes without which DuckDB cannot read a file."""
SHARE = 0.5
"""Of the machine's memory, that rows may take unless it is said otherwise."""
A_ROW, A_COLUMN = 80, 40
"""Bytes that a row takes while all of it is computed, and each of its columns: measured, of numbers."""
SAMPLE = 2**20
TEXTS = {"CSV": b"\n", "TSV": b"\n", "JSON lines": b"\n", "JSON": b"}"}
"""What ends a row of each kind of text."""


def read_size(given: str, name: str) -> int:
    """Return a size in bytes.

    Parameters
    ----------
    given : str
        Such as "512MB", "1.5 GiB" or "2g".
    name : str
        Of the argument.

    Raises
    ------
    InvalidInputError
        No size, or less than what is needed to read a file at all.

    Examples
    --------
    >>> read_size("512MB", "memory_limit"), read_size("1.5 GiB", "memory_limit")
    (512000000, 1610612736)
    """
    found = SIZE.fullmatch(given)
    if found is None:
        raise InvalidInputError(f"{name} {given!r}: expected a size such as 512MB or 2GB")
    number, prefix, binary = found.groups()
    size = int(float(number) * (1024 if binary else 1000) ** (" kmgt".index(prefix.lower() or " ")))
    if size < LEAST:
        raise InvalidInputError(f"{name} {given!r}: files are not read in less than {LEAST // 2**20} MiB; give it more")
    return size


def machine_memory() -> int:
    """Return the bytes that this process may have: of the machine, or of its container."""
    with database() as con:
        ((told,),) = con.execute("SELECT current_setting('memory_limit')").fetchall()
    return int(read_size(told, "memory_limit") / 0.8)  # DuckDB takes four fifths of it


def bytes_of(n_rows: int, n_columns: int) -> int:
    """Return about how much memory rows of so many columns take, with what is computed from them."""
    return n_rows * (A_ROW + A_COLUMN * n_columns)


def n_rows(paths: Sequence[Path]) -> int:
    """Return about how many rows files hold: as Parquet and Arrow say, else by the length of the first ones.

    Raises
    ------
    InvalidInputError
        A file that does not read as its kind.
    """
    by_kind: dict[str, list[Path]] = {}
    for path in paths:
        by_kind.setdefault(str(kind_of(path)), []).append(path)
    found = sum(_by_length(path) for kind in TEXTS for path in by_kind.get(kind, ()))
    parquet, arrow = by_kind.get("Parquet", []), by_kind.get("Arrow", [])
    with database() as con:
        counts = [f"SELECT count(*) FROM {source.relation}" for source in open_sources(con, arrow, ())]
        if parquet:
            counts.append(f"SELECT sum(num_rows) FROM parquet_file_metadata({listed(parquet)})")
        with readable(paths):
            return found + sum(int(count) for query in counts for (count,) in con.execute(query).fetchall())


def _by_length(path: Path) -> int:
    """Return about how many rows a file of text holds."""
    with readable([path]), path.open("rb") as packed:
        zipped = path.name.lower().endswith(".gz")
        ends = (gzip.GzipFile(fileobj=packed) if zipped else packed).read(SAMPLE).count(TEXTS[str(kind_of(path))])
        return int(ends * path.stat().st_size / max(packed.tell(), 1))
