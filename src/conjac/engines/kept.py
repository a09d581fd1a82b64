"""Tallies as Parquet files, through DuckDB: a row a key, and what they are of in the file's metadata."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from conjac._typing import AnyArray
from conjac.engines.database import database, readable
from conjac.engines.sources import quoted
from conjac.errors import InvalidInputError
from conjac.writing import written

METADATA = "conjac.tally"
TYPES = {1: "TINYINT", 2: "SMALLINT", 4: "INTEGER", 8: "BIGINT"}
"""Of integers, by their bytes."""


def write_tally(head: str, columns: Mapping[str, AnyArray], path: Path) -> None:
    """Write a tally's columns as a Parquet file, and its head as metadata, whole or not at all."""
    types = {name: TYPES[c.dtype.itemsize] if c.dtype.kind == "i" else "DOUBLE" for name, c in columns.items()}
    chosen = ", ".join(f"unnest(?::{kind}[]) AS {quoted(name)}" for name, kind in types.items())
    told = head.replace("'", "''")
    with written(path) as part, database() as con:
        con.execute(
            f"COPY (SELECT {chosen}) TO ? (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false, "
            f"KV_METADATA {{'{METADATA}': '{told}'}})",
            [*(column.tolist() for column in columns.values()), str(part)],
        )


def read_tally(path: Path) -> tuple[str, dict[str, AnyArray]]:
    """Return the head and the columns of a Parquet file that `write_tally` wrote.

    Raises
    ------
    InvalidInputError
        A file that is not there, does not read as Parquet or holds no tally.
    """
    if not path.is_file():
        raise InvalidInputError(f"{path} is not there, or is no file; pass the path of a tally's Parquet file")
    with readable([path]), database() as con:
        told = con.execute("SELECT key, value FROM parquet_kv_metadata(?)", [str(path)]).fetchall()
        heads = [bytes(value).decode() for key, value in told if bytes(key).decode() == METADATA]
        if not heads:
            raise InvalidInputError(f"{path} is no tally: its metadata has no {METADATA!r}; pass what to_parquet wrote")
        columns = con.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchnumpy()
    for name, column in columns.items():
        if np.ma.is_masked(column):
            raise InvalidInputError(f"{path} is a damaged tally: the column {name!r} has missing values")
    return heads[0], {name: np.ma.getdata(column) for name, column in columns.items()}
