r"""The sampling variance of linear figures of a table of weights.

A figure is :math:`\sum_i w_i g(i)`, with :math:`g` a number a cell. Where the design fixes the weight of strata,

.. math:: \mathrm{Var} = \sum_s \sum_{i \in s} w_i^2 (g(i) - \bar g_s)^2, \quad
          \bar g_s = \sum_{i \in s} w_i g(i) / W_s,

and over blocks of rows, times B / (B - 1), where they come in clusters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from scipy import sparse

from conjac._typing import AnyArray, BoolArray, FloatArray, IntArray, Sparse
from conjac.inference.cells import Cells, used_blocks
from conjac.inference.intervals import HALF_ROW


@dataclass(frozen=True, eq=False)
class Table:
    """Sums of weights over rows, by cell, with the design by which the rows were drawn.

    Attributes
    ----------
    weight, weight2 : array of shape (n_cells,)
        Weight and squared weight.
    stratum : array of shape (n_cells,)
        Cells of one stratum share a total that the design fixes.
    by_block : array of shape (n_cells, n_blocks) or None
        Weight by block of clusters; None where rows are independent.

    Examples
    --------
    >>> import numpy as np
    >>> table = Table(np.array([40.0, 60.0]), np.array([40.0, 60.0]), np.zeros(2, int))  # 40 successes of 100
    >>> table.variance(np.array([[0.01, 0.0]]))  # of their share, .4 x .6 / 100
    array([0.0024])
    """

    weight: AnyArray
    weight2: AnyArray
    stratum: IntArray
    by_block: FloatArray | None = None

    @classmethod
    def of(cls, cells: Cells) -> Self:
        """Return the cells of points side by side; of each point, its total or those of its classes are fixed."""
        n_points, n_classes, n_columns = cells.weight.shape
        row = np.repeat(np.arange(n_points * n_classes), n_columns)
        blocks = None if cells.by_block is None else cells.by_block.reshape(row.size, -1)
        stratum = row if cells.condition_on else row // n_classes
        return cls(cells.weight.ravel(), cells.weight2.ravel(), stratum, blocks)

    @classmethod
    def unseen(cls, cells: Cells) -> Self:
        """Return half a row in each empty cell, of classes that a point holds.

        Its variance is added to that of the rows, so that a rate of none or of all of them is not known for certain.
        """
        return cls._half_rows(cells, (cells.weight == 0) & (cells.weight.sum(axis=2, keepdims=True) > 0))

    @classmethod
    def absent(cls, cells: Cells) -> Self:
        """Return half a row in each cell of classes that a point does not hold; none where the design fixes totals."""
        held = cells.weight.sum(axis=2, keepdims=True) > 0
        return cls._half_rows(cells, ~held & np.full(cells.weight.shape, cells.condition_on is None))

    @classmethod
    def _half_rows(cls, cells: Cells, places: BoolArray) -> Self:
        weight, weight2 = (part.sum(axis=(1, 2), keepdims=True) for part in (cells.weight, cells.weight2))
        unit = np.where(weight > 0, weight2 / np.where(weight > 0, weight, 1), 0)
        return cls.of(Cells(cells.weight, HALF_ROW * unit**2 * places, condition_on=cells.condition_on))

    @classmethod
    def added(cls, parts: Sequence[Table], place: IntArray, stratum: IntArray) -> Self:
        """Return tables of separate rows, drawn alike, added up.

        Parameters
        ----------
        parts : sequence of Table
        place : array of shape (n_cells_of_all_parts,)
            Where in the sum each cell of the parts, one after another, belongs.
        stratum : array of shape (n_cells,)
            Of the sum.
        """
        weight, weight2 = (np.concatenate([getattr(part, name) for part in parts]) for name in ("weight", "weight2"))
        sums = np.zeros((2, len(stratum)), dtype=np.result_type(weight, weight2))
        np.add.at(sums[0], place, weight)
        np.add.at(sums[1], place, weight2)
        blocks = [part.by_block for part in parts if part.by_block is not None]
        by_block = None
        if blocks:
            by_block = np.zeros((len(stratum), max(block.shape[1] for block in blocks)))
            for at, block in zip(
                np.split(place, np.cumsum([len(block) for block in blocks])[:-1]), blocks, strict=True
            ):
                by_block[at, : block.shape[1]] += block
        return cls(sums[0], sums[1], stratum, by_block)

    @property
    def df(self) -> int | None:
        """Degrees of freedom of errors from blocks; None where errors come from rows."""
        return None if self.by_block is None else used_blocks(self.by_block) - 1

    def part(self, cells: IntArray) -> Self:
        """Return some of the cells, which hold all the weight."""
        blocks = None if self.by_block is None else self.by_block[cells]
        return type(self)(self.weight[cells], self.weight2[cells], self.stratum[cells], blocks)

    def variance(self, gradient: FloatArray | Sparse) -> FloatArray:
        """Return the variance of linear figures.

        Parameters
        ----------
        gradient : array or sparse CSR array of shape (n_figures, n_cells)
            What a unit of weight in each cell adds to each figure.

        Returns
        -------
        array of shape (n_figures,)
        """
        first, first2 = self._by_stratum
        total = first.sum(axis=0)
        mean = _dense(gradient @ first) / np.where(total > 0, total, 1)
        if self.by_block is not None:
            residual = gradient @ self.by_block - mean @ self._stratum_by_block
            used = used_blocks(self.by_block)
            return np.asarray((residual**2).sum(axis=1) * used / max(used - 1, 1))
        squares = gradient**2 @ self.weight2 - 2 * (mean * _dense(gradient @ first2)).sum(axis=1)
        return np.asarray(np.maximum(squares + mean**2 @ first2.sum(axis=0), 0))

    @cached_property
    def _by_stratum(self) -> tuple[Sparse, Sparse]:
        """Weight and squared weight of each cell in the column of its stratum, sparse (n_cells, n_strata)."""
        place = np.arange(len(self.stratum)), self.stratum
        return sparse.csr_array((self.weight, place)), sparse.csr_array((self.weight2, place))

    @cached_property
    def _stratum_by_block(self) -> FloatArray:
        """Weight of each stratum by block, array of shape (n_strata, n_blocks)."""
        assert self.by_block is not None
        return np.stack([np.bincount(self.stratum, block) for block in self.by_block.T], axis=1)


def _dense(values: Any) -> FloatArray:
    return np.asarray(values.toarray() if sparse.issparse(values) else values)
