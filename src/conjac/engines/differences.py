r"""The variance of differences between two matrices: of the same rows, or of separate ones.

A figure is a metric's or a cell's linear part: to first order it moves by :math:`\sum_b g_b - \sum_a g_a`, sums over
rows of what each adds to either matrix. Of the same rows that is one sum over the table of (true, predicted by a,
predicted by b), in which rows on which both agree cancel; of separate ones the variances add, and clusters that have
rows on both sides are known by their blocks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy import sparse

from conjac._typing import BoolArray, ConditionOn, FloatArray, IntArray, Sparse
from conjac.engines.outcomes import Outcomes
from conjac.inference import Cells, Table
from conjac.inference.intervals import HALF_ROW


@dataclass(frozen=True, eq=False)
class SameRows:
    """Two rules on the same rows.

    Attributes
    ----------
    table : Table
        A cell for each true class and pair of predictions that occurs.
    places : tuple of array of shape (n_cells,)
        Where each such cell lies in the flat matrix of a and of b.
    """

    table: Table
    places: tuple[IntArray, IntArray]

    @classmethod
    def of(cls, a: Outcomes, b: Outcomes, condition_on: ConditionOn | None) -> Self:
        """Count the pairs of predictions of rows whose true classes, weights and blocks are the same."""
        n = a.n_columns
        pair = (a.true.astype(np.intp) * n + a.predicted) * n + b.predicted
        seen = np.unique(pair)
        cell = np.searchsorted(seen, pair)
        true, first, second = seen // n**2, seen // n % n, seen % n
        table = a.table(cell, true, condition_on)
        return cls(table, (true * n + first, true * n + second))

    @property
    def df(self) -> int | None:
        """Degrees of freedom of the errors; None where they come from rows."""
        return self.table.df

    @property
    def differ(self) -> BoolArray:
        """Which cells hold rows on which the rules differ."""
        return np.asarray(self.places[0] != self.places[1])

    def variance(self, a: FloatArray | Sparse, b: FloatArray | Sparse) -> FloatArray:
        """Return the variance of figures, array of shape (n_figures,).

        Where no row was seen that moves a figure up by being judged otherwise, or none that moves it down, half a row
        is added that does, by the most that any could.

        Parameters
        ----------
        a, b : array or sparse CSR array of shape (n_figures, K * K)
            What a unit of weight in each cell of either matrix adds to the figure.
        """
        adds = b[:, self.places[1]] - a[:, self.places[0]]
        apart = adds[:, np.flatnonzero(self.differ)]
        unit = self.table.weight2.sum() / self.table.weight.sum()
        up = (_most(b) + _most(-a)) * ((apart > 0).sum(axis=1) == 0)
        down = (_most(a) + _most(-b)) * ((apart < 0).sum(axis=1) == 0)
        return np.asarray(self.table.variance(adds) + HALF_ROW * unit**2 * (up**2 + down**2))


@dataclass(frozen=True, eq=False)
class SeparateRows:
    """Two rules, each on rows of its own.

    Attributes
    ----------
    a, b : Cells
        At one point.
    """

    a: Cells
    b: Cells

    @property
    def df(self) -> int | None:
        """Degrees of freedom of the errors: the fewer, where both come from blocks."""
        return min((cells.df for cells in (self.a, self.b) if cells.df is not None), default=None)

    def variance(self, a: FloatArray | Sparse, b: FloatArray | Sparse) -> FloatArray:
        """Return the variance of figures as `SameRows.variance` does; half a row is added to empty cells.

        So it is to those of a class that one side does not hold: that its next row is not of this class is not certain.
        """
        parts = ((self.a, a), (self.b, b))
        unseen = sum(Table.unseen(x).variance(g) + Table.absent(x).variance(g) for x, g in parts)
        return np.asarray(self._seen(a, b) + unseen)

    def _seen(self, a: FloatArray | Sparse, b: FloatArray | Sparse) -> FloatArray:
        """Return the variance from rows; where both come in clusters, a block that is in both counts as one."""
        blocks = [x.by_block for x in (self.a, self.b) if x.by_block is not None]
        if len(blocks) < 2:
            return Table.of(self.a).variance(a) + Table.of(self.b).variance(b)
        wide = max(block.shape[-1] for block in blocks)
        padded = [np.pad(block, [(0, 0)] * 3 + [(0, wide - block.shape[-1])]) for block in blocks]
        sides = [replace(x, by_block=block) for x, block in zip((self.a, self.b), padded, strict=True)]
        stack = sparse.hstack if sparse.issparse(a) else np.hstack
        return Table.of(Cells.joined(sides)).variance(stack([-a, b]))


def _most(adds: FloatArray | Sparse) -> FloatArray:
    """Return the largest entry of each figure."""
    largest = adds.max(axis=1)
    return np.asarray(largest.toarray() if sparse.issparse(largest) else largest).ravel()
