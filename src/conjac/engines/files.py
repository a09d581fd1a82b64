"""Labels and scores from files, through DuckDB: only the columns named; faulty rows counted by reason and set aside.

Every file is poured into one typed table that marks each faulty row with its reason; the rows without one leave it as
NumPy arrays. Text is read by its meaning: the labels of a CSV file are whole numbers, numbers or booleans where every
one of them is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.engines.column_types import MISSING, common_type, is_input, meanings, texts_of
from conjac.engines.database import database, readable
from conjac.engines.faults import n_malformed, typed
from conjac.engines.inputs import fetch_inputs, input_roles
from conjac.engines.opening import open_sources
from conjac.engines.sources import find, named, quoted
from conjac.errors import InvalidInputError
from conjac.progress import Told

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FEW = 256
"""Up to this many distinct texts leave as codes, which is many times as fast as text."""


@dataclass(frozen=True)
class Columns:
    """The columns of the rows that can be used, and how many cannot.

    Attributes
    ----------
    label : array of shape (n_samples,)
        Integers, numbers, booleans or text.
    score : array of shape (n_samples,), or of shape (n_samples, n_columns) of several or none
        float32 where every file holds it so, else float64.
    weight : array of shape (n_samples,) or None
    by, groups, category : array of shape (n_samples,) or None
    n_read : int
        Rows in the files.
    set_aside : dict
        Faulty rows: reason to count.
    inputs : mapping of str to array of shape (n_samples,)
        What a model takes, in its own type.
    """

    label: AnyArray
    score: AnyArray
    weight: FloatArray | None
    by: AnyArray | None
    groups: AnyArray | None
    category: AnyArray | None
    n_read: int
    set_aside: dict[str, int]
    inputs: Mapping[str, AnyArray] = field(default_factory=dict)

    def take(self, rows: IntArray) -> Columns:
        """Return some of the rows."""
        weight, by, groups, category = (
            None if column is None else column[rows] for column in (self.weight, self.by, self.groups, self.category)
        )
        return replace(
            self,
            label=self.label[rows],
            score=self.score[rows],
            weight=weight,
            by=by,
            groups=groups,
            category=category,
            inputs={name: column[rows] for name, column in self.inputs.items()},
        )


def read_columns(
    files: Sequence[str | Path],
    *,
    label: str,
    score: str | Sequence[str] = (),
    weight: str | None = None,
    by: str | None = None,
    groups: str | None = None,
    category: str | None = None,
    inputs: Sequence[str] | str | None = None,
    strict: bool = False,
    told: Told | None = None,
) -> Columns:
    r"""Read the named columns of one or several files: CSV, TSV, JSON, JSON lines, Parquet or Arrow.

    Parameters
    ----------
    files : sequence of str or Path
        Paths, folders or glob patterns; CSV and JSON may be gzipped.
    label, score, weight, by, groups, category : str
        Column names, matched exactly; of scores a sequence of them too, whose columns lie side by side.
    inputs : sequence of str or "others", optional
        Columns that a model takes, in its order; or all that have no other role. Missing values are no fault there.
    strict : bool
        Raise if a row is faulty: a value is missing, a score or weight is not a finite number, a weight is negative,
        or the row does not parse.
    told : callable, optional
        Is told the share of each pass over the files that is done.

    Raises
    ------
    InvalidInputError
        A file or a column that is not there, a file that does not read as its kind, no row that can be used.
    MissingDependencyError
        An Arrow file without pyarrow.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "scores.csv")
    ...     _ = path.write_text("y,p\nham,0.1\nspam,0.8\nspam,high\n")
    ...     columns = read_columns([path], label="y", score="p")
    >>> columns.label, columns.score, columns.set_aside
    (array(['ham', 'spam'], dtype='<U4'), array([0.1, 0.8]), {'score not a number': 1})
    """
    paths = find(files)
    scores = {"score": score} if isinstance(score, str) else {f"score {k}": name for k, name in enumerate(score)}
    given = {"label": label, **scores, "weight": weight, "by": by, "groups": groups, "category": category}
    roles = {role: name for role, name in given.items() if name is not None}
    with database(told=told) as con:
        sources = open_sources(con, paths, list(roles.values()))
        taken = input_roles(inputs, list(roles.values()), sources)
        roles |= taken
        types = {role: common_type(role, name, sources) for role, name in roles.items()}
        fields = ", ".join(f"{quoted(role)} {kind}" for role, kind in types.items())
        con.execute(f'CREATE TABLE "rows" ({fields}, fault VARCHAR)')
        for source in sources:
            with readable(source.paths):
                con.execute(f'INSERT INTO "rows" {typed(source, roles, types)}')
        rejected = n_malformed(con, sources)
        meant = meanings(con, texts_of(sources, types))
        for role, kind in meant.items():
            if kind != "VARCHAR" and not is_input(role):
                first = "" if role == "label" else "fault IS NULL AND "
                con.execute(f'UPDATE "rows" SET fault = \'{role} missing\' WHERE {first}"{role}" IN {MISSING}')
        types |= meant
        n_read, set_aside = _faults(con, rejected, paths, strict)
        arrays = _fetch(con, {role: kind for role, kind in types.items() if role not in taken})
        brought = fetch_inputs(con, types, taken)
    n = len(arrays["label"])
    stacked = np.column_stack([arrays[role] for role in scores]) if scores else np.empty((n, 0))
    return Columns(
        arrays["label"],
        arrays["score"] if isinstance(score, str) else stacked,
        arrays.get("weight"),
        arrays.get("by"),
        arrays.get("groups"),
        arrays.get("category"),
        n_read,
        set_aside,
        brought,
    )


def describe_set_aside(set_aside: Mapping[str, int]) -> str:
    """Return the counts of faulty rows in words, most first."""
    return ", ".join(f"{count} {reason}" for reason, count in sorted(set_aside.items(), key=lambda item: -item[1]))


def faulty(which: str, n_read: int, set_aside: Mapping[str, int], first: str = "") -> InvalidInputError:
    """Return the error of faulty rows where none may be."""
    return InvalidInputError(
        f"{which}: {sum(set_aside.values())} of {n_read} rows are faulty ({describe_set_aside(set_aside)}){first}; "
        "mend them, or read without strict to set them aside"
    )


def _faults(con: DuckDBPyConnection, rejected: int, paths: Sequence[Path], strict: bool) -> tuple[int, dict[str, int]]:
    """Return the number of rows, and that of the faulty ones by reason; refuse those that must not be."""
    counted = con.execute('SELECT fault, count(*), min(rowid) FROM "rows" GROUP BY fault ORDER BY fault').fetchall()
    n_read = sum(count for _, count, _ in counted) + rejected
    set_aside = {reason: count for reason, count, _ in counted if reason is not None}
    if rejected:
        set_aside["row malformed"] = rejected
    which = named(paths)
    if not n_read:
        raise InvalidInputError(f"{which}: no rows; at least one row of each class is needed")
    n_faulty = sum(set_aside.values())
    if n_faulty == n_read:
        raise InvalidInputError(f"{which}: all {n_read} rows are faulty ({describe_set_aside(set_aside)})")
    if strict and n_faulty:
        places = [row for reason, _, row in counted if reason is not None]
        first = f", the first in row {min(places) + 1}" if places and len(paths) == 1 and not rejected else ""
        raise faulty(which, n_read, set_aside, first)
    return n_read, set_aside


def _fetch(con: DuckDBPyConnection, types: Mapping[str, str]) -> dict[str, AnyArray]:
    """Return the rows without a fault as arrays."""
    chosen, parameters, levels = [], [], {}
    for role, kind in types.items():
        expression = f'CAST("{role}" AS {kind}) AS "{role}"'
        if kind == "VARCHAR":
            query = f'SELECT DISTINCT "{role}" FROM "rows" WHERE fault IS NULL ORDER BY ALL LIMIT {FEW + 1}'
            texts = [text for (text,) in con.execute(query).fetchall()]
            if len(texts) <= FEW:
                levels[role] = np.array(texts)
                parameters.append(texts)
                expression = f'list_position(?, "{role}") - 1 AS "{role}"'
        chosen.append(expression)
    arrays = con.execute(f'SELECT {", ".join(chosen)} FROM "rows" WHERE fault IS NULL', parameters).fetchnumpy()
    plain = {role: np.ma.getdata(array) for role, array in arrays.items()}
    return {
        role: levels[role][array] if role in levels else array.astype(str) if array.dtype == object else array
        for role, array in plain.items()
    }
