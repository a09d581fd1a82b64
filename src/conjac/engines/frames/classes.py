"""Several classes: from a frame with a score a class to bundles of its rows, by one staged expression.

As of two classes, each step is a ``with_columns`` of its own. Predictions compare scores as NumPy does: as they are
where offsets are equal, else with these added. Bins are those of `conjac.bundles`. Their edges are fractions of the
reach with denominators that are powers of two. Logarithms, of which the last digits differ between engines, do not lie
on these, but for 0, which is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import add
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np

from conjac._typing import Scale
from conjac.bundles import BINS, NO_BIN, WIDER
from conjac.coordinates import FLOOR
from conjac.engines.frames.blocks import block
from conjac.engines.frames.columns import Columns
from conjac.engines.frames.faults import faults, first_of, is_label
from conjac.engines.frames.opened import Frame
from conjac.engines.frames.parts import grouped, in_parts
from conjac.engines.frames.survey import MOST_LABELS
from conjac.facets import TIE
from conjac.rules import ArgmaxRule


@dataclass(frozen=True, eq=False)
class ClassRows:
    """A frame's rows, checked.

    Attributes
    ----------
    columns : Columns
    labels : sequence or None
        As they compare with the column; None before they are known.
    scale : {"logit", "score"} or None
        As it was asked for.
    """

    columns: Columns
    labels: Sequence[Any] | None = None
    scale: Scale | None = None

    @cached_property
    def reasons(self) -> list[str]:
        """What may be wrong with a row, in the order in which it counts."""
        return [reason for reason, _ in self._faults]

    @cached_property
    def _faults(self) -> list[tuple[str, nw.Expr]]:
        return list(faults(self.columns, self.labels, self.scale))

    def checked(self, frame: Frame) -> Frame:
        """Return the columns by role, with "true": the class's index, or less than 0 of a fault."""
        told = {role: self.columns.expression(role) for role in self.columns.names}
        told |= {f"{role} unread": nw.col(name) for role, name in self.columns.unread.items()}
        rows: Any = frame.select(**told).with_columns(fault=first_of([test for _, test in self._faults]))
        valid = nw.col("fault") == 0
        true = nw.lit(0) if self.labels is None else first_of([is_label(label) for label in self.labels[1:]])
        numbers = [role for role in (*self.columns.scores, "weight") if role in self.columns.names]
        safe = {name: nw.when(valid).then(nw.col(name)).otherwise(nw.lit(0.5)) for name in numbers}
        return rows.with_columns(true=nw.when(valid).then(true).otherwise(nw.lit(0) - nw.col("fault")), **safe)  # type: ignore[no-any-return]

    def surveyed(self, frame: Frame, offsets: Sequence[float]) -> Frame:
        """Return by label the range of the scores, how far their sum is from 1, and the squared gap of the best two."""
        found = {"square": nw.col("square").sum(), "miss": nw.col("miss").max(), "rows": nw.len()}
        found |= {"low": nw.col("low").min(), "high": nw.col("high").max()}
        rows = in_parts(frame, self.columns, lambda part: self._seen(part, offsets))
        return rows.group_by("label").agg(**found).head(MOST_LABELS + 1)  # type: ignore[no-any-return]

    def _seen(self, frame: Frame, offsets: Sequence[float]) -> Any:
        """Return valid rows with what is looked at."""
        scores = [nw.col(role) for role in self.columns.scores]
        compared = [score + float(offset) for score, offset in zip(scores, offsets, strict=True)]
        rows: Any = self.checked(frame).filter(nw.col("true") >= 0)
        rows = rows.with_columns(
            low=nw.min_horizontal(*scores), high=nw.max_horizontal(*scores), miss=(reduce(add, scores) - 1).abs()
        )
        rows = _compared(rows, compared)
        rows = rows.with_columns(apart=nw.col("highest") - nw.col("second"))
        return rows.select("label", "low", "high", "miss", square=nw.col("apart") * nw.col("apart"))

    def bundled(self, frame: Frame, rule: ArgmaxRule, reach: float, keys: Sequence[str]) -> Frame:
        """Return the sums per class or fault, predicted class, bins of the gaps, block and other keys.

        Parameters
        ----------
        frame : narwhals DataFrame or LazyFrame
        rule : ArgmaxRule
        reach : float
            As of `conjac.bundles.Bundles`.
        keys : sequence of str
            Further columns to be kept apart.
        """
        n = len(self.columns.scores)
        weighted = "weight" in self.columns.names
        total = "total " if weighted else ""
        summed = {f"{name} {k}": f"{total}{name} {k}" for name in ("gap", "square") for k in range(n)}
        summed |= {"zeros": "zero", **({"weight": "weight", "weight2": "total weight"} if weighted else {})}
        apart = ["true", "predicted", *(f"bin {k}" for k in range(n)), *keys]
        return grouped(frame, self.columns, lambda part: self._placed(part, rule, reach, keys), apart, summed)  # type: ignore[no-any-return]

    def _placed(self, frame: Frame, rule: ArgmaxRule, reach: float, keys: Sequence[str]) -> Any:
        """Return rows with the predicted class, the gaps, their bins and the block that they are summed by."""
        rows: Any = self.checked(frame)
        scores = [nw.col(role) for role in self.columns.scores]
        u = [score.clip(lower_bound=FLOOR).log() for score in scores] if rule.scale == "logit" else scores
        moved = [one + float(offset) for one, offset in zip(u, rule.offsets, strict=True)] if rule.offsets.any() else u
        rows = rows.with_columns(lowest=nw.min_horizontal(*scores))
        rows = rows.with_columns(zero=nw.when(nw.col("lowest") == 0).then(nw.lit(1)).otherwise(nw.lit(0)))
        rows = _compared(rows, moved, None if np.ptp(rule.offsets) else scores)
        rows = _near(rows, len(scores))
        rows = _binned(rows, len(scores), reach)
        if "weight" in self.columns.names:
            weighted = [*(f"{name} {k}" for name in ("gap", "square") for k in range(len(scores))), "weight"]
            rows = rows.with_columns(**{f"total {name}": nw.col(name) * nw.col("weight") for name in weighted})
        return block(rows) if "block" in keys else rows


