"""The small result of a query, as columns in memory: by each library's own means, so that none needs another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np

from conjac._typing import AnyArray
from conjac.engines.frames.columns import plain
from conjac.engines.frames.opened import Frame
from conjac.reading import as_float

ROWS_AT_ONCE = 2**20
KEYS = ("label", "by", "groups")
"""Columns of values of any type, which leave as lists of plain values; the others leave as arrays of numbers."""

Query = Callable[[Frame], Frame]


def collected(frame: Frame, query: Query) -> dict[str, Any]:
    """Return the columns of a query that sums; of a frame in memory those of some rows at a time, one after another.

    Parameters
    ----------
    frame : narwhals DataFrame or LazyFrame
    query : callable
        From the frame to an aggregated one.
    """
    if isinstance(frame, nw.LazyFrame):
        return _columns(query(frame))
    if frame.implementation.is_polars():
        return _columns(query(frame.lazy()))
    parts = [_columns(query(some)) for some in slices(frame)]
    return {name: _joined(name, [part[name] for part in parts]) for name in parts[0]}


def slices(frame: nw.DataFrame[Any]) -> Iterator[nw.DataFrame[Any]]:
    """Yield a frame in memory some rows at a time; one without rows once."""
    for start in range(0, max(len(frame), 1), ROWS_AT_ONCE):
        yield frame[start : start + ROWS_AT_ONCE]


def _joined(name: str, parts: Sequence[Any]) -> Any:
    return [value for part in parts for value in part] if name in KEYS else np.concatenate(parts)


def _columns(result: Frame) -> dict[str, Any]:
    columns = _native_columns(result)
    return {name: plain(column) if name in KEYS else _numbers(column) for name, column in columns.items()}


def _native_columns(result: Frame) -> dict[str, Any]:
    native = result.to_native()
    if isinstance(result, nw.LazyFrame) and result.implementation.is_duckdb():
        return {name: column.tolist() if name in KEYS else column for name, column in native.fetchnumpy().items()}
    if isinstance(result, nw.LazyFrame) and result.implementation.is_spark_like():
        rows, names = native.collect(), native.columns
        return dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
    if isinstance(result, nw.LazyFrame):
        return _native_columns(
            result.collect(engine="streaming") if result.implementation.is_polars() else result.collect()
        )
    return {
        column.name: column.to_list() if column.name in KEYS else column.to_numpy() for column in result.iter_columns()
    }


def _numbers(column: Any) -> AnyArray:
    """Return numbers as an array, nan where missing."""
    if isinstance(column, np.ma.MaskedArray):
        return np.ma.filled(column.astype(np.float64), np.nan)
    array = np.asarray(column)
    return as_float(array, "a column of sums") if array.dtype == object else array
