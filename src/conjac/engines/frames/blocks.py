"""Clusters of rows: their blocks, by the same hash as of rows in memory."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import numpy as np

from conjac._typing import IntArray
from conjac.engines.frames.columns import Columns
from conjac.validation.arguments import BLOCK, PRIME, block_of, blocks_of, hashed

WIDE = (nw.UInt64, nw.Int128, nw.UInt128)
"""Whole numbers that some engines do not have."""


def is_hashed(columns: Columns) -> bool:
    """Tell whether the engine can hash the keys; else they are kept, and are hashed afterwards."""
    kind = columns.types["groups"]
    return kind.is_integer() and kind not in WIDE


def block(rows: Any) -> Any:
    """Return rows with "block", of their key "groups": by NumPy where they are in memory, else in columns."""
    rows = rows.with_columns(key=nw.when(nw.col("true") < 0).then(nw.lit(0)).otherwise(nw.col("groups").cast(nw.Int64)))
    if isinstance(rows, nw.DataFrame):
        blocks = blocks_of(rows["key"].to_numpy().astype(np.int64))
        return rows.with_columns(nw.new_series("block", blocks, backend=rows.implementation))
    rows = rows.with_columns(residue=nw.col("key") % PRIME)
    positive = nw.when(nw.col("residue") < 0).then(nw.col("residue") + PRIME).otherwise(nw.col("residue"))
    rows = rows.with_columns(residue=positive)  # of a negative number some engines find a negative remainder
    return rows.with_columns(block=hashed(nw.col("residue")) // BLOCK)


def folded(keys: list[Any]) -> IntArray:
    """Return the block of each key; 0 where it is missing."""
    blocks = {key: 0 if key is None or key != key else block_of(key) for key in set(keys)}
    return np.array([blocks[key] for key in keys], dtype=np.intp)
