"""Files as one lazy relation of DuckDB's: nothing is held but what a query on it sums."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conjac.engines.column_types import common_type, is_numeric, is_text, meanings, texts_of
from conjac.engines.database import database, readable
from conjac.engines.faults import UNREAD, fault_of, n_malformed, typed
from conjac.engines.opening import open_sources
from conjac.engines.sources import find, named, quoted, text
from conjac.progress import Told

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation


@dataclass(frozen=True, eq=False)
class Relation:
    """Named columns of files, none of them read yet.

    Attributes
    ----------
    which : str
        What messages call the files.
    frame : DuckDBPyRelation
        Faulty rows are in it: missing values are null (or nan), and so are texts that are no numbers.
    names : mapping
        Role ("label", "score", or "score 0", "score 1" of several, "weight", "by", "groups", "velocity 0", ...) to the
        name of its column in the frame: that in the files, or the role itself where one is empty or two differ by
        nothing but their case.
    unread : mapping
        Role of numbers to the name of a boolean column that is true where a text is no number; there is none of files
        that hold numbers.
    n_malformed : int
        Lines of CSV that are no rows, and not in the frame.
    """

    which: str
    frame: DuckDBPyRelation
    names: Mapping[str, str]
    unread: Mapping[str, str]
    n_malformed: int


@contextmanager
def relation(
    files: str | Path | Sequence[str | Path],
    *,
    label: str,
    score: str | Sequence[str],
    weight: str | None = None,
    by: str | None = None,
    groups: str | None = None,
    velocities: Sequence[str] = (),
    memory_limit: int | None = None,
    told: Told | None = None,
) -> Iterator[Relation]:
    r"""Open files as one relation that a query streams through: CSV, TSV, JSON, JSON lines, Parquet or Arrow.

    Numbers are typed as such (float32 where every file holds a score so); the texts of CSV are read by their meaning,
    for which one pass over them is made.

    Parameters
    ----------
    files : str or Path, or sequence of them
        Paths, folders or glob patterns.
    label, score, weight, by, groups : str
        Column names, matched exactly; of scores a sequence of them too.
    velocities : sequence of str
        Columns of the scores' derivatives.
    memory_limit : int, optional
        Bytes that DuckDB may hold before it spills to disk.
    told : callable, optional
        Is told the share of each pass over the files that is done.

    Raises
    ------
    InvalidInputError
        A file or a column that is not there, or a file that does not read as its kind, also while the relation is used.
    MissingDependencyError
        An Arrow file without pyarrow.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "scores.csv")
    ...     _ = path.write_text("y,p\nham,0.1\nspam,0.8\nspam,high\n")
    ...     with relation(path, label="y", score="p") as found:
    ...         found.frame.fetchall()
    [('ham', 0.1, False), ('spam', 0.8, False), ('spam', None, True)]
    """
    paths = find([files] if isinstance(files, str | Path) else files)
    scores = {"score": score} if isinstance(score, str) else {f"score {k}": name for k, name in enumerate(score)}
    moving = {f"velocity {k}": name for k, name in enumerate(velocities)}
    given = {"label": label, **scores, "weight": weight, "by": by, "groups": groups, **moving}
    roles = {role: name for role, name in given.items() if name is not None}
    with database(memory_limit, told) as con, readable(paths):
        sources = open_sources(con, paths, list(roles.values()))
        types = {role: common_type(role, name, sources) for role, name in roles.items()}
        rows = " UNION ALL ".join(typed(source, roles, types) for source in sources)
        con.execute(f'CREATE VIEW "rows" AS {rows}')
        types |= meanings(con, texts_of(sources, types))
        unread = {
            role: f"{role} unread"
            for role, name in roles.items()
            if is_numeric(role) and any(is_text(source.column(name)[1]) for source in sources)
        }
        names = _told_apart(roles, unread.values())
        values = [f"TRY_CAST({quoted(role)} AS {types[role]}) AS {quoted(names[role])}" for role in roles]
        tests = [
            f"coalesce(fault = {text(fault_of(role, roles[role], UNREAD))}, false) AS {quoted(name)}"
            for role, name in unread.items()
        ]
        frame = con.sql(f'SELECT {", ".join([*values, *tests])} FROM "rows"')
        yield Relation(named(paths), frame, names, unread, n_malformed(con, sources))


def _told_apart(roles: Mapping[str, str], taken: Iterable[str]) -> dict[str, str]:
    """Return the names of columns, if DuckDB, which ignores case, can tell them from each other; else their roles."""
    names = [name.casefold() for name in (*roles.values(), *taken)]
    return dict(roles) if all(names) and len(set(names)) == len(names) else {role: role for role in roles}
