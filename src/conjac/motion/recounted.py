r"""How the cells move with what a model is given: rows predicted again on either side of where they stand.

For a column with half-step :math:`\delta` and unit s, a row of weight w that is predicted as :math:`k^-` at
:math:`x - \delta` and as :math:`k^+` at :math:`x + \delta` adds

.. math:: \frac{s}{2\delta}\, w\, (\mathbf 1[k = k^+] - \mathbf 1[k = k^-])

to the derivative of the cell (y, k) of its true class. Sums of that estimate the population's difference quotient at
the step. A row is one cell of a table of (true, as it stands, what it adds), so that the covariance with the cells,
which metrics and shares need, is exact. What it adds may be the mean over several such pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy import sparse

from conjac._typing import AnyArray, BoolArray, FloatArray, IntArray, Normalize, Sparse
from conjac.calculus.analytic import along
from conjac.inference import Cells, Table
from conjac.inference.delta import divide, normalized_slope
from conjac.inference.intervals import HALF_ROW
from conjac.metrics import Metric
from conjac.motion.again import Again
from conjac.motion.denominators import cells_stderr, figures, groups, totals
from conjac.motion.slopes import MIN_ROWS, Slopes, with_shape


@dataclass(frozen=True, eq=False)
class Paths:
    """Where rows go as a column, or whatever it is, moves.

    Attributes
    ----------
    table : Table
        A cell for each true class, and predictions that occur together.
    at : array of shape (n_cells,)
        Where each such cell lies in the flat matrix.
    flow : sparse array of shape (n_flat, n_cells)
        What of a row of each such cell enters each cell of the flat matrix on the way from below to above, less what
        leaves it.
    one_row : array of shape (n_classes,)
        Squared weight of one row of each true class that moves; 0 where none does.
    """

    table: Table
    at: IntArray
    flow: Sparse
    one_row: FloatArray

    def crossing(self) -> tuple[FloatArray, FloatArray]:
        """Return weight and squared weight of what crosses into each cell of the matrix or out of it, flat.

        A row counts in parts of the one that crosses the most, so that those alike count exactly 1.
        """
        part = abs(self.flow)
        part = part / (part.max() or 1.0)
        return part @ self.table.weight, part.power(2) @ self.table.weight2

    @property
    def effective_rows(self) -> float:
        """Effective rows that are predicted otherwise above than below."""
        share = abs(self.flow).sum(axis=0) / 2
        return float(divide((share @ self.table.weight) ** 2, share**2 @ self.table.weight2, 0.0))


def flow_between(below: IntArray, above: IntArray, n_flat: int) -> Sparse:
    """Return the `Paths.flow` of one pair, from where rows lie in the flat matrix, arrays of shape (n_cells,)."""
    turned = np.flatnonzero(below != above)
    ends, cells = np.concatenate([above[turned], below[turned]]), np.tile(turned, 2)
    return sparse.csr_array((np.repeat([1, -1], len(turned)), (ends, cells)), shape=(n_flat, len(below)))


class Turned(NamedTuple):
    """Rows that are predicted otherwise with a column moved.

    Attributes
    ----------
    rows : array of shape (n_turned,)
    below, above : array of shape (n_turned,)
        Predicted class with less, and with more, of the column.
    """

    rows: IntArray
    below: AnyArray
    above: AnyArray


class Measured(NamedTuple):
    """Difference quotients with their variances, arrays of one shape, and which rest on enough rows."""

    value: FloatArray
    variance: FloatArray
    known: BoolArray


@dataclass(frozen=True, eq=False)
class RecountedMotion:
    """Cells, and the predictions of the same rows with each of several columns moved.

    Attributes
    ----------
    counted : Cells
        As the rows stand, at one point.
    paths : tuple of Paths
        Of each column.
    steps : array of shape (n_parameters,)
        Half of the distance between the two recounts, in the column's own units; nan where it had no scale.
    units : array of shape (n_parameters,)
        What a unit of the parameter is, in the column's own units.
    bias, bias_stderr : array of shape (n_parameters, K, K)
        Estimated bias of `derivative`, as that of the population at a step of 0, and how well it is known.
    turned : Again or None
        From a column's place among the paths to the rows that are predicted otherwise with it moved.
    shape : tuple of int
        Of the parameters: that of an image of its pixels, in C order.
    """

    counted: Cells
    paths: tuple[Paths, ...]
    steps: FloatArray
    units: FloatArray
    bias: FloatArray
    bias_stderr: FloatArray
    turned: Again[Turned] | None = None
    shape: tuple[int, ...] = (-1,)

    @property
    def method(self) -> str:
        """Rows are counted again."""
        return "secant"

    @cached_property
    def derivative(self) -> FloatArray:
        """Difference quotient of the cells by each column, array of shape (n_parameters, K, K)."""
        gained = np.array([path.flow @ path.table.weight for path in self.paths])
        return np.asarray(gained.reshape(-1, *self.counted.weight.shape[1:]) * self._speed[:, None, None])

    @cached_property
    def effective_rows(self) -> FloatArray:
        """Effective rows that are predicted otherwise above than below, array of shape (n_parameters,)."""
        return np.array([path.effective_rows for path in self.paths])

    def cells_stderr(self, how: Normalize | None) -> FloatArray:
        """Return the standard error of each cell as normalised, array of shape (K, K)."""
        return cells_stderr(self.counted, how)

    def arranged(self, values: FloatArray) -> FloatArray:
        """Return figures with the axes of what moves last."""
        return with_shape(values, self.shape)

    def slopes(self, how: Normalize | None) -> Slopes:
        """Return the difference quotient of the matrix as normalised, arrays of shape (n_parameters, K, K)."""
        return _slopes(self.measured(how))

    def measured(self, how: Normalize | None) -> Measured:
        """Return what `slopes` tells, in variances, arrays of shape (n_parameters, K, K)."""
        cells = self.counted.weight[0].astype(np.float64)
        value = normalized_slope(cells, self.derivative, how)
        total, together_with = totals(cells, how), groups(cells.shape, how)
        scale, share = divide(np.ones_like(total), total, np.nan), divide(cells.ravel(), total, np.nan)
        moving = figures(scale, -share * scale, together_with)
        drawn = np.broadcast_to(cells.sum(axis=1, keepdims=True) > 0, cells.shape)
        variance, known = np.empty_like(value), np.empty(value.shape, dtype=bool)
        for place, path in enumerate(self.paths):
            leaving = divide(together_with @ self.derivative[place].ravel(), total, np.nan)
            standing = figures(-leaving * scale, (share * leaving - value[place].ravel()) * scale, together_with)
            weight, weight2 = (part.reshape(cells.shape) for part in path.crossing())
            might = np.broadcast_to(path.one_row[:, None], cells.shape).astype(np.float64)
            if how == "pred":
                weight, weight2, might = _of_columns(share.reshape(cells.shape), weight, weight2, might)
            reach = scale.reshape(cells.shape)
            variance[place] = self._variance(place, standing, moving).reshape(cells.shape)
            variance[place] += HALF_ROW * might * (self._speed[place] * reach) ** 2
            known[place] = (divide(weight**2, weight2, 0.0) >= MIN_ROWS) | ((might == 0) & drawn)
        return Measured(value, variance, known)

    def metric_slope(self, row: Metric) -> Slopes:
        """Return a metric's difference quotient by each column, to first order, arrays of shape (n_parameters,)."""
        return _slopes(self.metric_measured(row))

    def metric_measured(self, row: Metric) -> Measured:
        """Return what `metric_slope` tells, in variances, arrays of shape (n_parameters,)."""
        cells = self.counted.weight[0].astype(np.float64)
        gradient = np.nan_to_num(row.gradient(cells))
        bent = np.nan_to_num(along(row.gradient, cells, np.nan_to_num(self.derivative)))
        value, reach = row.slope(cells, self.derivative), np.ptp(gradient, axis=1)
        variance, known = np.empty(len(self.paths)), np.empty(len(self.paths), dtype=bool)
        for place, path in enumerate(self.paths):
            might = path.one_row * (self._speed[place] * reach) ** 2
            (variance[place],) = self._variance(place, bent[place].reshape(1, -1), gradient.reshape(1, -1))
            variance[place] += HALF_ROW * might.sum()
            adds = np.abs(gradient.reshape(1, -1) @ path.flow)[0]
            adds = adds / (adds.max() or 1.0)  # those of one size are exactly 1
            weight, weight2 = adds @ path.table.weight, adds**2 @ path.table.weight2
            known[place] = weight**2 >= MIN_ROWS * weight2 if weight2 > 0 else not might.any()
        return Measured(value, variance, known)

    @cached_property
    def _speed(self) -> FloatArray:
        return np.asarray(self.units / (2 * self.steps))

    def _variance(self, place: int, standing: FloatArray | Sparse, moving: FloatArray | Sparse) -> FloatArray:
        """Return the variance of figures, from what a unit of each cell adds as it stands and as it crosses."""
        path = self.paths[place]
        adds = standing[:, path.at] + self._speed[place] * (moving @ path.flow)
        return path.table.variance(sparse.csr_array(adds) if sparse.issparse(adds) else adds)


def _slopes(told: Measured) -> Slopes:
    return Slopes(told.value, told.value, np.where(told.known, np.sqrt(told.variance), np.nan))


def _of_columns(share: FloatArray, weight: FloatArray, *squares: FloatArray) -> tuple[FloatArray, ...]:
    """Return what crosses, and its squares, as shares of columns feel it: by 1 - share in the own class, else share."""
    felt = (1 - 2 * share) * weight + share * weight.sum(axis=0)
    return felt, *((1 - 2 * share) * part + share**2 * part.sum(axis=0) for part in squares)
