r"""The sampling variance of averages over labels, and of their slopes, whose labels share their rows.

A row adds to one cell of every label. To first order an average moves by :math:`\sum_i w_i \psi(i)`, where
:math:`\psi(i)` adds the gradients of the cells that row i lies in, so that, with the total weight W known,

.. math:: \mathrm{Var} = \sum_i w_i^2 (\psi(i) - \bar\psi)^2,

and over blocks of rows where they come in clusters: no covariance between labels is left out, and none is written down.

The slope by one label's threshold is a function of that label's cells and fluxes, whose covariance its own curve has,
and of the cells of the others: of each of them in the same way, through their sum or through the number of their
positive rows. So the others count by one number a row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.curve import ConfusionCurve
from conjac.density import density_of
from conjac.engines.arrays import tally_of
from conjac.inference.covariance import N_CELLS
from conjac.motion import Motion, cut_of
from conjac.validation import LabelPredictions, Predictions

STRATA = 64
"""Parts of the rows, by what the other labels add, over which a flux is summed."""


@dataclass(frozen=True, eq=False)
class JointRows:
    """What became of every row under each label's threshold.

    Attributes
    ----------
    rows : LabelPredictions
    predicted : array of bool of shape (n_samples, L)
    """

    rows: LabelPredictions
    predicted: AnyArray

    @property
    def df(self) -> int | None:
        """Degrees of freedom of errors from blocks; None where errors come from rows."""
        return None if self.rows.block is None else self._used_blocks(self.rows.block) - 1

    def effective(self, counted: FloatArray) -> float:
        """Return Kish's effective number of the rows that lie, for any label, in some cells.

        Parameters
        ----------
        counted : array of shape (2, 2)
            Above 0 for those cells.
        """
        inside = self._weight[(self._pooled * (counted > 0)).any(axis=(1, 2))]
        return float(inside.sum() ** 2 / max((inside**2).sum(), 1e-300))

    def stderr(self, gradient: FloatArray) -> float:
        """Return the standard error of a figure that is linear in the cells.

        Parameters
        ----------
        gradient : array of shape (L, 2, 2)
            What a unit of weight in each cell of each label adds to it.
        """
        adds = sum(self._of_label(label, part) for label, part in enumerate(gradient))
        return float(np.sqrt(self._squares(self._centred(np.asarray(adds)))))

    def slope_stderr(
        self, label: int, own: FloatArray, others: FloatArray, curve: ConfusionCurve, motion: Motion, score: FloatArray
    ) -> float:
        """Return the standard error of a figure of one label's cells and fluxes, and of the cells of the others.

        Parameters
        ----------
        label : int
        own : array of shape (6,)
            What a unit of each of its cells and fluxes adds, in the order of `conjac.inference.covariance`.
        others : array of shape (2, 2)
            What a unit of each cell of any other label adds.
        curve, motion : ConfusionCurve and Motion
            Of the label, at its threshold.
        score : array of shape (1,)
            That threshold, on the scores' own scale.
        """
        variance = own @ motion.joint.covariance[0] @ own
        if others.any():
            adds = self._centred((self._pooled * others).sum(axis=(1, 2)) - self._of_label(label, others))
            variance += self._squares(adds) + 2 * own @ self._crossed(label, curve, motion, score, adds)
        return float(np.sqrt(max(variance, 0.0)))

    def _crossed(
        self, label: int, curve: ConfusionCurve, motion: Motion, score: FloatArray, adds: FloatArray
    ) -> FloatArray:
        """Return the covariance of a label's cells and fluxes with a sum over rows, array of shape (6,)."""
        weight, block = self._weight, self.rows.block
        six = motion.center[0]
        if block is None:
            sides = 2 * self.rows.true[:, label] + self.predicted[:, label]
            cells = np.bincount(sides, weight**2 * adds, N_CELLS)
            fluxes = _flux_times(curve, self.rows.of(label), score, weight * adds)
            return np.asarray(np.concatenate([cells, fluxes]) - six * (weight**2 @ adds / weight.sum()))
        counted, flux = motion.joint.cells.by_block, motion.flux.by_block[0]
        assert counted is not None
        parts = np.concatenate([counted[0].reshape(N_CELLS, -1), flux])
        mean = six[:, None] * np.bincount(block, weight, parts.shape[1]) / weight.sum()
        return np.asarray((parts - mean) @ np.bincount(block, weight * adds, parts.shape[1]) * self._scale(block))

    def _of_label(self, label: int, values: FloatArray) -> FloatArray:
        """Return a number for each row, by the cell of a label that it lies in."""
        return np.asarray(values.ravel()[2 * self.rows.true[:, label] + self.predicted[:, label]])

    def _centred(self, adds: FloatArray) -> FloatArray:
        return np.asarray(adds - self._weight @ adds / self._weight.sum())

    def _squares(self, adds: FloatArray) -> float:
        """Return the variance of a sum of what rows add, which is centred."""
        if self.rows.block is None:
            return float(self._weight**2 @ adds**2)
        return float((np.bincount(self.rows.block, self._weight * adds) ** 2).sum() * self._scale(self.rows.block))

    @cached_property
    def _weight(self) -> FloatArray:
        return np.ones(len(self.rows.true)) if self.rows.weight is None else self.rows.weight

    @cached_property
    def _pooled(self) -> FloatArray:
        """Each row's labels by cell, array of shape (n_samples, 2, 2)."""
        true, predicted = self.rows.true, self.predicted
        cells = [[(a & b).sum(axis=1) for b in (~predicted, predicted)] for a in (~true, true)]
        return np.moveaxis(np.array(cells, dtype=np.float64), 2, 0)

    def _used_blocks(self, block: IntArray) -> int:
        return int((np.bincount(block, self._weight) > 0).sum())

    def _scale(self, block: IntArray) -> float:
        return self._used_blocks(block) / max(self._used_blocks(block) - 1, 1)


def _flux_times(curve: ConfusionCurve, rows: Predictions, score: FloatArray, values: FloatArray) -> FloatArray:
    """Return the sums over each class's rows of their part of its flux times a value, array of shape (2,).

    A flux is told by block of rows, so that rows are put into blocks of nearly one value.
    """
    edges = np.unique(values)
    if len(edges) > STRATA:
        edges = np.unique(np.quantile(values, np.arange(STRATA) / STRATA))
    block = np.maximum(np.searchsorted(edges, values, side="right") - 1, 0)
    rows = replace(rows, block=block)
    density = density_of(partial(tally_of, rows, curve.unit), curve.unit.scale, True, False, None)
    weight = np.bincount(block, rows.weight)
    mean = np.bincount(block, values if rows.weight is None else rows.weight * values) / np.where(weight > 0, weight, 1)
    return np.asarray(density.flux(cut_of(score, curve.unit)).by_block[0] @ mean)