def _compared(rows: Any, compared: Sequence[nw.Expr], scores: Sequence[nw.Expr] | None = None) -> Any:
    """Return rows with what is compared as "u 0", ..., the "predicted" class, and the "highest" and "second" of all.

    Parameters
    ----------
    rows : narwhals DataFrame or LazyFrame
    compared : sequence of expressions
    scores : sequence of expressions, optional
        By which the class is predicted, where not by these.
    """
    names = [f"u {k}" for k in range(len(compared))]
    rows = rows.with_columns(**dict(zip(names, compared, strict=True)))
    u = [nw.col(name) for name in names]
    told = u if scores is None else scores
    rows = rows.with_columns(highest=nw.max_horizontal(*u), best=nw.max_horizontal(*told))
    first = first_of([one == nw.col("best") for one in told]) - 1
    rows = rows.with_columns(predicted=first.cast(nw.Int64))
    others = [nw.when(nw.col("predicted") != k).then(one).otherwise(nw.lit(-np.inf)) for k, one in enumerate(u)]
    return rows.with_columns(second=nw.max_horizontal(*others))


def _near(rows: Any, n: int) -> Any:
    """Return rows with "near 0", ..., 1 of a class that they share a facet with, with "gap 0", ... down to these."""
    highest, second = nw.col("highest"), nw.col("second")
    rows = rows.with_columns(midpoint=2 * second - highest - TIE * (highest.abs() + second.abs()))
    near = {
        f"near {k}": nw.when((nw.col("predicted") != k) & (nw.col(f"u {k}") >= nw.col("midpoint")))
        .then(nw.lit(1))
        .otherwise(nw.lit(0))
        for k in range(n)
    }
    rows = rows.with_columns(**near)
    gaps = {f"gap {k}": (highest - nw.col(f"u {k}")) * nw.col(f"near {k}") for k in range(n)}
    return rows.with_columns(n_near=reduce(add, [nw.col(name) for name in near]), **gaps)


def _binned(rows: Any, n: int, reach: float) -> Any:
    """Return rows with "bin 0", ... and the squared gaps, "square 0", ..."""
    per = nw.lit(float(BINS[-1]))
    for count in range(len(BINS) - 1, 0, -1):
        per = nw.when(nw.col("n_near") == count).then(nw.lit(float(BINS[count - 1]))).otherwise(per)
    roots = {f"root {k}": (nw.col(f"gap {k}") / reach).sqrt() for k in range(n)}
    squares = {f"square {k}": nw.col(f"gap {k}") * nw.col(f"gap {k}") for k in range(n)}
    rows = rows.with_columns(per=per, **roots, **squares)
    far = {k: (nw.col("n_near") > 1) & (nw.col(f"root {k}") >= 1) for k in range(n)}
    wide = {f"wide {k}": nw.when(far[k]).then(nw.lit(float(WIDER))).otherwise(nw.lit(1.0)) for k in range(n)}
    rows = rows.with_columns(**wide)
    places = {
        f"place {k}": (nw.col(f"root {k}") * (nw.col("per") / nw.col(f"wide {k}"))).floor() * nw.col(f"wide {k}")
        for k in range(n)
    }
    rows = rows.with_columns(**places)
    return rows.with_columns(
        **{
            f"bin {k}": nw.when(nw.col(f"near {k}") == 1)
            .then(nw.col(f"place {k}"))
            .otherwise(nw.lit(float(NO_BIN)))
            .cast(nw.Int64)
            for k in range(n)
        }
    )
