"""A frame of any library, or files, as one that narwhals reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw

from conjac.engines.relations import Relation, relation
from conjac.errors import InvalidInputError

Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]
SPARK_CONNECT = "pyspark (connect)"


@dataclass(frozen=True, eq=False)
class Opened:
    """A frame that is ready.

    Attributes
    ----------
    frame : narwhals DataFrame or LazyFrame
    names : mapping
        Role to the name of its column.
    engine : str
        What computes.
    which : str
        What messages call it.
    unread : mapping
        As for `Columns`.
    n_malformed : int
        Lines of files that are no rows.
    """

    frame: Frame
    names: Mapping[str, str]
    engine: str
    which: str = "frame"
    unread: Mapping[str, str] = field(default_factory=dict)
    n_malformed: int = 0


@contextmanager
def opened(frame: Any, names: Mapping[str, str]) -> Iterator[Opened]:
    """Open what was passed for as long as it is read.

    Parameters
    ----------
    frame : frame, Relation, str, Path, or list of paths
        A relation is open already, and holds these columns.
    names : mapping
        Role to the name of its column.

    Raises
    ------
    InvalidInputError
        No frame that narwhals knows, or files that do not read.
    """
    if isinstance(frame, Relation):
        yield _of_files(frame)
        return
    if isinstance(frame, str | Path | list | tuple):
        several: dict[str, list[str]] = {"score": [], "velocity": []}
        others: dict[str, Any] = {}
        for role, name in names.items():
            if (kind := role.split()[0]) in several:
                several[kind].append(name)
            else:
                others[role] = name
        scores, velocities = several.values()
        score = scores[0] if len(scores) == 1 else scores
        with relation(frame, score=score, velocities=velocities, **others) as found:
            yield _of_files(found)
        return
    try:
        given = nw.from_native(frame)
    except TypeError:
        raise InvalidInputError(
            f"frame is a {type(frame).__name__}; expected a frame of pandas, pyarrow, Polars, DuckDB, Dask or PySpark, "
            "or a path"
        ) from None
    if given.implementation.is_spark_like() and set(names.values()) <= set(frame.columns):
        given, names = _apart(frame, names)
    yield Opened(given, names, engine_of(given))


def _apart(frame: Any, names: Mapping[str, str]) -> tuple[Frame, dict[str, str]]:
    """Return a frame of Spark's under names that tell its columns apart, and the roles' own.

    Spark takes a dot for the way to a field, and ignores case: columns of such names get others, by their places.
    """
    columns: list[str] = frame.columns
    called: list[str] = []
    for name in columns:
        plain = name.replace(".", "_").replace("`", "_")
        taken = [other.casefold() for other in (*called, *columns) if other != name]
        while plain.casefold() in taken:
            plain += "_"
        called.append(plain)
    told = dict(zip(columns, called, strict=True))
    return nw.from_native(frame.toDF(*called)), {role: told.get(name, name) for role, name in names.items()}


def engine_of(frame: Frame) -> str:
    """Name the library that computes."""
    kind = frame.implementation
    if kind.is_pyspark_connect():
        return SPARK_CONNECT
    return f"{kind.value} (lazy)" if kind.is_polars() and isinstance(frame, nw.LazyFrame) else str(kind.value)


def _of_files(found: Relation) -> Opened:
    return Opened(nw.from_native(found.frame), found.names, "duckdb", found.which, found.unread, found.n_malformed)
