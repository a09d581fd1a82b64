"""Files that DuckDB reads: which they are, their kind by their suffix, and their names as SQL may hold them."""

from __future__ import annotations

import difflib
import glob
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from conjac.errors import InvalidInputError

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
MOST_SHOWN = 20


@dataclass(frozen=True)
class Source:
    """Files of one kind that hold the same columns.

    Attributes
    ----------
    paths : list of Path
    kind : str
        One of the values of `KINDS`.
    relation : str
        What SQL reads FROM.
    columns : list of tuple (name, expression, type)
    """

    paths: list[Path]
    kind: str
    relation: str
    columns: list[tuple[str, str, str]]

    @property
    def is_csv(self) -> bool:
        """Whether all values are text, and lines may be no rows."""
        return self.kind in ("CSV", "TSV")

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
            raise InvalidInputError(f"{self.paths[0]} has {len(found)} columns named {name!r}; rename all but one")
        raise no_column(str(self.paths[0]), name, [known for known, _, _ in self.columns])


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


def named(paths: Sequence[Path]) -> str:
    """Return what messages call files: the path of one, the number of several."""
    return str(paths[0]) if len(paths) == 1 else f"{len(paths)} files"


def text(value: str) -> str:
    """Return a text as a literal of SQL."""
    return "'" + value.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Return a name as an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'


def listed(paths: Iterable[Path]) -> str:
    """Return paths as a list of SQL; DuckDB takes each for a pattern."""
    return f"[{', '.join(text(glob.escape(str(path))) for path in paths)}]"
