"""Named thresholds in the expression: on which side of each a row lies.

Few are compared one by one. Of many, a row is compared with those in its own bin alone, which a table tells; how many
lie in bins below is known afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import reduce
from itertools import zip_longest
from math import inf
from operator import add
from typing import Any, Self

import narwhals.stable.v2 as nw
import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray, Scale
from conjac.rules import in_dtype_of
from conjac.tally import bins_of

FEW = 16
"""Thresholds up to which one comparison each is faster than a table."""


@dataclass(frozen=True, eq=False)
class Cuts:
    """Named thresholds at one bin width.

    Attributes
    ----------
    thresholds : tuple of float
        On the scores' own scale, ascending.
    values : array of shape (n_thresholds,)
        As they compare with the scores.
    bins : array of shape (n_thresholds,)
        In which each of them lies.
    """

    thresholds: tuple[float, ...]
    values: FloatArray
    bins: FloatArray

    @classmethod
    def of(cls, thresholds: tuple[float, ...], dtype: Any, scale: Scale, step: float) -> Self:
        """Place thresholds among bins."""
        told = np.asarray(in_dtype_of(np.empty(0, dtype), np.array(thresholds)))
        return cls(thresholds, told.astype(np.float64), bins_of(told, scale, step))

    @property
    def is_many(self) -> bool:
        """Whether a table is used."""
        return len(self.thresholds) > FEW

    def sided(self, rows: Any) -> Any:
        """Return rows with "side": the thresholds at or below the score, or of many those of them in its bin."""
        if not self.thresholds:
            return rows
        if not self.is_many:
            return rows.with_columns(side=_above([nw.lit(float(value)) for value in self.values]))
        shared: defaultdict[int, list[float]] = defaultdict(list)
        for place, value in zip(self.bins.astype(int).tolist(), self.values.tolist(), strict=True):
            shared[place].append(value)
        columns = {f"cut{k}": list(column) for k, column in enumerate(zip_longest(*shared.values(), fillvalue=inf))}
        return _looked_up(rows, list(shared), columns).with_columns(side=_above([nw.col(name) for name in columns]))

    def sides(self, bins: FloatArray, side: AnyArray) -> IntArray:
        """Return how many thresholds are at or below the scores of rows, from what `sided` told of them."""
        below = np.searchsorted(self.bins, bins, side="left") if self.is_many else 0
        return np.asarray(below + side, dtype=np.intp)


def _above(cuts: list[nw.Expr]) -> nw.Expr:
    return reduce(add, [nw.when(nw.col("p") >= cut).then(nw.lit(1)).otherwise(nw.lit(0)) for cut in cuts])


def _looked_up(rows: Any, bins: list[int], columns: dict[str, list[float]]) -> Any:
    """Return rows with columns of a table, by their bin; infinite where it has none."""
    if rows.implementation.is_spark_like():  # a join of a few rows is sent to where the rows are
        session = rows.to_native().sparkSession
        schema = ", ".join(["bin long", *(f"{name} double" for name in columns)])
        table = nw.from_native(session.createDataFrame(list(zip(bins, *columns.values(), strict=True)), schema))
        rows = rows.join(table, on="bin", how="left")
        return rows.with_columns(nw.col(name).fill_null(inf) for name in columns)
    return rows.with_columns(
        nw.col("bin").replace_strict(bins, values, default=nw.lit(inf), return_dtype=nw.Float64).alias(name)
        for name, values in columns.items()
    )
