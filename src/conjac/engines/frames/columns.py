"""Which columns of a frame have which role, and what they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import narwhals.stable.v2 as nw
import numpy as np

from conjac._typing import AnyArray
from conjac.engines.sources import no_column
from conjac.errors import InvalidInputError

NUMBERS = ("score", "weight", "velocity")
"""Roles of numbers; the others are keys."""
FLOATS: dict[Any, type[np.floating[Any]]] = {nw.Float32: np.float32, nw.Float64: np.float64}
HALF = "Float16"


@dataclass(frozen=True)
class Columns:
    """The columns that a frame is asked for.

    Attributes
    ----------
    names : mapping of str to str
        Role to the name of its column: "label", "score" or "score 0" and "score 1", and "weight", "groups", "by" and
        "velocity 0", "velocity 1", ... where they are asked for.
    types : mapping of str to dtype
        Role to what its column holds.
    unread : mapping of str to str
        Role to a column of booleans that are true where its text is no number; of files.
    """

    names: Mapping[str, str]
    types: Mapping[str, nw.dtypes.DType]
    unread: Mapping[str, str]

    @classmethod
    def of(cls, where: str, schema: Mapping[str, nw.dtypes.DType], names: Mapping[str, str], unread: Any) -> Self:
        """Look the columns up.

        Raises
        ------
        InvalidInputError
            No column of that name, numbers that are none, or keys that are no plain values.
        """
        for role, name in names.items():
            if name not in schema:
                raise no_column(where, name, list(schema))
            kind = schema[name]
            if _is_number(role) and not (kind.is_numeric() or kind == nw.Boolean or str(kind) == HALF):
                raise InvalidInputError(
                    f"column {name!r} holds {kind} values; expected numbers for the {role.split()[0]}"
                )
            if kind.is_nested() or kind == nw.Binary:
                raise InvalidInputError(f"column {name!r} holds {kind} values; expected one plain value a row")
        return cls(dict(names), {role: schema[name] for role, name in names.items()}, dict(unread))

    @property
    def scores(self) -> list[str]:
        """Roles of the score columns."""
        return [role for role in self.names if role.startswith("score")]

    @property
    def velocities(self) -> list[str]:
        """Roles of the columns of velocities."""
        return [role for role in self.names if role.startswith("velocity")]

    @property
    def dtype(self) -> Any:
        """The dtype in which NumPy would hold these scores, and compare them."""
        held = [np.float16 if str(self.types[role]) == HALF else FLOATS.get(self.types[role], np.float64)
                for role in self.scores]  # fmt: skip
        return np.result_type(*held)

    def expression(self, role: str) -> nw.Expr:
        """Return a column by its role: numbers in float64, keys as values that can be compared."""
        column, kind = nw.col(self.names[role]), self.types[role]
        if _is_number(role) or kind.is_float() or kind.is_decimal():
            return column.cast(nw.Float64)
        return column.cast(nw.String) if kind in (nw.Categorical, nw.Enum) else column

    def is_float(self, role: str) -> bool:
        """Tell whether a column may hold nan."""
        return _is_number(role) or self.types[role].is_float() or self.types[role].is_decimal()


def roles_of(
    label: str,
    score: str | Sequence[str],
    weight: str | None,
    groups: str | None,
    by: str | None,
    velocities: Sequence[Any] = (),
) -> dict[str, str]:
    """Return the name of each role's column.

    Raises
    ------
    InvalidInputError
        A name that is no text.
    """
    several: list[Any] = list(score) if isinstance(score, list | tuple) else [score]
    scores = {"score": several[0]} if len(several) == 1 else {f"score {k}": name for k, name in enumerate(several)}
    moving = {f"velocity {k}": name for k, name in enumerate(velocities)}
    told = {"label": label, **scores, "weight": weight, "by": by, "groups": groups, **moving}
    for role, name in told.items():
        is_needed = role == "label" or role in scores or role in moving
        if not isinstance(name, str) and (is_needed or name is not None):
            raise InvalidInputError(f"{role.split()[0]}={name!r}: expected the name of a column")
    return {role: name for role, name in told.items() if name is not None}


def literal(value: Any, kind: nw.dtypes.DType, name: str) -> Any:
    """Return a label as it can be compared with a column.

    Raises
    ------
    InvalidInputError
        A number where the column holds none, or the reverse.
    """
    is_number, is_text = isinstance(value, bool | int | float), isinstance(value, str)
    if kind == nw.Boolean and is_number and value in (0, 1):
        return bool(value)
    if kind.is_numeric() and is_number:
        return int(value) if float(value).is_integer() else float(value)
    texts = kind in (nw.String, nw.Categorical, nw.Enum)
    if (is_text or is_number) and (is_text != texts and kind != nw.Object):
        raise InvalidInputError(f"labels: {value!r} is no value of column {name!r}, which holds {kind} values")
    return value


def plain(values: Sequence[Any] | AnyArray) -> list[Any]:
    """Return a column of keys as plain Python values; None where missing."""
    return [value.item() if isinstance(value, np.generic) else value for value in values]


def _is_number(role: str) -> bool:
    return role.split()[0] in NUMBERS
