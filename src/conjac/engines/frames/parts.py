"""A frame's rows in parts: of Dask some rows of a partition at a time, in memory; of all else the whole at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw

from conjac.engines.frames.collected import slices
from conjac.engines.frames.columns import Columns
from conjac.engines.frames.opened import Frame


def in_parts(frame: Frame, columns: Columns, made: Callable[[Frame], Any]) -> Any:
    """Return what a function makes of a frame: one below another, where it is in parts.

    Dask would carry each of the function's expressions through its planner, which takes seconds, and hold each one's
    column of a whole partition.

    Parameters
    ----------
    frame : narwhals DataFrame or LazyFrame
    columns : Columns
        All that the function reads.
    made : callable
        From a frame to another one.
    """
    if not frame.implementation.is_dask():
        return made(frame)
    read = sorted({*columns.names.values(), *columns.unread.values()})

    def of_partition(part: Any) -> Any:
        whole = nw.from_native(part, eager_only=True)
        return nw.concat([made(some) for some in slices(whole)]).to_native()

    return nw.from_native(frame.select(*read).to_native().map_partitions(of_partition, enforce_metadata=False))


def grouped(
    frame: Frame, columns: Columns, made: Callable[[Frame], Any], apart: Sequence[str], summed: Mapping[str, str]
) -> Any:
    """Return the number of "rows" of each group, and sums.

    Parameters
    ----------
    frame, columns, made
        As for `in_parts`; the function makes what is summed, row by row.
    apart : sequence of str
        The columns by which rows are kept apart.
    summed : mapping
        Name of each sum to the column it is of.
    """
    sums = {name: nw.col(column).sum() for name, column in summed.items()}
    found = in_parts(frame, columns, lambda part: made(part).group_by(*apart).agg(rows=nw.len(), **sums))
    if not frame.implementation.is_dask():
        return found
    return found.group_by(*apart).agg(**{name: nw.col(name).sum() for name in ("rows", *sums)})
