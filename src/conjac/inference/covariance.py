r"""The joint covariance of the cells and of the fluxes across the boundary.

Each figure is a linear functional :math:`\theta_a = \sum_i w_i \psi_a(i)` of the rows. With the total weight W taken
as known, as the size of a sample is, it estimates W times a population rate, and

.. math:: \mathrm{Cov}(\theta_a, \theta_b) = \sum_i w_i^2 (\psi_a(i) - \theta_a / W) (\psi_b(i) - \theta_b / W),

which for two cells is the multinomial covariance. Given class totals, the means are taken within the class.
With clusters the sums run over blocks of them, times B / (B - 1).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from conjac._typing import ConditionOn, FloatArray
from conjac.density import Flux
from conjac.inference.cells import Cells, used_blocks

CLASS_OF = np.array([0, 0, 1, 1, 0, 1])
"""True class of each component: TN, FP, FN, TP, flux of the negatives, flux of the positives."""
ALERTED = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 0.0])
N_CELLS = 4


@dataclass(frozen=True)
class Joint:
    """Cells and fluxes at each point, with their covariance.

    Attributes
    ----------
    cells : Cells
        Exact, rows true, columns predicted.
    value, center : array of shape (n_points, 2)
        Each class's flux per unit of margin: the estimate, and the one on which intervals are centred.
    covariance : array of shape (n_points, 6, 6)
        Of the cells and ``center``, in the order of `CLASS_OF`.
    """

    cells: Cells
    value: FloatArray
    center: FloatArray
    covariance: FloatArray

    def point(self, flux: FloatArray) -> FloatArray:
        """Return cells and a flux side by side, array of shape (n_points, 6)."""
        weight = self.cells.weight
        return np.concatenate([weight.reshape(len(weight), N_CELLS), flux], axis=1, dtype=np.float64)


def joint(cells: Cells, flux: Flux) -> Joint:
    """Return cells and fluxes with their joint covariance."""
    n = len(cells.weight)
    theta = np.concatenate([cells.weight.reshape(n, N_CELLS), flux.center], axis=1, dtype=np.float64)
    if cells.by_block is None:
        crossed = flux.cross.sum(axis=(2, 3))
        first = np.concatenate([cells.weight2.reshape(n, N_CELLS), crossed], axis=1, dtype=np.float64)
        covariance = _of_rows(theta, first, _second_moments(first, flux), cells.condition_on)
    else:
        by_block = np.concatenate([cells.by_block.reshape(n, N_CELLS, -1), flux.by_block], axis=1)
        covariance = _of_blocks(theta, by_block, cells.condition_on)
    for true in (0, 1):
        covariance[:, N_CELLS + true, N_CELLS + true] += flux.penalty[:, true]
    return Joint(cells, flux.value, flux.center, covariance)


def at_share(joint: Joint, flux: Flux) -> Joint:
    """Return the joint estimate at a cut that alerts a given share of the sample, instead of at a fixed cut.

    Such a cut is a sample quantile: where more rows than expected lie above it, it moves up by their excess over the
    density, and cells and fluxes move with it. To first order that is a linear map of the six figures.
    """
    density = joint.value.sum(axis=1)
    inverse = np.where(density > 0, 1 / np.where(density > 0, density, 1.0), 0.0)
    excess = inverse[:, None] * ALERTED
    negative, positive = joint.value.T
    moved = np.stack([negative, -negative, positive, -positive, *flux.drift.T], axis=1)
    move = np.eye(len(CLASS_OF)) + moved[:, :, None] * excess[:, None, :]
    covariance = move @ joint.covariance @ move.swapaxes(1, 2)
    cells = replace(joint.cells, covariance=covariance[:, :N_CELLS, :N_CELLS])
    return replace(joint, cells=cells, covariance=covariance)


def _second_moments(first: FloatArray, flux: Flux) -> FloatArray:
    second = np.zeros((*first.shape, first.shape[1]))
    for cell in range(N_CELLS):
        second[:, cell, cell] = first[:, cell]
    second[:, N_CELLS:, N_CELLS:] = flux.square
    crossed = flux.cross.reshape(len(first), flux.cross.shape[1], N_CELLS)
    second[:, N_CELLS:, :N_CELLS] = crossed
    second[:, :N_CELLS, N_CELLS:] = crossed.swapaxes(1, 2)
    return second


def _of_rows(theta: FloatArray, first: FloatArray, second: FloatArray, condition_on: ConditionOn | None) -> FloatArray:
    """Centre second moments: ``first`` and ``second`` are sums of w^2 psi_a and of w^2 psi_a psi_b."""
    mean = theta / _class_totals(theta, condition_on)
    squares = _class_totals(first, condition_on)
    outer = mean[:, :, None] * first[:, None, :]
    covariance = (
        second
        - outer
        - outer.swapaxes(1, 2)
        + mean[:, :, None] * mean[:, None, :] * np.sqrt(squares[:, :, None] * squares[:, None, :])
    )
    return np.asarray(covariance * _same_class(theta.shape[1]) if condition_on else covariance)


def _of_blocks(theta: FloatArray, by_block: FloatArray, condition_on: ConditionOn | None) -> FloatArray:
    mean = theta / _class_totals(theta, condition_on)
    weight = np.stack([_class_totals(by_block[..., b], condition_on) for b in range(by_block.shape[-1])], axis=-1)
    used = used_blocks(by_block[:, :N_CELLS])
    residual = by_block - weight * mean[..., None]
    covariance = residual @ residual.swapaxes(1, 2) * (used / max(used - 1, 1))
    return np.asarray(covariance * _same_class(theta.shape[1]) if condition_on else covariance)


def _class_totals(sums: FloatArray, condition_on: ConditionOn | None) -> FloatArray:
    """Return, for each component, the total of the cells that its mean is taken over."""
    classes = sums[:, :N_CELLS].reshape(-1, 2, 2).sum(axis=2)
    if condition_on is None:
        return np.broadcast_to(classes.sum(axis=1, keepdims=True), sums.shape)
    return np.asarray(classes[:, CLASS_OF[: sums.shape[1]]])


def _same_class(size: int) -> FloatArray:
    classes = CLASS_OF[:size]
    return np.asarray(np.equal.outer(classes, classes), dtype=np.float64)
