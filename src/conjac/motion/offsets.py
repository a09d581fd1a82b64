r"""How the cells of several classes move with the offsets.

A flux f of true class y across the facet j|k moves with both offsets, at speed 1 with that of k and -1 with that of j:
:math:`dC_{yk} = f\,(db_k - db_j) = -dC_{yj}`. So for each true class the Jacobian is the Laplacian of a graph whose
vertices are the columns and whose edges weigh their flux: symmetric, with rows that sum to zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from conjac._typing import BoolArray, FloatArray, Normalize
from conjac.calculus.analytic import along, complex_step
from conjac.density import Boundary
from conjac.inference import BoundaryJoint, Cells, FrontierJoint, Table
from conjac.inference.delta import normalized, normalized_slope
from conjac.inference.moving import moved
from conjac.metrics import Metric
from conjac.motion.slopes import MIN_ROWS, Slopes


@dataclass(frozen=True, eq=False)
class OffsetMotion:
    """Cells and fluxes at one rule for several classes.

    Attributes
    ----------
    joint : BoundaryJoint
    """

    joint: BoundaryJoint

    @property
    def counted(self) -> Cells:
        """Exact counts at one point."""
        return self.joint.cells

    @property
    def derivative(self) -> FloatArray:
        """Derivative of the cells by each offset, array of shape (n_columns, n_columns, n_columns)."""
        return self.joint.derivative

    @cached_property
    def effective_rows(self) -> FloatArray:
        """Effective rows behind each figure of `derivative`; 0 where no row is near any facet of it."""
        noise = np.stack([np.abs(moved(self.joint.boundary.noise, offset)) for offset in range(len(self.derivative))])
        return np.asarray(np.divide(self.derivative**2, noise, out=np.zeros_like(noise), where=noise > 0))

    @property
    def method(self) -> str:
        """Which estimator served the fluxes."""
        return self.joint.boundary.method

    def cells_stderr(self, how: Normalize | None) -> FloatArray:
        """Return the standard error of each cell as normalised, array of shape (n_columns, n_columns)."""
        cells = self.counted.weight[0].astype(np.float64)
        of_cells = complex_step(lambda flat: normalized(flat.reshape(cells.shape), how).ravel(), cells.ravel())
        return np.asarray(np.sqrt(Table.of(self.counted).variance(of_cells)).reshape(cells.shape))

    def arranged(self, values: FloatArray) -> FloatArray:
        """Return figures with the offset as their last axis."""
        return np.moveaxis(values, 0, -1)

    def slopes(self, how: Normalize | None) -> Slopes:
        """Return the derivative of the matrix as normalised; the offset is the first axis."""
        value = normalized_slope(self.counted.weight, self.derivative, how)
        stderr = np.sqrt(self.joint.slope_variance(how))
        known = self.effective_rows >= MIN_ROWS
        if how == "pred":
            drawn = self.counted.weight[0].sum(axis=1) > 0
            known = (known | ~drawn[:, None]).all(axis=1, keepdims=True) & drawn[:, None]
        return Slopes(value, value, np.where(known & ~np.isnan(value), stderr, np.nan))

    def metric_slope(self, row: Metric) -> Slopes:
        """Return a metric's derivative by each offset, arrays of shape (n_columns,)."""
        value, figure = row.slope(self.counted.weight[0], self.derivative), self.figure(row)
        known = on_enough_rows(self.crossing(figure[0]), self.joint.boundary, (0, 2))
        return Slopes(value, value, np.where(known, np.sqrt(self.joint.figure_variance(*figure)), np.nan))

    def metric_slope_covariance(self, row: Metric) -> FloatArray:
        """Return the covariance of a metric's derivatives by the offsets, array of shape (n_columns, n_columns)."""
        return self.joint.figure_covariance(*self.figure(row))

    def slope_covariance(self, rows: Sequence[Metric]) -> FloatArray:
        """Return the covariance of metrics' derivatives, array of shape (n_columns, n_metrics, n_metrics)."""
        return covaried(self.joint.figure_variance, [self.figure(row) for row in rows])

    def metric_covariance(self, rows: Sequence[Metric]) -> FloatArray:
        """Return the covariance of metrics, array of shape (n_metrics, n_metrics)."""
        return self.joint.covariance(np.stack([np.nan_to_num(row.gradient(self.counted.weight[0])) for row in rows]))

    def crossing(self, gradient: FloatArray) -> FloatArray:
        """Return by how much a figure changes where a unit crosses, by true class, side and the class across.

        0 of classes without rows; array of shape (n_columns, n_columns, n_columns).
        """
        drawn = self.counted.weight[0].sum(axis=1) > 0
        return np.asarray(np.abs(gradient[:, None, :] - gradient[:, :, None]) * drawn[:, None, None])

    def figure(self, row: Metric) -> Figure:
        """Return a metric's gradient in the cells, and what a unit of each cell adds to its slopes by bending that."""
        cells = self.counted.weight[0].astype(np.float64)
        return np.nan_to_num(row.gradient(cells)), np.nan_to_num(along(row.gradient, cells, self.derivative))


Figure = tuple[FloatArray, FloatArray]
"""A metric's gradient in the cells, and what a unit of each cell adds to its derivatives by bending that."""


def on_enough_rows(crossing: FloatArray, boundary: Boundary | FrontierJoint, axis: tuple[int, ...]) -> BoolArray:
    """Tell which derivatives rest on enough rows, or on none where no row could matter.

    Parameters
    ----------
    crossing : array of shape (n_columns, n_columns, n_columns)
        As from `OffsetMotion.crossing`.
    boundary : Boundary or FrontierJoint
        With fluxes of the same shape.
    axis : tuple of int
        Over which a derivative sums.
    """
    noise = (crossing**2 * boundary.noise).sum(axis=axis)
    seen = (crossing * boundary.value).sum(axis=axis) ** 2 >= MIN_ROWS * noise
    return np.asarray(np.where(noise > 0, seen, ~(crossing > 0).any(axis=axis)))


def covaried(variance: Callable[[FloatArray, FloatArray], FloatArray], figures: Sequence[Figure]) -> FloatArray:
    """Return the covariance of several metrics' derivatives from the variances of their sums and differences.

    Parameters
    ----------
    variance : callable
        From a figure to the variance of its derivatives, array of shape (n_parameters,).
    figures : sequence of Figure

    Returns
    -------
    array of shape (n_parameters, n_metrics, n_metrics)
    """
    own = np.stack([variance(*figure) for figure in figures], axis=1)
    found = np.zeros((*own.shape, len(figures)))
    found[:, np.arange(len(figures)), np.arange(len(figures))] = own
    largest = np.sqrt(own.max(axis=0))
    scale = 1 / np.where(largest > 0, largest, 1.0)  # of one size: what is small beside the other would be lost
    for i, j in combinations(range(len(figures)), 2):
        one, other = ([scale[k] * part for part in figures[k]] for k in (i, j))
        plus, minus = (variance(*(a + side * b for a, b in zip(one, other, strict=True))) for side in (1, -1))
        found[:, i, j] = found[:, j, i] = (plus - minus) / (4 * scale[i] * scale[j])
    return found
