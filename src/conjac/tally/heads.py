"""What a stored tally says of itself, and whether its columns bear it out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conjac._typing import AnyArray, IntArray
from conjac.errors import InvalidInputError
from conjac.tally.bins import MAX_BIN
from conjac.tally.forms import check_labels, check_scale, check_step, check_thresholds, check_velocities
from conjac.tally.moments import moment_columns
from conjac.tally.sums import KEYS
from conjac.validation import N_BLOCKS

KIND = "conjac.tally"
SCHEMA = f"{KIND}/1"
MOST_ROWS = 2**53
"""Rows, and integer weights, up to which sums are exact."""


def head_of(tally: Any) -> dict[str, Any]:
    """Return what a tally is of, as types that JSON knows.

    Raises
    ------
    InvalidInputError
        Labels of other types.
    """
    return {
        "schema": SCHEMA,
        "scale": tally.scale,
        "step": tally.step,
        "thresholds": list(tally.thresholds),
        "labels": _storable(tally.labels),
        "clustered": tally.clustered,
        "velocities": list(tally.velocities),
        "set_aside": dict(tally.set_aside),
        "n_rows": int(tally.rows.sum()),
    }


def check_head(head: Any, where: str) -> dict[str, Any]:
    """Return what `head_of` told, as `Tally.of_sums` takes it.

    Raises
    ------
    InvalidInputError
        Something else, or another version.
    """
    schema = head.get("schema") if isinstance(head, Mapping) else None
    if schema != SCHEMA:
        if isinstance(schema, str) and schema.startswith(f"{KIND}/"):
            raise InvalidInputError(
                f"{where} has the schema {schema!r}, and this version of conjac reads {SCHEMA!r}; read it with the "
                "version that wrote it, or a later one"
            )
        raise InvalidInputError(
            f"{where} is no tally: its schema is {schema!r}, expected {SCHEMA!r}; pass what a tally's to_json, "
            "to_parquet or to_arrays made"
        )
    try:
        scale = check_scale(head["scale"])
        form = {
            "scale": scale,
            "step": check_step(float(head["step"]), scale),
            "thresholds": check_thresholds(head["thresholds"]),
            "labels": check_labels(_storable(head["labels"])),
            "clustered": _of_type(bool, head["clustered"]),
            "velocities": check_velocities(_of_type(list, head["velocities"])),
            "set_aside": {_of_type(str, reason): _count(number) for reason, number in head["set_aside"].items()},
        }
        _count(head["n_rows"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else error
        raise _damaged(where, reason) from None
    return form


def check_columns(
    columns: Mapping[str, Any], form: Mapping[str, Any], n_rows: int, where: str
) -> tuple[IntArray, dict[str, Any]]:
    """Return the keys, array of shape (n_keys, 5), and the sums of a stored tally.

    Raises
    ------
    InvalidInputError
        A column that is missing or of another length or type, a value that no tally holds, or another number of rows
        than it says.
    """
    blocks = N_BLOCKS if form["clustered"] else 1
    ends = {"true": (0, 1), "facet": (0, 0), "bin": (-MAX_BIN, MAX_BIN), "side": (0, len(form["thresholds"])),
            "block": (0, blocks - 1)}  # fmt: skip
    try:
        n_keys = len(columns["rows"])
        sums = {"rows": _column(columns, "rows", n_keys, "iu", 1, MOST_ROWS)}
        sums["offset"] = _column(columns, "offset", n_keys, "iuf", -np.inf, np.inf).astype(np.float64)
        if "weight" in columns:
            sums |= {name: _column(columns, name, n_keys, "iuf", 0, np.inf) for name in ("weight", "weight2")}
        for name in moment_columns(form["velocities"]):
            sums[name] = _column(columns, name, n_keys, "iuf", -np.inf, np.inf)
        keys = np.stack([_column(columns, name, n_keys, "iu", *ends[name]) for name in KEYS], axis=1)
        if int(sums["rows"].sum(dtype=object)) != n_rows:
            raise ValueError(f"it holds {sums['rows'].sum()} rows and says {n_rows}")
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        reason = f"the column {error} is missing" if isinstance(error, KeyError) else error
        raise _damaged(where, reason) from None
    return keys.astype(np.intp), sums


def _column(columns: Mapping[str, Any], name: str, n_keys: int, kinds: str, low: float, high: float) -> AnyArray:
    column = np.asarray(columns[name])
    if column.ndim == 0:
        column = np.broadcast_to(column, n_keys)
    if column.shape != (n_keys,):
        raise ValueError(f"{name} has shape {column.shape} and rows ({n_keys},)")
    if not n_keys:
        return column.astype(np.int64)
    if column.dtype.kind not in kinds:
        raise ValueError(f"{name} holds {column.dtype} values")
    if not (column.min() >= low and column.max() <= high and np.isfinite(column).all()):
        raise ValueError(f"{name} runs from {column.min()} to {column.max()}; expected {low:g} to {high:g}, finite")
    return column


def _storable(labels: Any) -> list[Any]:
    if not all(isinstance(label, str | int | float) for label in labels):
        raise InvalidInputError(f"labels={labels} cannot be stored; expected text, numbers or booleans")
    return list(labels)


def _of_type(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_ROWS:
        raise ValueError(f"{value!r} is no number of rows")
    return value


def _damaged(where: str, reason: Any) -> InvalidInputError:
    return InvalidInputError(f"{where} is a damaged tally: {reason}; take a whole copy of what was written")
