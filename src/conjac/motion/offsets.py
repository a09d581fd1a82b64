r"""How the cells of several classes move with the offsets.

A flux f of true class y across the facet j|k moves with both offsets, at speed 1 with that of k and -1 with that of j:
:math:`dC_{yk} = f\,(db_k - db_j) = -dC_{yj}`. So for each true class the Jacobian is the Laplacian of a graph whose
vertices are the columns and whose edges weigh their flux: symmetric, with rows that sum to zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np
from scipy import sparse

from conjac._typing import BoolArray, FloatArray, IntArray, Normalize, Sparse
from conjac.calculus.analytic import along, complex_step
from conjac.inference import BoundaryJoint, Cells
from conjac.inference.delta import normalized, normalized_slope
from conjac.metrics import Metric
from conjac.motion.slopes import MIN_ROWS, Slopes


@dataclass(frozen=True, eq=False)
class OffsetMotion:
    """Cells and fluxes at one rule for several classes.

    Attributes
    ----------
    joint : BoundaryJoint
    directions : array of shape (n_parameters, n_columns) or None
        How far each offset goes for a unit of each parameter; None for each offset alone.
    """

    joint: BoundaryJoint
    directions: FloatArray | None = None

    def along(self, directions: FloatArray) -> OffsetMotion:
        """Return the motion with several offsets at once, array of shape (n_parameters, n_columns)."""
        return replace(self, directions=directions)

    @property
    def counted(self) -> Cells:
        """Exact counts at one point."""
        return self.joint.cells

    @cached_property
    def derivative(self) -> FloatArray:
        """Derivative of the cells by each offset, array of shape (n_columns, n_classes, n_columns)."""
        fluxes: Sparse = self._speed * self.joint.boundary.value
        return np.asarray((fluxes @ self._enters.T).toarray().reshape(-1, *self.counted.weight[0].shape))

    @cached_property
    def effective_rows(self) -> FloatArray:
        """Effective rows behind each figure of `derivative`; 0 where no row is near any facet of it."""
        boundary = self.joint.boundary
        squares: Sparse = self._speed.power(2) * (boundary.value**2 / boundary.n_eff)
        noise = (squares @ abs(self._enters).T).toarray().reshape(self.derivative.shape)
        return np.asarray(np.divide(self.derivative**2, noise, out=np.zeros_like(noise), where=noise > 0))

    @property
    def method(self) -> str:
        """Which estimator served the fluxes."""
        return self.joint.boundary.method

    def cells_stderr(self, how: Normalize | None) -> FloatArray:
        """Return the standard error of each cell as normalised, array of shape (n_classes, n_columns)."""
        cells = self.counted.weight[0].astype(np.float64)
        of_cells = complex_step(lambda flat: normalized(flat.reshape(cells.shape), how).ravel(), cells.ravel())
        nothing = sparse.csr_array((cells.size, len(self.joint.boundary.code)))
        variance = self.joint.variance(of_cells.reshape(cells.size, *cells.shape), nothing)
        return np.asarray(np.sqrt(variance).reshape(cells.shape))

    def arranged(self, values: FloatArray) -> FloatArray:
        """Return figures with the offset as their last axis."""
        return np.moveaxis(values, 0, -1)

    def slopes(self, how: Normalize | None) -> Slopes:
        """Return the derivative of the matrix as normalised; the offset is the first axis."""
        value = normalized_slope(self.counted.weight, self.derivative, how)
        stderr = np.stack([self._errors(place, how) for place in range(len(value))])
        known = self.effective_rows >= MIN_ROWS
        if how == "pred":
            known = np.broadcast_to(known.all(axis=1, keepdims=True), known.shape)
        return Slopes(value, value, np.where(known & ~np.isnan(value), stderr, np.nan))

    def metric_slope(self, row: Metric) -> Slopes:
        """Return a metric's derivative by each offset, arrays of shape (n_columns,)."""
        value = row.slope(self.counted.weight[0], self.derivative)
        bent, fluxes = self._metric_slope_figures(row)
        stderr = np.sqrt(self.joint.variance(bent, fluxes))
        boundary = self.joint.boundary
        noise = fluxes.power(2) @ (boundary.value**2 / boundary.n_eff)
        seen = (abs(fluxes) @ boundary.value) ** 2 >= MIN_ROWS * noise
        known = np.where(noise > 0, seen, ~self._matters(np.nan_to_num(row.gradient(self.counted.weight[0]))))
        return Slopes(value, value, np.where(known, stderr, np.nan))

    def metric_slope_covariance(self, row: Metric) -> FloatArray:
        """Return the covariance of a metric's derivatives by the offsets, array of shape (n_columns, n_columns)."""
        return self.joint.covariance(*self._metric_slope_figures(row))

    def slope_covariance(self, rows: Sequence[Metric]) -> FloatArray:
        """Return the covariance of metrics' derivatives, array of shape (n_parameters, n_metrics, n_metrics)."""
        figures = [self._metric_slope_figures(row) for row in rows]
        stderr = np.stack([np.sqrt(self.joint.variance(*each)) for each in figures], axis=1)
        scale = 1 / np.where(stderr > 0, stderr, 1.0)  # of one size: what is small beside the other would be lost
        scaled = [
            (cells * c[:, None, None], fluxes * c[:, None]) for (cells, fluxes), c in zip(figures, scale.T, strict=True)
        ]
        found = np.repeat(np.eye(len(rows))[None], len(stderr), axis=0)
        for i, j in combinations(range(len(rows)), 2):
            (cells, fluxes), (other_cells, other_fluxes) = scaled[i], scaled[j]
            plus, minus = (
                self.joint.variance(cells + side * other_cells, fluxes + side * other_fluxes) for side in (1, -1)
            )
            found[:, i, j] = found[:, j, i] = (plus - minus) / 4
        return np.asarray(found * stderr[:, :, None] * stderr[:, None, :])

    def metric_covariance(self, rows: Sequence[Metric]) -> FloatArray:
        """Return the covariance of metrics, array of shape (n_metrics, n_metrics)."""
        gradients = np.stack([np.nan_to_num(row.gradient(self.counted.weight[0])) for row in rows])
        return self.joint.covariance(gradients, sparse.csr_array((len(rows), len(self.joint.boundary.code))))

    def _metric_slope_figures(self, row: Metric) -> tuple[FloatArray, Sparse]:
        """Return what a unit of each cell, and of each flux, adds to a metric's derivative by each offset."""
        cells = self.counted.weight[0].astype(np.float64)
        bent = along(row.gradient, cells, self.derivative)
        worth = np.nan_to_num(row.gradient(cells)).ravel() @ self._enters
        return np.nan_to_num(bent), self._speed * worth

    def _errors(self, offset: int, how: Normalize | None) -> FloatArray:
        """Return the standard errors of the derivatives by one offset, array of shape (n_classes, n_columns)."""
        cells = self.counted.weight[0].astype(np.float64)
        moves = self._enters * self._speed[[offset]].toarray()[0]
        of_cells = np.zeros((cells.size, *cells.shape))
        if how == "pred":
            total = _or_one(cells.sum(axis=0))
            share, leaving = cells / total, self.derivative[offset].sum(axis=0) / total
            own = np.arange(cells.size) % len(total)
            column = np.equal.outer(own, own).astype(np.float64)
            moves = sparse.csr_array((moves - share.ravel()[:, None] * (column @ moves)) / total[own][:, None])
            pulled = -(self.derivative[offset] - 2 * share * leaving * total) / total**2
            of_cells = (column * pulled.ravel()[:, None] - np.eye(cells.size) * (leaving / total)[own]).reshape(
                of_cells.shape
            )
        elif how is not None:
            axes = {"true": (1,), "all": (0, 1)}[how]
            total = np.broadcast_to(_or_one(cells.sum(axis=axes, keepdims=True)), cells.shape).ravel()
            moves = sparse.csr_array(moves * (1 / total)[:, None])
            row = np.arange(cells.size) // cells.shape[1]
            together = np.equal.outer(row, row) if how == "true" else np.ones((cells.size, cells.size))
            of_cells = -(together * (self.derivative[offset].ravel() / total**2)[:, None]).reshape(of_cells.shape)
        return np.asarray(np.sqrt(self.joint.variance(of_cells, moves)).reshape(cells.shape))

    def _matters(self, gradient: FloatArray) -> BoolArray:
        """Tell of each parameter whether any flux that it moves could move a figure, array of shape (n_parameters,)."""
        drawn = gradient[self.counted.weight[0].sum(axis=1) > 0]
        matters = np.asarray((drawn[:, :, None] != drawn[:, None, :]).any(axis=(0, 1)))
        return matters if self.directions is None else np.asarray(np.abs(self.directions) @ matters > 0)

    @cached_property
    def _facet(self) -> tuple[IntArray, IntArray, IntArray]:
        """True class, lower and upper class of each flux."""
        n, code = self.joint.boundary.facets.n_columns, self.joint.boundary.code
        return code // n**2, code // n % n, code % n

    @cached_property
    def _speed(self) -> Sparse:
        """Speed of each flux's margin with each parameter, sparse array of shape (n_parameters, n_fluxes)."""
        _, lower, upper = self._facet
        alone = _plus_minus(upper, lower, self.joint.boundary.facets.n_columns)
        return alone if self.directions is None else sparse.csr_array(sparse.csr_array(self.directions) @ alone)

    @cached_property
    def _enters(self) -> Sparse:
        """Which cell each flux enters (1) and which it leaves (-1), sparse array of shape (n_cells, n_fluxes)."""
        true, lower, upper = self._facet
        start = true * self.joint.boundary.facets.n_columns
        return _plus_minus(start + upper, start + lower, self.counted.weight[0].size)


def _or_one(total: FloatArray) -> FloatArray:
    """Return totals to divide by: 1 where there is nothing, so that its shares are 0."""
    return np.asarray(np.where(total > 0, total, 1.0))


def _plus_minus(plus: IntArray, minus: IntArray, size: int) -> Sparse:
    place, one = np.arange(len(plus)), np.ones(len(plus))
    entries = np.concatenate([one, -one]), (np.concatenate([plus, minus]), np.tile(place, 2))
    return sparse.csr_array(entries, shape=(size, len(plus)))
