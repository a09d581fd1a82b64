"""Files as relations that DuckDB reads, their columns by the names in the file.

Files that follow each other and hold the same columns are one relation. No name from a file or of one is ever pasted
into SQL unquoted, and a CSV file's columns are read by place.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conjac.engines.database import readable
from conjac.engines.sources import Source, kind_of, listed, quoted, text
from conjac.errors import InvalidInputError, MissingDependencyError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DELIMITERS = ",;\t|"


def open_sources(con: DuckDBPyConnection, paths: Sequence[Path], wanted: Sequence[str]) -> list[Source]:
    """Return files as sources, in their order; only headers or schemas are read, save for JSON, whose types need all.

    Raises
    ------
    InvalidInputError
        A file that does not read as its kind.
    """
    sources = []
    for (kind, form), group in groupby(zip(paths, _forms(con, paths, wanted), strict=True), itemgetter(1)):
        same = [path for path, _ in group]
        with readable(same):
            sources.append(_source(con, same, kind, form))
    return sources


def _forms(con: DuckDBPyConnection, paths: Sequence[Path], wanted: Sequence[str]) -> list[tuple[str, Any]]:
    """Return each file's kind and what it must share with the next to be one relation with it."""
    parquet = [path for path in dict.fromkeys(paths) if kind_of(path) == "Parquet"]
    schemas: dict[str, str] = {}
    if parquet:
        with readable(parquet):
            told = con.execute(
                "SELECT file_name, list((name, type, duckdb_type) ORDER BY column_id)::VARCHAR "
                f"FROM parquet_schema({listed(parquet)}) GROUP BY file_name"
            ).fetchall()
        schemas = dict(told)
    forms: list[tuple[str, Any]] = []
    for place, path in enumerate(paths):
        kind = str(kind_of(path))
        if kind in ("CSV", "TSV"):
            with readable([path]):
                forms.append((kind, (*_header(path, "\t" if kind == "TSV" else DELIMITERS, wanted), path.suffix)))
        else:
            forms.append((kind, schemas.get(str(path), place)))
    return forms


def _source(con: DuckDBPyConnection, paths: list[Path], kind: str, form: Any) -> Source:
    """Return files of one form as a source."""
    if kind in ("CSV", "TSV"):
        delimiter, names, _ = form
        places = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(names)))
        relation = (
            f"read_csv({listed(paths)}, delim={text(delimiter)}, auto_detect=false, header=true, quote='\"', "
            f"escape='\"', store_rejects=true, hive_partitioning=false, columns={{{places}}})"
        )
        return Source(paths, kind, relation, [(n, f"c{i}", "VARCHAR") for i, n in enumerate(names)])
    if kind == "Arrow":
        table = _arrow(paths[0])
        relation = f"arrow_{id(table)}"
        con.register(relation, table)
    elif kind == "Parquet":
        relation = f"read_parquet({listed(paths)}, hive_partitioning=false, binary_as_string=true)"
    else:
        layout = "format='auto'" if kind == "JSON" else "format='newline_delimited', ignore_errors=true"
        relation = f"read_json({listed(paths)}, {layout}, sample_size=-1, hive_partitioning=false)"
    schema = con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    return Source(paths, kind, relation, [(name, quoted(name), kind) for name, kind, *_ in schema])


def _header(path: Path, delimiters: str, wanted: Sequence[str]) -> tuple[str, list[str]]:
    """Return the delimiter with which the header holds the columns wanted, or else the most columns; and the header."""
    unpack = gzip.open if path.name.lower().endswith(".gz") else open
    headers: dict[str, list[str]] = {}
    for delimiter in delimiters:
        with unpack(path, "rt", encoding="utf-8-sig", newline="") as lines:
            headers[delimiter] = next(csv.reader(lines, delimiter=delimiter), [])
    best = max(headers, key=lambda d: (len(set(wanted) & set(headers[d])), len(headers[d])))
    if not headers[best]:
        raise InvalidInputError(f"{path} begins with an empty line; expected a header that names the columns")
    return best, headers[best]


def _arrow(path: Path) -> Any:
    """Return an Arrow file as DuckDB reads it by parts; a stream of batches, which none can find again, as a table."""
    try:
        import pyarrow
    except ImportError:
        raise MissingDependencyError(
            f"{path} is an Arrow file, and pyarrow is not installed; pip install 'conjac[arrow]'"
        ) from None
    from pyarrow import dataset, ipc

    try:
        return dataset.dataset(path, format="ipc")
    except pyarrow.ArrowInvalid:
        with pyarrow.memory_map(str(path)) as file:
            try:
                return ipc.open_stream(file).read_all()
            except pyarrow.ArrowInvalid as error:
                raise InvalidInputError(f"{path} does not read as Arrow: {error}") from None
