"""The expression: from rows to the keys and sums of a tally, a step at a time.

Each step is a ``with_columns`` of its own: nested in one expression, what is used twice would be computed twice, and
Spark's compiler would give up. Rows so near to the edge of a bin that engines could differ, whose logarithms do in the
last digits, are keyed by their score as well, for NumPy to place; so are exact zeros and ones, which are counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any, Literal

import narwhals.stable.v2 as nw
import numpy as np

from conjac._typing import Scale
from conjac.coordinates import FLOOR
from conjac.engines.frames.blocks import block
from conjac.engines.frames.columns import Columns
from conjac.engines.frames.cuts import Cuts
from conjac.engines.frames.faults import faults, first_of, is_label
from conjac.engines.frames.opened import Frame
from conjac.engines.frames.parts import grouped
from conjac.tally import MOMENTS

EVERYWHERE = 2.0**20
"""Half precision has so few values that all of them are kept."""
LOGARITHM = 2.0**-44
"""How far log-odds may be off in any engine: a hundred times what their libraries claim."""


@dataclass(frozen=True, eq=False)
class Rows:
    """A frame's rows, checked.

    Attributes
    ----------
    columns : Columns
    reading : {"score", "column", "difference"}
        As of `conjac.reading.Reading`.
    labels : tuple of length 2, or None
        Negative label, positive label, as they compare with the column; None before they are known.
    scale : {"logit", "score"}, or None
        What the margins are measured in; None before it is known.
    """

    columns: Columns
    reading: Literal["score", "column", "difference"]
    labels: Sequence[Any] | None = None
    scale: Scale | None = None

    @cached_property
    def reasons(self) -> list[str]:
        """What may be wrong with a row, in the order in which it counts."""
        return [reason for reason, _ in self._faults]

    @cached_property
    def _faults(self) -> list[tuple[str, nw.Expr]]:
        return list(faults(self.columns, self.labels, self.scale))

    def checked(self, frame: Frame) -> Any:
        """Return the columns by role, with "p", the score, and "true": the class's index, or less than 0 of a fault."""
        told = {role: self.columns.expression(role) for role in self.columns.names}
        told |= {f"{role} unread": nw.col(name) for role, name in self.columns.unread.items()}
        first, *others = self.columns.scores
        if self.reading == "difference":
            told["p"] = self._difference(first, others[0])
        rows = frame.select(**told)
        if self.reading != "difference":
            rows = rows.with_columns(p=nw.col(others[0] if others else first))
        rows = rows.with_columns(fault=first_of([test for _, test in self._faults]))
        true = (
            nw.lit(0) if self.labels is None else nw.when(is_label(self.labels[1])).then(nw.lit(1)).otherwise(nw.lit(0))
        )
        safe = {name: nw.when(nw.col("fault") == 0).then(nw.col(name)).otherwise(nw.lit(0.5)) for name in self._numbers}
        return rows.with_columns(
            true=nw.when(nw.col("fault") == 0).then(true).otherwise(nw.lit(0) - nw.col("fault")), **safe
        )

    def binned(self, frame: Frame, step: float, cuts: Cuts, keys: Sequence[str]) -> Any:
        """Return the sums per class or fault, bin, score where near an edge, side of the cuts, block and other keys.

        Parameters
        ----------
        frame : narwhals DataFrame or LazyFrame
        step : float
            Bin width.
        cuts : Cuts
            Of the named thresholds.
        keys : sequence of str
            Further columns to be kept apart.
        """
        apart = ["true", "bin", "at", *(["side"] if cuts.thresholds else []), *keys]
        weights = ["weight", "weight2"] if "weight" in self.columns.names else []
        moments = [f"{moment} {k}" for k in range(len(self.columns.velocities)) for moment in MOMENTS]
        summed = {name: name for name in ("offset", *weights, *moments)}
        return grouped(frame, self.columns, lambda part: self._placed(part, step, cuts, keys), apart, summed)

    def _placed(self, frame: Frame, step: float, cuts: Cuts, keys: Sequence[str]) -> Any:
        """Return rows with the bin, the offset, the side and the block that they are summed by."""
        p = nw.col("p")
        rows = self.checked(frame)
        if self.scale == "logit":
            rows = rows.with_columns(least=p.clip(lower_bound=FLOOR), rest=(1 - p).clip(lower_bound=FLOOR))
            rows = rows.with_columns(position=(nw.col("least") / nw.col("rest")).log() / step)
            slack = (self._rounding / step) / nw.col("rest") + LOGARITHM / step
        else:
            rows = rows.with_columns(position=p / step)
            slack = nw.col("position").abs() * self._rounding
        rows = rows.with_columns(floor=nw.col("position").floor())
        rows = rows.with_columns(offset=nw.col("position") - nw.col("floor"), slack=slack)
        near = (nw.col("offset") <= nw.col("slack")) | (nw.col("offset") >= 1 - nw.col("slack"))
        if self.scale == "logit":
            near = near | (p <= 0) | (p >= 1)
        rows = rows.with_columns(at=nw.when(near).then(p).otherwise(nw.lit(inf)))
        floor = nw.when(nw.col("at") == inf).then(nw.col("floor")).otherwise(nw.lit(0.0))
        rows = cuts.sided(rows.with_columns(bin=floor.cast(nw.Int64)))
        if "weight" in self.columns.names:
            rows = rows.with_columns(weight2=nw.col("weight") * nw.col("weight"))
        if self.columns.velocities:
            rows = self._moving(rows)
        return block(rows) if "block" in keys else rows

    def _moving(self, rows: Any) -> Any:
        """Return rows with the moments of their margins' velocities, "wv 0" and so on."""
        places = range(len(self.columns.velocities))
        v, w = {k: nw.col(f"velocity {k}") for k in places}, nw.col("w")
        if self.scale == "logit":
            rows = rows.with_columns(**{f"velocity {k}": v[k] / (nw.col("least") * nw.col("rest")) for k in places})
        weighted = "weight" in self.columns.names
        rows = rows.with_columns(w=nw.col("weight") if weighted else nw.lit(1.0))
        moving = {f"w_moving {k}": nw.when(v[k] != 0).then(w).otherwise(nw.lit(0.0)) for k in places}
        rows = rows.with_columns(**{f"wv {k}": w * v[k] for k in places}, **moving)
        rows = rows.with_columns(
            **{f"wvv {k}": nw.col(f"wv {k}") * v[k] for k in places},
            **{f"wwv {k}": w * nw.col(f"wv {k}") for k in places},
        )
        return rows.with_columns(**{f"wwvv {k}": nw.col(f"wwv {k}") * v[k] for k in places})

    def _difference(self, negative: str, positive: str) -> nw.Expr:
        """Return the difference of two scores, in the dtype in which NumPy takes it."""
        kind = nw.Float32 if self.columns.dtype == np.float32 else nw.Float64
        first, second = (nw.col(self.columns.names[role]).cast(kind) for role in (negative, positive))
        return (second - first).cast(nw.Float64)

    @property
    def _numbers(self) -> list[str]:
        return ["p", *(role for role in self.columns.names if role == "weight" or role in self.columns.velocities)]

    @property
    def _rounding(self) -> float:
        """How far an edge may be from itself in the scores' own dtype, and a logarithm's argument from its score."""
        if self.columns.dtype == np.float16:
            return EVERYWHERE
        return float(np.finfo(self.columns.dtype).eps) * (1 if self.columns.dtype == np.float32 else 4)
