"""Exact counts and fluxes as the offset of one class takes many values, from rows held in memory.

One pass orders the rows by the value at which they turn; then a value costs the rows near the facets of that class, not
all rows near all facets. The figures are those of `conjac.engines.classes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import AnyArray, ConditionOn, FloatArray, IntArray
from conjac.density import Frontiers, Odd, Turning
from conjac.density.facet_scale import FacetScale
from conjac.inference import Cells, FrontierBlocks, FrontierJoint, FrontierRows
from conjac.motion import FrontierMotion
from conjac.rules import ArgmaxRule
from conjac.validation import ClassPredictions
from conjac.weights import Weights


@dataclass(frozen=True, eq=False)
class Rising:
    """The rows, and the class whose offset rises from that of a rule.

    Attributes
    ----------
    rows : ClassPredictions
    rule : ArgmaxRule
        With the offsets that are held.
    compared : array of shape (n_columns, n_samples)
        `ArgmaxRule.compared` of the rows.
    turning : Turning
        Told less the rule's offset of the class.
    """

    rows: ClassPredictions
    rule: ArgmaxRule
    compared: FloatArray
    turning: Turning

    @classmethod
    def of(cls, rows: ClassPredictions, rule: ArgmaxRule, compared: FloatArray, column: int) -> Self:
        """Put the rows in order."""
        return cls(rows, rule, compared, Turning.of(compared, column, rows.true, rows.weight, rows.block))

    def rule_at(self, value: float) -> ArgmaxRule:
        """Return the rule with the offset moved by so much, told less the first."""
        offsets = self.rule.offsets.copy()
        offsets[self.turning.column] += value
        return self.rule.at(offsets)

    def cells_at(self, values: FloatArray, odd: Odd, condition_on: ConditionOn | None) -> Cells:
        """Count at each value in one sweep, with the rows that tie apart."""
        order = self.turning
        weight = order.weight
        powers: list[FloatArray | None] = [None] if weight is None else [weight, weight**2]
        counts = [_swept(order, values, odd, order.code * 0, 1, power)[..., 0] for power in powers]
        by_block = None
        if order.block is not None:
            by_block = _swept(order, values, odd, order.block, int(order.block.max()) + 1, weight).astype(np.float64)
        return Cells(counts[0], counts[-1], by_block, condition_on)

    def motion_at(self, values: FloatArray, condition_on: ConditionOn | None) -> FrontierMotion:
        """Count the cells at each value, and estimate the fluxes between the class and the others.

        Parameters
        ----------
        values : array of shape (n_values,)
            Ascending; by how much the offset is moved.
        condition_on : {"class", None}
        """
        rows, order = self.rows, self.turning
        rules = [self.rule_at(value) for value in values]
        per_cluster = len(rows.true) / rows.notes.get("n_clusters", len(rows.true))
        scales = [FacetScale.of(rule, rows.true, rows.score, rows.weight, per_cluster) for rule in rules]
        odd = order.odd(values, rules, rows.score)
        frontiers = Frontiers.of(order, self.compared, odd, values, scales, Weights.of(rows.weight).unit)
        found = [frontiers.at(step) for step in range(len(values))]
        cells = self.cells_at(values, odd, condition_on)
        sums: FrontierRows | FrontierBlocks
        if cells.by_block is None:
            sums = FrontierRows.of(order, found)
        else:
            sums = FrontierBlocks.of(order, found, cells.by_block.shape[-1])
        value, penalty, noise = (np.stack([getattr(one, name) for one in found]) for name in PARTS)
        joint = FrontierJoint(order.column, cells, value, penalty, noise, sums)
        return FrontierMotion(joint, tuple(one.method for one in found))


PARTS = ("value", "penalty", "noise")


def _swept(
    order: Turning, values: FloatArray, odd: Odd, part: IntArray, n_parts: int, weight: FloatArray | None
) -> AnyArray:
    """Return sums of weight by cell and part at each value, array of shape (n_values, K, K, n_parts).

    What is there before and after each value is added up from either end: nothing is taken away again.
    """
    n, size = order.n_columns, order.n_columns**2 * n_parts
    leaves = order.code * n_parts + part
    enters = ((order.code // n) * n + order.column) * n_parts + part
    step = np.searchsorted(values, order.needed, side="right")
    even = np.ones(len(step), dtype=bool)
    even[odd.place] = False
    shape = len(values) + 1, size
    before, after = (
        np.bincount(step[even] * size + code[even], None if weight is None else weight[even], shape[0] * size)
        .astype(np.int64 if weight is None else np.float64)
        .reshape(shape)
        for code in (leaves, enters)
    )
    sums = before[::-1].cumsum(axis=0)[::-1][1:] + after.cumsum(axis=0)[:-1]
    true, own = order.code[odd.place] // n, None if weight is None else weight[odd.place]
    for found, predicted in zip(sums, odd.predicted, strict=True):
        code = (true * n + predicted) * n_parts + part[odd.place]
        found += np.bincount(code, own, size).astype(found.dtype)
    return np.asarray(sums.reshape(-1, n, n, n_parts))
