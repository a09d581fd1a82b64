"""What is made of each row by itself, before rows are summed: of Dask in one task a partition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import narwhals.stable.v2 as nw

from conjac.engines.frames.columns import Columns
from conjac.engines.frames.opened import Frame


def rowwise(frame: Frame, columns: Columns, made: Callable[[Frame], Any]) -> Any:
    """Return what a function makes of a frame row by row.

    Dask would carry each of the function's expressions through its planner, which takes seconds. A partition is a frame
    in memory, and the function is handed it whole.

    Parameters
    ----------
    frame : narwhals DataFrame or LazyFrame
    columns : Columns
        All that the function reads.
    made : callable
        From a frame to one of as many rows, or of fewer.
    """
    if not frame.implementation.is_dask():
        return made(frame)
    read = sorted({*columns.names.values(), *columns.unread.values()})

    def of_partition(part: Any) -> Any:
        return made(nw.from_native(part, eager_only=True)).to_native()

    return nw.from_native(frame.select(*read).to_native().map_partitions(of_partition, enforce_metadata=False))
