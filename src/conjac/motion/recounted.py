r"""How the cells move with what a model is given: rows predicted again on either side of where they stand.

For a column with half-step :math:`\delta` and unit s, a row of weight w that is predicted as :math:`k^-` at
:math:`x - \delta` and as :math:`k^+` at :math:`x + \delta` adds

.. math:: \frac{s}{2\delta}\, w\, (\mathbf 1[k = k^+] - \mathbf 1[k = k^-])

to the derivative of the cell (y, k) of its true class. Sums of that estimate the population's difference quotient at
the step. A row is one cell of a table of (true, as it stands, below, above), so that the covariance with the cells,
which metrics and shares need, is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from conjac._typing import FloatArray, IntArray, Normalize, Sparse
from conjac.calculus.analytic import along
from conjac.inference import Cells, Table
from conjac.inference.delta import divide, normalized_slope
from conjac.inference.intervals import HALF_ROW
from conjac.metrics import Metric
from conjac.motion.denominators import cells_stderr, figures, groups, totals
from conjac.motion.slopes import MIN_ROWS, Slopes


@dataclass(frozen=True, eq=False)
class Paths:
    """Where rows are as a column drifts.

    Attributes
    ----------
    table : Table
        A cell for each true class and predictions that occur together.
    at, below, above : array of shape (n_cells,)
        Where each such cell lies in the flat matrix.
    one_row : array of shape (n_classes,)
        Squared weight of one row of each true class that moves; 0 where none does.
    """

    table: Table
    at: IntArray
    below: IntArray
    above: IntArray
    one_row: FloatArray

    def crossing(self, values: FloatArray, n_cells: int) -> FloatArray:
        """Return the sum of values over what crosses into each cell of the matrix or out of it, flat."""
        turned = self.below != self.above
        ends = np.concatenate([self.below[turned], self.above[turned]])
        return np.asarray(np.bincount(ends, np.tile(values[turned], 2), n_cells), dtype=np.float64)


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
    """

    counted: Cells
    paths: tuple[Paths, ...]
    steps: FloatArray
    units: FloatArray
    bias: FloatArray
    bias_stderr: FloatArray

    @property
    def method(self) -> str:
        """Rows are counted again."""
        return "secant"

    @cached_property
    def derivative(self) -> FloatArray:
        """Difference quotient of the cells by each column, array of shape (n_parameters, K, K)."""
        size = self.counted.weight[0].size
        sides = [[np.bincount(p, path.table.weight, size) for p in (path.above, path.below)] for path in self.paths]
        gained = np.array([above - below for above, below in sides]).reshape(-1, *self.counted.weight.shape[1:])
        return np.asarray(gained * self._speed[:, None, None])

    @cached_property
    def effective_rows(self) -> FloatArray:
        """Effective rows that are predicted otherwise above than below, array of shape (n_parameters,)."""
        crossed = [[part[path.below != path.above].sum() for part in _weights(path)] for path in self.paths]
        weight, weight2 = np.array(crossed, dtype=np.float64).T
        return divide(weight**2, weight2, 0.0)

    def cells_stderr(self, how: Normalize | None) -> FloatArray:
        """Return the standard error of each cell as normalised, array of shape (K, K)."""
        return cells_stderr(self.counted, how)

    def arranged(self, values: FloatArray) -> FloatArray:
        """Return figures with the column that moves as their last axis."""
        return np.moveaxis(values, 0, -1)

    def slopes(self, how: Normalize | None) -> Slopes:
        """Return the difference quotient of the matrix as normalised, arrays of shape (n_parameters, K, K)."""
        cells = self.counted.weight[0].astype(np.float64)
        value = normalized_slope(cells, self.derivative, how)
        total, together_with = totals(cells, how), groups(cells.shape, how)
        scale, share = divide(np.ones_like(total), total, np.nan), divide(cells.ravel(), total, np.nan)
        moving = figures(scale, -share * scale, together_with)
        drawn = np.broadcast_to(cells.sum(axis=1, keepdims=True) > 0, cells.shape)
        stderr = np.empty_like(value)
        for place, path in enumerate(self.paths):
            leaving = divide(together_with @ self.derivative[place].ravel(), total, np.nan)
            standing = figures(-leaving * scale, (share * leaving - value[place].ravel()) * scale, together_with)
            weight, weight2 = (path.crossing(part, cells.size).reshape(cells.shape) for part in _weights(path))
            might = np.broadcast_to(path.one_row[:, None], cells.shape).astype(np.float64)
            if how == "pred":
                weight, weight2, might = _of_columns(share.reshape(cells.shape), weight, weight2, might)
            reach = scale.reshape(cells.shape)
            variance = self._variance(place, standing, moving).reshape(cells.shape)
            variance += HALF_ROW * might * (self._speed[place] * reach) ** 2
            known = (divide(weight**2, weight2, 0.0) >= MIN_ROWS) | ((might == 0) & drawn)
            stderr[place] = np.where(known, np.sqrt(variance), np.nan)
        return Slopes(value, value, stderr)

    def metric_slope(self, row: Metric) -> Slopes:
        """Return a metric's difference quotient by each column, to first order, arrays of shape (n_parameters,)."""
        cells = self.counted.weight[0].astype(np.float64)
        gradient = np.nan_to_num(row.gradient(cells))
        bent = np.nan_to_num(along(row.gradient, cells, np.nan_to_num(self.derivative)))
        value, reach = row.slope(cells, self.derivative), np.ptp(gradient, axis=1)
        stderr = np.empty(len(self.paths))
        for place, path in enumerate(self.paths):
            (variance,) = self._variance(place, bent[place].reshape(1, -1), gradient.reshape(1, -1))
            might = path.one_row * (self._speed[place] * reach) ** 2
            adds = np.abs(gradient.ravel()[path.above] - gradient.ravel()[path.below])
            adds = adds / (adds.max() or 1.0)  # those of one size are exactly 1
            weight, weight2 = ((adds**power * part).sum() for power, part in enumerate(_weights(path), start=1))
            known = weight**2 >= MIN_ROWS * weight2 if weight2 > 0 else not might.any()
            stderr[place] = np.sqrt(variance + HALF_ROW * might.sum()) if known else np.nan
        return Slopes(value, value, stderr)

    @cached_property
    def _speed(self) -> FloatArray:
        return np.asarray(self.units / (2 * self.steps))

    def _variance(self, place: int, standing: FloatArray | Sparse, moving: FloatArray | Sparse) -> FloatArray:
        """Return the variance of figures, from what a unit of each cell adds as it stands and as it crosses."""
        path = self.paths[place]
        crossing = moving[:, path.above] - moving[:, path.below]
        adds = standing[:, path.at] + self._speed[place] * crossing
        return path.table.variance(sparse.csr_array(adds) if sparse.issparse(adds) else adds)


def _weights(path: Paths) -> tuple[FloatArray, FloatArray]:
    return path.table.weight, path.table.weight2


def _of_columns(share: FloatArray, weight: FloatArray, *squares: FloatArray) -> tuple[FloatArray, ...]:
    """Return what crosses, and its squares, as shares of columns feel it: by 1 - share in the own class, else share."""
    felt = (1 - 2 * share) * weight + share * weight.sum(axis=0)
    return felt, *((1 - 2 * share) * part + share**2 * part.sum(axis=0) for part in squares)
