"""The type of a column: what its files tell, or what all of its texts mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from conjac.engines.sources import Source, quoted, text
from conjac.errors import InvalidInputError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
NUMBERS = ("BIGINT", "DOUBLE", "BOOLEAN", "VARCHAR")
NESTED = ("[", "STRUCT", "MAP", "BLOB", "UNION", "VARIANT")
MISSING = "('', 'NA', 'N/A', 'NaN', 'nan', 'null', 'NULL', 'None', '<NA>')"
"""How text spells a missing number; of labels, only where the others are not words."""

WHOLE, REAL = "-?(0|[1-9][0-9]{0,17})", r"-?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?"


def common_type(role: str, name: str, sources: Sequence[Source]) -> str:
    """Return the type that holds a column of every file.

    Of scores and weights it is one of numbers; of an input its own, where its files agree; else that of keys.
    """
    told = {source.column(name)[1] for source in sources}
    kinds = set()
    for kind in told:
        if any(mark in kind for mark in NESTED):
            raise InvalidInputError(f"column {name!r} holds {kind} values; expected one plain value a row")
        is_real = kind in ("FLOAT", "DOUBLE") or kind.startswith("DECIMAL")
        kinds.add("BIGINT" if kind in INTEGERS else "DOUBLE" if is_real else "VARCHAR" if is_text(kind) else kind)
    if is_numeric(role):
        if strange := kinds - set(NUMBERS):
            what = role.split()[0]
            raise InvalidInputError(f"column {name!r} holds {strange.pop()} values; expected numbers for the {what}")
        return "FLOAT" if role != "weight" and told == {"FLOAT"} else "DOUBLE"
    if is_input(role) and len(told) == 1 and "VARCHAR" not in kinds:
        return told.pop()
    if len(kinds) == 1 and kinds <= set(NUMBERS):
        return kinds.pop()
    return "DOUBLE" if kinds == {"BIGINT", "DOUBLE"} else "VARCHAR"


def is_text(kind: str) -> bool:
    """Tell whether a type of DuckDB's holds text."""
    return kind in ("VARCHAR", "JSON") or kind.startswith("ENUM")


def is_numeric(role: str) -> bool:
    """Tell whether a role is that of numbers: the weight, the score or a velocity, or one of several."""
    return role.split()[0] in ("score", "weight", "velocity")


def is_input(role: str) -> bool:
    """Tell whether a role is that of a model's input, for which no row is faulty."""
    return role.startswith("input ")


def texts_of(sources: Sequence[Source], types: Mapping[str, str]) -> list[str]:
    """Return the roles whose texts are read by their meaning: keys and inputs, where a file is CSV."""
    if not any(source.is_csv for source in sources):
        return []
    read = ("label", "by", "groups", "category")
    return [role for role, kind in types.items() if kind == "VARCHAR" and (role in read or is_input(role))]


def meanings(con: DuckDBPyConnection, roles: Sequence[str]) -> dict[str, str]:
    """Return the type that all texts of each role have, in one pass over "rows".

    An input that is always missing has no type, and is taken for numbers.
    """
    if not roles:
        return {}
    tests = ", ".join(_tests(quoted(role)) for role in roles)
    (told,) = con.execute(f'SELECT {tests} FROM "rows"').fetchall()
    types = {}
    for place, role in enumerate(roles):
        found = told[3 * place : 3 * place + 3]
        kind = next((kind for kind, is_it in zip(("BIGINT", "DOUBLE", "BOOLEAN"), found, strict=True) if is_it), None)
        types[role] = kind or ("DOUBLE" if is_input(role) and found == (None, None, None) else "VARCHAR")
    return types


def _tests(column: str) -> str:
    """Return what tells whether all texts of a column that are not missing are whole numbers, numbers, or booleans."""
    tests = (
        f"regexp_full_match({column}, {text(WHOLE)})",
        f"regexp_full_match({column}, {text(REAL)})",
        f"lower({column}) IN ('true', 'false')",
    )
    return ", ".join(f"bool_and({test}) FILTER ({column} NOT IN {MISSING})" for test in tests)
