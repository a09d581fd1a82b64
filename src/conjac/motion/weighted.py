"""How the cells move as training rows gain or lose weight: many directions of few coordinates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from conjac._typing import AnyArray, FloatArray, Normalize
from conjac.inference import Cells
from conjac.inference.directions import Directions
from conjac.inference.drift_joint import DriftJoint
from conjac.metrics import Metric
from conjac.motion.drifted import DriftMotion
from conjac.motion.slopes import Slopes

AT_A_TIME = 2**16
"""Directions whose variances are summed together."""


@dataclass(frozen=True, eq=False)
class Changes:
    """What else may happen to training rows, each as a direction.

    Attributes
    ----------
    label : array of shape (n_directions,)
        Of each row.
    other : array of shape (n_directions,)
        The label that it might have had instead.
    removed, relabelled : callable
        From nothing to the coordinates of leaving each row out, and of giving it the other label.
    """

    label: AnyArray
    other: AnyArray
    removed: Callable[[], FloatArray]
    relabelled: Callable[[], FloatArray]


@dataclass(frozen=True, eq=False)
class WeightedMotion:
    """Cells at one rule, and their motion along directions that are sums of coordinates.

    Attributes
    ----------
    directions : Directions
    coordinates : array of shape (n_directions, n_coordinates)
    changes : Changes
    """

    directions: Directions
    coordinates: FloatArray
    changes: Changes

    @cached_property
    def basis(self) -> DriftMotion:
        """The motion by each coordinate."""
        return DriftMotion(self.directions.joint)

    def along(self, coordinates: FloatArray) -> Self:
        """Return the motion along other directions."""
        return replace(self, coordinates=coordinates)

    @property
    def label(self) -> AnyArray:
        """Each row's label."""
        return self.changes.label

    @property
    def other(self) -> AnyArray:
        """The label that each row might have had instead."""
        return self.changes.other

    def with_errors(self) -> Self:
        """Return the same, which has standard errors."""
        return self

    def effects(self, row: Metric) -> tuple[Slopes, ...]:
        """Return what rows do to a metric: by their weight, left out, and under the other label."""
        changed = map(self.along, (self.changes.removed(), self.changes.relabelled()))
        return self.metric_slope(row), *(motion.metric_slope(row) for motion in changed)

    @property
    def joint(self) -> DriftJoint:
        """The cells and the fluxes of coordinates."""
        return self.directions.joint

    @property
    def effective_rows(self) -> FloatArray:
        """Effective rows near facets, array of shape (1,): all directions move about the same."""
        return np.asarray(self.basis.effective_rows.max(initial=0.0, keepdims=True))

    @property
    def counted(self) -> Cells:
        """Exact counts at one point."""
        return self.basis.counted

    @property
    def method(self) -> str:
        """By a kernel and margins' derivatives."""
        return self.basis.method

    @property
    def derivative(self) -> FloatArray:
        """Derivative of the cells along each direction, array of shape (n_directions, n_columns, n_columns)."""
        return np.tensordot(self.coordinates, self.basis.derivative, 1)

    def cells_stderr(self, how: Normalize | None) -> FloatArray:
        """Return the standard error of each cell as normalised, array of shape (n_columns, n_columns)."""
        return self.basis.cells_stderr(how)

    def arranged(self, values: FloatArray) -> FloatArray:
        """Return figures with the direction as their last axis."""
        return np.moveaxis(values, 0, -1)

    def slopes(self, how: Normalize | None) -> Slopes:
        """Return the derivative of the matrix as normalised, arrays of shape (n_directions, n_columns, n_columns)."""
        each, bent, total = self.basis.of_cells(how)
        found = self.basis.slopes(how)
        covariance = self.directions.covariance(each, bent, by_class=how == "true")
        variance = self._variance(covariance).reshape(-1, *found.value.shape[1:])
        return self._slopes(found, variance / total**2)

    def metric_slope(self, row: Metric) -> Slopes:
        """Return a metric's derivative along each direction, arrays of shape (n_directions,)."""
        covariance = self.directions.covariance(*self.basis.of_metric(row))
        return self._slopes(self.basis.metric_slope(row), self._variance(covariance)[:, 0])

    def _slopes(self, basis: Slopes, variance: FloatArray) -> Slopes:
        """Return sums of coordinates' slopes, with a variance of their own; nan where no coordinate's is known."""
        value, center = (np.tensordot(self.coordinates, part, 1) for part in (basis.value, basis.center))
        known = np.isfinite(basis.stderr).any(axis=0)
        return Slopes(value, center, np.where(known & np.isfinite(value), np.sqrt(np.maximum(variance, 0)), np.nan))

    def _variance(self, covariance: FloatArray) -> FloatArray:
        """Return variances along the directions, array of shape (n_directions, n_figures)."""
        found = np.empty((len(self.coordinates), len(covariance)))
        for start in range(0, len(found), AT_A_TIME):
            some = self.coordinates[start : start + AT_A_TIME]
            for g, each in enumerate(covariance):
                found[start : start + AT_A_TIME, g] = ((some @ each) * some).sum(axis=1)
        return found
