"""How the cells move as features drift, where margins have a derivative in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import BoolArray, FloatArray, Normalize
from conjac.calculus.analytic import along
from conjac.density.fixed import FixedWeights
from conjac.density.near import or_one
from conjac.inference import Cells
from conjac.inference.delta import normalized_slope
from conjac.inference.drift_joint import DriftJoint
from conjac.metrics import Metric
from conjac.motion.again import Again
from conjac.motion.denominators import cells_stderr
from conjac.motion.slopes import MIN_ROWS, Slopes, with_shape


@dataclass(frozen=True, eq=False)
class DriftMotion:
    """Cells at one rule, and the fluxes of features across its facets.

    Attributes
    ----------
    joint : DriftJoint
    velocities : Again or None
        From a parameter's place to the velocities of the entries of the crossing by it.
    shape : tuple of int
        Of the features: that of an image of its pixels, in C order.
    fixed : FixedWeights or None
        Where entries were weighed before their velocities were known.
    """

    joint: DriftJoint
    velocities: Again[FloatArray] | None = None
    shape: tuple[int, ...] = (-1,)
    fixed: FixedWeights | None = None

    @property
    def counted(self) -> Cells:
        """Exact counts at one point."""
        return self.joint.cells

    @property
    def method(self) -> str:
        """By a kernel and margins' derivatives."""
        return self.joint.sums.crossing.method

    @property
    def derivative(self) -> FloatArray:
        """Derivative of the cells by each feature, array of shape (n_features, n_columns, n_columns)."""
        return self.joint.motion(self.joint.sums.value)

    @property
    def effective_rows(self) -> FloatArray:
        """Effective rows near facets that move with each feature, array of shape (n_features,)."""
        return np.asarray(self.joint.sums.rows.sum(axis=0))

    def cells_stderr(self, how: Normalize | None) -> FloatArray:
        """Return the standard error of each cell as normalised, array of shape (n_columns, n_columns)."""
        return cells_stderr(self.counted, how)

    def arranged(self, values: FloatArray) -> FloatArray:
        """Return figures with the features' axes last."""
        return with_shape(values, self.shape)

    def slopes(self, how: Normalize | None) -> Slopes:
        """Return the derivative of the matrix as normalised, arrays of shape (n_features, n_columns, n_columns)."""
        cells = self.counted.weight[0].astype(np.float64)
        value, center = (
            normalized_slope(cells, self.joint.motion(flux), how)
            for flux in (self.joint.sums.value, self.joint.sums.center)
        )
        each, bent, total = self.of_cells(how)
        variance = self.joint.variance(each, bent, by_class=how == "true").reshape(value.shape) / total**2
        known = self._on_enough_rows(each).reshape(value.shape)
        return Slopes(value, center, np.where(known & np.isfinite(value), np.sqrt(variance), np.nan))

    def of_cells(self, how: Normalize | None) -> tuple[FloatArray, FloatArray | None, FloatArray]:
        """Return the cells as normalised, as figures.

        Returns
        -------
        gradient : array of shape (n_columns**2, n_columns, n_columns)
        bent : array of shape (n_features, n_columns**2, n_columns, n_columns) or None
            As for `conjac.inference.drift_joint.DriftJoint.variance`.
        total : array that broadcasts to (n_columns, n_columns)
            What errors are divided by.
        """
        cells = self.counted.weight[0].astype(np.float64)
        if how == "pred":
            return *_of_columns(cells, self.joint.motion(self.joint.sums.center)), np.ones(())
        total = {None: np.ones(()), "true": cells.sum(axis=1, keepdims=True), "all": cells.sum()}[how]
        return np.eye(cells.size).reshape(cells.size, *cells.shape), None, or_one(total)

    def of_metric(self, row: Metric) -> tuple[FloatArray, FloatArray]:
        """Return a metric as one figure: its gradient, and what bends it, as for `of_cells`."""
        cells = self.counted.weight[0].astype(np.float64)
        moved = self.joint.motion(self.joint.sums.center)
        with np.errstate(invalid="ignore"):  # of slopes that are nan, past the end of the domain
            bent = np.nan_to_num(along(row.gradient, cells, moved))[:, None]
        return np.nan_to_num(row.gradient(cells))[None], bent

    def metric_slope(self, row: Metric) -> Slopes:
        """Return a metric's derivative by each feature, arrays of shape (n_features,)."""
        cells = self.counted.weight[0].astype(np.float64)
        moved = self.joint.motion(self.joint.sums.center)
        gradient, bent = self.of_metric(row)
        variance = self.joint.variance(gradient, bent)[:, 0]
        known = self._on_enough_rows(gradient)[:, 0]
        value, center = row.slope(cells, self.derivative), row.slope(cells, moved)
        return Slopes(value, center, np.where(known & np.isfinite(value), np.sqrt(variance), np.nan))

    def _on_enough_rows(self, gradient: FloatArray) -> BoolArray:
        """Tell which figures rest on enough rows that move near the facets that matter to them, or cannot move.

        Parameters
        ----------
        gradient : array of shape (n_figures, n_columns, n_columns)

        Returns
        -------
        array of shape (n_features, n_figures)
        """
        sums = self.joint.sums
        share = np.abs(self.joint.crossing(gradient)) * sums.crossing.value
        moves = sums.rows > 0
        noise = share**2 @ np.divide(1, sums.rows, out=np.zeros(sums.rows.shape), where=moves)
        moved = share @ moves
        seen = (moved > 0) & (moved**2 >= MIN_ROWS * noise)
        moves_nothing = (np.ptp(gradient, axis=2) == 0).all(axis=1)
        return np.asarray((seen | moves_nothing[:, None]).T)


def _of_columns(cells: FloatArray, moved: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return gradients of the cells as shares of their columns, and what a unit of each cell adds to their slopes.

    Parameters
    ----------
    cells : array of shape (n_columns, n_columns)
    moved : array of shape (n_parameters, n_columns, n_columns)

    Returns
    -------
    array of shape (n_figures, n_columns, n_columns), array of shape (n_parameters, n_figures, n_columns, n_columns)
    """
    n, total = len(cells), or_one(cells.sum(axis=0))
    share, slope, growth = cells / total, moved / total, moved.sum(axis=1) / total
    same = np.eye(n)
    gradient = np.einsum("kl,yz->ykzl", same, same) - np.einsum("kl,yk,z->ykzl", same, share, np.ones(n))
    own = np.einsum("kl,yz,pk->pykzl", same, same, growth)
    other = np.einsum("kl,pyk,z->pykzl", same, 2 * share * growth[:, None] - slope, np.ones(n))
    flat = n * n, n, n
    return (gradient / total).reshape(flat), ((other - own) / total).reshape(len(moved), *flat)
