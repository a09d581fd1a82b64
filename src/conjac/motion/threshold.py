"""From the fluxes across a boundary to the motion of the cells: the chain rule in the coordinate asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from conjac._typing import AnyArray, FloatArray, Normalize
from conjac.calculus.analytic import complex_step
from conjac.coordinates import Coordinate, margins
from conjac.density import Density, Flux
from conjac.inference import Cells, Interval, Joint, at_share, cells_interval, joint, metric_stderr, propagate
from conjac.inference.delta import divide, normalized, normalized_slope
from conjac.metrics import Metric
from conjac.motion.slopes import MIN_ROWS, Slopes


@dataclass(frozen=True, eq=False)
class Motion:
    """Cells, fluxes and their covariance at thresholds, with the coordinate's velocity.

    Attributes
    ----------
    joint : Joint
    flux : Flux
    rate : array of shape (n_points,) or None
        Velocity of the margin per unit of the coordinate, ``-dtau/dt``; None for the percentile.
    """

    joint: Joint
    flux: Flux
    rate: FloatArray | None

    @classmethod
    def at(
        cls,
        density: Density,
        coordinate: Coordinate,
        score: FloatArray,
        cells: Cells,
    ) -> Motion:
        """Finish: from the densities and the counts at thresholds to cells and fluxes with their covariance.

        Parameters
        ----------
        density : Density
        coordinate : Coordinate
        score : array of shape (n_points,)
            Thresholds on the scores' own scale.
        cells : Cells
            Counted at those thresholds.
        """
        estimate = density.flux(cut_of(score, coordinate))
        rate = None
        if coordinate.cut is not None and coordinate.from_score is not None:
            finite = np.isfinite(estimate.value[:, 0])
            inside = np.where(finite, score, 0.5)
            rate = np.where(finite, -coordinate.cut.derivative(coordinate.from_score(inside)), np.nan)
        figures = joint(cells, estimate)
        return cls(figures if rate is not None else at_share(figures, estimate), estimate, rate)

    @property
    def point(self) -> FloatArray:
        """Cells and the flux of least mean squared error, array of shape (n_points, 6)."""
        return self.joint.point(self.joint.value)

    @property
    def center(self) -> FloatArray:
        """Cells and the bias-corrected flux, array of shape (n_points, 6)."""
        return self.joint.point(self.joint.center)

    @property
    def trusted(self) -> AnyArray:
        """Whether each class's slope rests on enough rows, array of shape (n_points, 2)."""
        enough: AnyArray = np.greater_equal(self.flux.n_eff, MIN_ROWS)
        if self.rate is None:
            return np.broadcast_to(np.all(enough, axis=1, keepdims=True), enough.shape)
        return enough

    @property
    def counted(self) -> Cells:
        """Exact counts at each point."""
        return self.joint.cells

    @property
    def derivative(self) -> FloatArray:
        """Derivative of the cells, array of shape (n_points, 2, 2)."""
        return np.asarray(self.slope(self.point))

    @property
    def method(self) -> str:
        """Which estimator served the first point."""
        return str(self.flux.method[0])

    def cells_stderr(self, how: Normalize | None) -> FloatArray:
        """Return the standard error of each cell as normalised, at the first point, array of shape (2, 2)."""

        def cells(point: AnyArray) -> AnyArray:
            return normalized(point.reshape(1, 2, 2), how).reshape(1, 4)

        point = self.counted.weight[0].reshape(1, 4).astype(np.float64)
        return propagate(cells, point, self.joint.covariance[:1, :4, :4])[1].reshape(2, 2)

    def cells_confint(self, level: float) -> Interval:
        """Return Wilson's interval of each cell, lower and upper arrays of shape (n_points, 2, 2)."""
        return cells_interval(self.counted, np.sqrt(self.counted.variance), None, level)

    def arranged(self, values: FloatArray) -> FloatArray:
        """Return figures of the first point."""
        return np.asarray(values[0])

    def slopes(self, how: Normalize | None) -> Slopes:
        """Return the derivative of the matrix as normalised, arrays of shape (n_points, 2, 2)."""

        def slope(point: AnyArray) -> AnyArray:
            return normalized_slope(self.cells(point), self.slope(point), how)

        def flat(point: AnyArray) -> AnyArray:
            return slope(point).reshape(-1, 4)

        with np.errstate(invalid="ignore"):
            error = propagate(flat, self.center, self.joint.covariance)[1].reshape(-1, 2, 2)
        trusted = np.asarray(self.trusted.all(axis=1, keepdims=True) if how == "pred" else self.trusted)
        return Slopes(slope(self.point), slope(self.center), np.where(trusted[..., None], error, np.nan))

    def metric_slope(self, row: Metric) -> Slopes:
        """Return a metric's derivative, arrays of shape (n_points,).

        The error is nan where fewer than 5 effective rows are near the boundary or, for a ratio, behind its value: two
        false positives do not carry the slope of a likelihood ratio, however many rows are near the threshold.
        """

        def slope(point: AnyArray) -> AnyArray:
            return row.slope(self.cells(point), self.slope(point))[..., None]

        value = np.asarray(slope(self.point)[..., 0], dtype=np.float64)
        with np.errstate(invalid="ignore"):
            center, stderr = propagate(slope, self.center, self.joint.covariance)
        trusted = self.trusted.all(axis=1)
        if row.domain.scale == "log":
            weight = self.counted.weight
            trusted &= np.asarray(row.value(weight) ** 2 >= MIN_ROWS * metric_stderr(row, self.counted) ** 2)
        return Slopes(value, center[..., 0], np.where(trusted, stderr[..., 0], np.nan))

    def slope_covariance(self, rows: Sequence[Metric]) -> FloatArray:
        """Return the covariance of metrics' derivatives, array of shape (n_points, n_metrics, n_metrics)."""

        def slopes(point: AnyArray) -> AnyArray:
            return np.stack([row.slope(self.cells(point), self.slope(point)) for row in rows], axis=-1)

        with np.errstate(invalid="ignore"):
            gradient = complex_step(slopes, self.center)
            return np.asarray(gradient @ self.joint.covariance @ gradient.swapaxes(1, 2))

    def cells(self, point: AnyArray) -> AnyArray:
        """Return the cells of a point, array of shape (..., 2, 2)."""
        return point[..., :4].reshape(*point.shape[:-1], 2, 2)

    def slope(self, point: AnyArray) -> AnyArray:
        """Return dC/dt of a point, array of shape (..., 2, 2); analytic in the point."""
        fluxes = point[..., 4:]
        if self.rate is not None:
            moved = fluxes * self.rate[:, None]
        else:
            total = point[..., :4].sum(axis=-1, keepdims=True)
            moved = total * divide(fluxes, fluxes.sum(axis=-1, keepdims=True), np.nan)
        return np.stack([-moved, moved], axis=-1)


def cut_of(score: FloatArray, coordinate: Coordinate) -> FloatArray:
    """Return the cut on the margin scale; infinite where the threshold leaves the domain."""
    if coordinate.scale == "score":
        return score
    inside = (score > 0) & (score < 1)
    safe = np.where(inside, score, 0.5)
    return np.where(inside, margins(safe, "logit"), np.where(score <= 0, -np.inf, np.inf))
