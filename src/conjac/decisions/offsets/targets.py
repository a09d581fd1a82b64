"""Metrics and the values they are to have: what offsets of several classes are solved for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from conjac._typing import FloatArray
from conjac.decisions.constraints import ROUNDING
from conjac.decisions.offsets.sample import Sample
from conjac.decisions.offsets.soft import SoftCells
from conjac.inference.intervals import HALF_ROW
from conjac.metrics import Metric

MET = 1.0
"""What lies between meeting every target and not, above any merit: that is 0 at most."""


@dataclass(frozen=True, eq=False)
class Targets:
    """Metrics and the values they are to have.

    Attributes
    ----------
    rows : sequence of Metric
    aims : array of shape (n_targets,)
    """

    rows: Sequence[Metric]
    aims: FloatArray

    def merit(self, cells: FloatArray) -> FloatArray:
        """Return the negative sum of squared misses."""
        values = np.stack([row.value(cells) for row in self.rows], axis=-1)
        return np.asarray(-np.nan_to_num((values - self.aims) ** 2, nan=np.inf).sum(axis=-1))

    def merit_met(self, cells: FloatArray, room: FloatArray) -> FloatArray:
        """Return `merit`, above all that is short of a target where every target is met with room to spare or less.

        Parameters
        ----------
        cells : array of shape (n, n_classes, n_columns)
        room : array of shape (n_targets,)
        """
        met = np.ones(len(cells), dtype=bool)
        for row, aim, most in zip(self.rows, self.aims, room, strict=True):
            spare = row.sign * (row.value(cells) - aim)
            met &= (spare >= -ROUNDING * max(1.0, abs(aim))) & (spare <= most)
        return np.where(met, MET, 0.0) + self.merit(cells)

    def moved(self, by: FloatArray) -> Targets:
        """Return targets that ask for more than these, within their domains."""
        aims = [
            np.clip(aim + (more if row.greater_is_better else -more), row.domain.lower, row.domain.upper)
            for row, aim, more in zip(self.rows, self.aims, by, strict=True)
        ]
        return replace(self, aims=np.array(aims))

    def values(self, cells: FloatArray) -> FloatArray:
        """Return the metrics, array of shape (n_targets,)."""
        return np.array([float(row.value(cells)) for row in self.rows])

    def gaps(self, sample: Sample, offsets: FloatArray, width: float) -> tuple[FloatArray, FloatArray]:
        """Return what softened cells miss, and its Jacobian in the offsets."""
        soft = SoftCells.at(sample, offsets, width)
        cells = soft.cells
        slopes = [soft.pull(np.nan_to_num(row.gradient(cells))) for row in self.rows]
        return self.values(cells) - self._inside(cells), np.stack(slopes)

    def _inside(self, cells: FloatArray) -> FloatArray:
        """Return the targets, half a row away from values that softened cells do not reach."""
        aims = []
        for row, aim in zip(self.rows, self.aims, strict=True):
            room = HALF_ROW * float(np.abs(np.nan_to_num(row.gradient(cells))).max())
            low, high = row.domain.lower + room, row.domain.upper - room
            aims.append(min(max(aim, low), high) if low < high else aim)
        return np.array(aims)
