r"""How the cells move with the share of a category of rows, the others shrinking in proportion.

With :math:`N_c` the cells of category c, :math:`C` those of all rows, :math:`W` their weight and :math:`\pi_c` the
category's share of it, weights move at :math:`dw_i/d\pi_c = w_i / \pi_c` within it and :math:`-w_i / (1 - \pi_c)`
elsewhere, which leaves :math:`W` as it is; so

.. math:: dC / d\pi_c = N_c / \pi_c - (C - N_c) / (1 - \pi_c)

exactly: W times the difference between the rates of the category and those of the rest. The errors take the shares as
known, so that they are of rows drawn within each category.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from scipy import sparse

from conjac._typing import AnyArray, FloatArray, IntArray, Normalize, Sparse
from conjac.calculus.analytic import along
from conjac.inference import Cells, Table
from conjac.inference.delta import divide, normalized_slope
from conjac.metrics import Metric
from conjac.motion.denominators import cells_stderr, figures, groups, totals
from conjac.motion.slopes import MIN_ROWS, Slopes

ROUNDING = 1e-12
"""Share of what cancels in a slope below which what is left of it is rounding."""
CATEGORY, REST = 0, 1
"""The two sides of a share that moves."""


@dataclass(frozen=True, eq=False)
class MixMotion:
    """Cells of each category under a rule that stays where it is.

    Attributes
    ----------
    by_category : Cells
        A category a point: arrays of shape (n_categories, K, K, ...).
    """

    by_category: Cells

    @classmethod
    def of_classes(cls, cells: Cells, shares: FloatArray) -> Self:
        """Return the motion with the shares of the true classes, from where they are others than in these rows.

        Parameters
        ----------
        cells : Cells
            Of the rows as they are, at one point.
        shares : array of shape (K,)
            Of the classes, where the motion sets out; 0 of a class without rows. Rows are reweighted by class.
        """
        whole, here = cells.weight.sum(), cells.weight.sum(axis=(0, 2))
        scale = np.diag(divide(whole * shares, here, 0.0))[:, :, None]
        blocks = None if cells.by_block is None else scale[..., None] * cells.by_block
        return cls(Cells(scale * cells.weight, scale**2 * cells.weight2, blocks, cells.condition_on))

    @cached_property
    def counted(self) -> Cells:
        """Of all rows, at one point."""
        parts = self.by_category
        blocks = None if parts.by_block is None else parts.by_block.sum(axis=0, keepdims=True)
        weight, weight2 = (part.sum(axis=0, keepdims=True) for part in (parts.weight, parts.weight2))
        return Cells(weight, weight2, blocks, parts.condition_on)

    @property
    def method(self) -> str:
        """Weights move, not margins."""
        return "reweighting"

    @cached_property
    def shares(self) -> FloatArray:
        """Each category's share of the weight, array of shape (n_categories,)."""
        weight = self.by_category.weight.sum(axis=(1, 2))
        return np.asarray(weight / weight.sum())

    @cached_property
    def effective_rows(self) -> FloatArray:
        """Effective rows of each category and of the rest, array of shape (n_categories, 2)."""
        parts = (self.by_category.weight, self.by_category.weight2)
        weight, weight2 = (_with_rest(part.sum(axis=(1, 2))) for part in parts)
        return divide(weight**2, weight2, 0.0)

    @property
    def derivative(self) -> FloatArray:
        """Derivative of the cells by each share, array of shape (n_categories, K, K); nan where a side is empty."""
        return np.asarray((self._sides[0] * self._speed[:, :, None, None]).sum(axis=1))

    def cells_stderr(self, how: Normalize | None) -> FloatArray:
        """Return the standard error of each cell as normalised, array of shape (K, K); shares are random here."""
        return cells_stderr(self.counted, how)

    def arranged(self, values: FloatArray) -> FloatArray:
        """Return figures with the category as their last axis."""
        return np.moveaxis(values, 0, -1)

    def slopes(self, how: Normalize | None) -> Slopes:
        """Return the derivative of the matrix as normalised, arrays of shape (n_categories, K, K)."""
        value = normalized_slope(self.counted.weight, self.derivative, how)
        cells = self.counted.weight[0].astype(np.float64)
        total, together_with = totals(cells, how), groups(cells.shape, how)
        share = divide(cells.ravel(), total, np.nan)
        variance = np.empty((len(value), total.size))
        for category, moved in enumerate(self.derivative):
            leaving = divide(together_with @ moved.ravel(), total, np.nan)
            sides = []
            for speed in self._speed[category]:
                own = divide(speed - leaving, total, np.nan)
                together = -share * own - divide(value[category].ravel(), total, np.nan)
                sides.append(figures(own, together, together_with))
            variance[category] = self._variance(category, sparse.hstack(sides, format="csr"))
        return self._told(value, variance.reshape(value.shape))

    def metric_slope(self, row: Metric) -> Slopes:
        """Return a metric's derivative by each share, arrays of shape (n_categories,)."""
        cells, moved = self.counted.weight[0].astype(np.float64), self.derivative
        value = row.slope(cells, moved)
        bent = along(row.gradient, cells, np.nan_to_num(moved))
        adds = np.nan_to_num(bent[:, None] + self._speed[:, :, None, None] * row.gradient(cells))
        variance = [self._variance(category, sides.reshape(1, -1))[0] for category, sides in enumerate(adds)]
        size = ROUNDING * (np.abs(np.nan_to_num(moved)) * np.abs(np.nan_to_num(row.gradient(cells)))).sum(axis=(1, 2))
        value = np.where(np.abs(value) <= size, 0.0, value)
        return self._told(value, np.where(np.array(variance) <= size**2, 0.0, variance))

    def _told(self, value: FloatArray, variance: FloatArray) -> Slopes:
        known = (self.effective_rows >= MIN_ROWS).all(axis=1).reshape(-1, *[1] * (value.ndim - 1))
        return Slopes(value, value, np.where(known & np.isfinite(value), np.sqrt(variance), np.nan))

    def _variance(self, category: int, adds: FloatArray | Sparse) -> FloatArray:
        """Return the variance of figures by one share, from what a unit of each cell adds on either side."""
        table, of, cell = self._seen
        side = np.where(of == category, CATEGORY, REST)
        weight, weight2 = (part[category] for part in self._sides)
        unseen = Table.unseen(Cells(weight, weight2, condition_on=self.by_category.condition_on))
        return table.variance(adds[:, side * self._n_cells + cell]) + unseen.variance(adds)

    @cached_property
    def _seen(self) -> tuple[Table, IntArray, IntArray]:
        """The cells that hold rows, and of each its category and its place in the matrix."""
        table = Table.of(self.by_category)
        held = np.flatnonzero(table.weight)
        return table.part(held), *np.divmod(held, self._n_cells)

    @cached_property
    def _sides(self) -> tuple[FloatArray, FloatArray]:
        """Weight and squared weight of each category and of the rest, arrays of shape (n_categories, 2, K, K)."""
        whole = self.by_category
        return _with_rest(whole.weight), _with_rest(whole.weight2)

    @cached_property
    def _speed(self) -> FloatArray:
        """What a unit of weight of the category, and of the rest, gains per unit of its share, (n_categories, 2)."""
        share = _with_rest(self.shares)
        held = (share > 0).all(axis=1, keepdims=True)
        return np.where(held, divide(np.ones_like(share), share * (1, -1), np.nan), np.nan)

    @property
    def _n_cells(self) -> int:
        return int(self.counted.weight[0].size)


def _with_rest(values: AnyArray) -> FloatArray:
    """Set beside each category the sum of the others, by sums alone: a difference would lose small weights."""
    rest = np.zeros(values.shape)
    rest[1:] += np.cumsum(values[:-1], axis=0)
    rest[:-1] += np.cumsum(values[:0:-1], axis=0)[::-1]
    return np.stack([values, rest], axis=1)
