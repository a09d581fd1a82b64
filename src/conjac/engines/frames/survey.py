"""A first look at a frame: which labels there are, how far scores reach, how two columns of them are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import narwhals.stable.v2 as nw
import numpy as np

from conjac.engines.frames.collected import collected
from conjac.engines.frames.columns import Columns
from conjac.engines.frames.opened import Frame
from conjac.engines.frames.parts import in_parts
from conjac.engines.frames.staged import Rows
from conjac.errors import InvalidInputError
from conjac.reading import Reading
from conjac.reading.binary import SUM_TOLERANCE

MOST_LABELS = 100
"""Different labels beyond which a column is taken for something else."""


@dataclass(frozen=True)
class Survey:
    """What one aggregated pass over the rows without a fault tells.

    Attributes
    ----------
    labels : list
        Those that occur, sorted.
    low, high : float
        Range of the scores as they are read; nan where no row is without a fault.
    reading : Reading
    """

    labels: list[Any]
    low: float = np.nan
    high: float = np.nan
    reading: Reading = field(default_factory=Reading)

    @classmethod
    def of(cls, frame: Frame, rows: Rows) -> Self:
        """Look at the rows.

        Raises
        ------
        InvalidInputError
            More labels than a classifier has, or two scores in [0, 1] that do not sum to 1.
        """
        columns = rows.columns
        found = collected(frame, lambda part: _ends(rows, part))
        labels = set(found["label"])
        if len(labels) > MOST_LABELS:
            raise InvalidInputError(
                f"column {columns.names['label']!r} holds more than {MOST_LABELS} labels, such as "
                f"{sorted(labels)[:3]}; expected those of two classes"
            )
        if not labels:
            return cls([])
        low, high = found["low"].min(), found["high"].max()
        if len(columns.scores) == 1:
            return cls(sorted(labels), float(low), float(high))
        reading = _of_two(columns, min(low, found["other low"].min()), max(high, found["other high"].max()), found)
        if reading.kind == "difference":
            low, high = found["least apart"].min(), found["most apart"].max()
        return cls(sorted(labels), float(low), float(high), reading)


def _ends(rows: Rows, frame: Frame) -> Any:
    """Return the range of the scores of each label; of two columns that of the other and of their difference too."""
    ends = {"low": nw.col("p").min(), "high": nw.col("p").max()}
    told: dict[str, nw.Expr] = {}
    if len(rows.columns.scores) == 2:
        first, last = (nw.col(role) for role in rows.columns.scores)
        told = {"other": first, "apart": last - first, "miss": (first + last - 1).abs()}
        ends |= {"other low": nw.col("other").min(), "other high": nw.col("other").max()}
        ends |= {"least apart": nw.col("apart").min(), "most apart": nw.col("apart").max()}
        ends["miss"] = nw.col("miss").max()

    def looked_at(part: Frame) -> Any:
        return rows.checked(part).filter(nw.col("true") >= 0).select("label", "p", **told)

    return in_parts(frame, rows.columns, looked_at).group_by("label").agg(**ends).head(MOST_LABELS + 1)


def _of_two(columns: Columns, low: float, high: float, found: dict[str, Any]) -> Reading:
    if low < 0 or high > 1:
        return Reading("difference")
    if found["miss"].max() > SUM_TOLERANCE:
        raise InvalidInputError(
            f"score: the columns {[columns.names[role] for role in columns.scores]} lie in [0, 1] but do not sum to 1 "
            f"(off by {found['miss'].max():.3g} in some row); name the positive class's column alone, or raw scores"
        )
    return Reading("column")
