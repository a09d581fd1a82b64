"""A file as a relation that DuckDB reads: its kind by its suffix, its columns by their names in the file.

No name from a file is ever pasted into SQL unquoted: a path is a parameter, and a CSV file's columns are read by place.
"""

from __future__ import annotations

import csv
import difflib
import glob
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conjac.errors import InvalidInputError, MissingDependencyError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

KINDS = {
    ".csv": "CSV",
    ".tsv": "TSV",
    ".json": "JSON",
    ".jsonl": "JSON lines",
    ".ndjson": "JSON lines",
    ".parquet": "Parquet",
    ".arrow": "Arrow",
    ".feather": "Arrow",
    ".ipc": "Arrow",
}
DELIMITERS = ",;\t|"
MOST_SHOWN = 20


@dataclass(frozen=True)
class Source:
    """One file.

    Attributes
    ----------
    path : Path
    kind : str
        One of the values of `KINDS`.
    relation : str
        What SQL reads FROM.
    parameters : list
        The values of its question marks.
    columns : list of tuple (name, expression, type)
    """

    path: Path
    kind: str
    relation: str
    parameters: list[Any]
    columns: list[tuple[str, str, str]]

    def column(self, name: str) -> tuple[str, str]:
        """Return the expression and the type of a column.

        Raises
        ------
        InvalidInputError
            No column of that name, or two.
        """
        found = [(expression, kind) for known, expression, kind in self.columns if known == name]
        if len(found) == 1:
            return found[0]
        if found:
            raise InvalidInputError(f"{self.path} has {len(found)} columns named {name!r}; rename all but one")
        raise no_column(str(self.path), name, [known for known, _, _ in self.columns])


def no_column(where: str, name: str, names: Sequence[str]) -> InvalidInputError:
    """Return the error of a column that is not there, which names the nearest."""
    folded = {known.casefold(): known for known in reversed(names)}
    near = [folded[match] for match in difflib.get_close_matches(name.casefold(), folded, n=3)]
    hint = f"; the nearest: {', '.join(map(repr, near))}" if near else ""
    more = f", ... ({len(names)} in all)" if len(names) > MOST_SHOWN else ""
    return InvalidInputError(
        f"{where} has no column {name!r}{hint}; its columns: {', '.join(map(repr, names[:MOST_SHOWN]))}{more}"
    )


def find(files: Sequence[str | Path]) -> list[Path]:
    """Return the files that paths, folders and glob patterns name.

    Raises
    ------
    InvalidInputError
        Nothing there, an empty file, or a suffix that is not among `KINDS`.
    """
    found: list[Path] = []
    for given in files:
        path = Path(given)
        if path.is_dir():
            inside = sorted(
                p for p in path.iterdir() if p.is_file() and kind_of(p) and not p.name.startswith(("_", "."))
            )
        else:
            inside = [path] if path.exists() else sorted(map(Path, glob.glob(str(given), recursive=True)))
        if not inside:
            what = "the folder holds no file that conjac reads" if path.is_dir() else "no such file"
            raise InvalidInputError(f"{given}: {what}")
        found += inside
    for path in found:
        if not kind_of(path):
            raise InvalidInputError(f"{path}: the suffix {path.suffix!r} is not one of {', '.join(KINDS)}")
        if path.is_file() and not path.stat().st_size:
            raise InvalidInputError(f"{path} is empty")
    return found


def kind_of(path: Path) -> str | None:
    """Return what a file is by its suffix, or None."""
    name = path.name.lower()
    kind = KINDS.get(Path(name.removesuffix(".gz")).suffix)
    return None if name.endswith(".gz") and kind in ("Parquet", "Arrow") else kind


def open_source(con: DuckDBPyConnection, path: Path, wanted: Sequence[str]) -> Source:
    """Return a file as a source; only its header or schema is read, save for JSON, whose types need all of it."""
    kind = kind_of(path)
    here = glob.escape(str(path))  # DuckDB takes a path for a pattern
    if kind in ("CSV", "TSV"):
        delimiter, names = _header(path, "\t" if kind == "TSV" else DELIMITERS, wanted)
        places = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(names)))
        relation = (
            "read_csv(?, delim=?, auto_detect=false, header=true, quote='\"', escape='\"', store_rejects=true, "
            f"hive_partitioning=false, columns={{{places}}})"
        )
        return Source(path, kind, relation, [here, delimiter], [(n, f"c{i}", "VARCHAR") for i, n in enumerate(names)])
    if kind == "Arrow":
        table = _arrow(path)
        relation, parameters = f"arrow_{id(table)}", []
        con.register(relation, table)
    elif kind == "Parquet":
        relation, parameters = "read_parquet(?, hive_partitioning=false, binary_as_string=true)", [here]
    else:
        form = "auto" if kind == "JSON" else "newline_delimited"
        relation = (
            f"read_json(?, format='{form}', sample_size=-1, hive_partitioning=false"
            f"{', ignore_errors=true' if form != 'auto' else ''})"
        )
        parameters = [here]
    schema = con.execute(f"DESCRIBE SELECT * FROM {relation}", parameters).fetchall()
    return Source(path, str(kind), relation, parameters, [(name, quoted(name), kind) for name, kind, *_ in schema])


def quoted(name: str) -> str:
    """Return a name as an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'


def _header(path: Path, delimiters: str, wanted: Sequence[str]) -> tuple[str, list[str]]:
    """Return the delimiter with which the header holds the columns wanted, or else the most columns; and the header."""
    unpack = gzip.open if path.name.lower().endswith(".gz") else open
    headers: dict[str, list[str]] = {}
    for delimiter in delimiters:
        with unpack(path, "rt", encoding="utf-8-sig", newline="") as text:
            headers[delimiter] = next(csv.reader(text, delimiter=delimiter), [])
    best = max(headers, key=lambda d: (len(set(wanted) & set(headers[d])), len(headers[d])))
    if not headers[best]:
        raise InvalidInputError(f"{path} begins with an empty line; expected a header that names the columns")
    return best, headers[best]


def _arrow(path: Path) -> Any:
    try:
        import pyarrow
    except ImportError:
        raise MissingDependencyError(
            f"{path} is an Arrow file, and pyarrow is not installed; pip install 'conjac[arrow]'"
        ) from None
    from pyarrow import ipc

    with pyarrow.memory_map(str(path)) as file:
        try:
            return ipc.open_file(file).read_all()
        except pyarrow.ArrowInvalid:
            file.seek(0)
        try:
            return ipc.open_stream(file).read_all()
        except pyarrow.ArrowInvalid as error:
            raise InvalidInputError(f"{path} does not read as Arrow: {error}") from None
