"""The cells at one or many decisions, with what their sampling variance needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from conjac._typing import AnyArray, ConditionOn, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Cells:
    """Confusion matrices and the design by which their rows were drawn.

    Attributes
    ----------
    weight : array of shape (n_points, K, K)
        Rows true, columns predicted; exact integers without weights.
    weight2 : array of shape (n_points, K, K)
        Sums of squared weights.
    by_block : array of shape (n_points, K, K, n_blocks) or None
        Weight by block of clusters; None where rows are independent.
    condition_on : {"class", None}
        Whether the class totals are fixed by design.
    covariance : array of shape (n_points, K * K, K * K) or None
        Of the cells, where it is not that of rows or blocks at a fixed threshold.
    """

    weight: AnyArray
    weight2: AnyArray
    by_block: FloatArray | None = None
    condition_on: ConditionOn | None = None
    covariance: FloatArray | None = None

    @classmethod
    def joined(cls, parts: Sequence[Cells]) -> Self:
        """Return the points of several, drawn alike, one after another; of cells at fixed rules."""
        weight, weight2 = (np.concatenate([getattr(part, name) for part in parts]) for name in ("weight", "weight2"))
        blocks = [part.by_block for part in parts if part.by_block is not None]
        return cls(weight, weight2, np.concatenate(blocks) if blocks else None, parts[0].condition_on)

    @property
    def df(self) -> int | None:
        """Degrees of freedom of errors from blocks; None where errors come from rows."""
        return None if self.by_block is None else used_blocks(self.by_block) - 1

    @property
    def variance(self) -> FloatArray:
        """Sampling variance of each cell, array of shape (n_points, K, K): see `conjac.inference.covariance`."""
        if self.covariance is not None:
            return np.diagonal(self.covariance, axis1=1, axis2=2).reshape(self.weight.shape)
        axes = (-1,) if self.condition_on else (-2, -1)
        total = self.weight.sum(axis=axes, keepdims=True)
        share = self.weight / np.where(total == 0, 1, total)
        if self.by_block is None:
            return np.asarray(
                self.weight2 * (1 - 2 * share) + share**2 * self.weight2.sum(axis=axes, keepdims=True), dtype=np.float64
            )
        held = self.by_block.sum(axis=tuple(axis - 1 for axis in axes), keepdims=True)
        used = used_blocks(self.by_block)
        residual = self.by_block - share[..., None] * held
        return np.asarray((residual**2).sum(axis=-1) * used / max(used - 1, 1))

    def at(self, point: int) -> Self:
        """Return one of the points."""
        return self.take(np.array([point]))

    def take(self, points: IntArray) -> Self:
        """Return some of the points, by their places."""
        names = ("weight", "weight2", "by_block", "covariance")
        arrays = {name: getattr(self, name) for name in names}
        return replace(self, **{name: x[points] for name, x in arrays.items() if x is not None})

    def centred(self, values: FloatArray) -> FloatArray:
        """Return a figure of each cell less its mean over the total that the design fixes.

        Parameters
        ----------
        values : array of shape (n_points, K, K)
        """
        axes = (-1,) if self.condition_on else (-2, -1)
        total = self.weight.sum(axis=axes, keepdims=True)
        mean = (values * self.weight).sum(axis=axes, keepdims=True) / np.where(total == 0, 1, total)
        return np.asarray(values - mean)


def used_blocks(by_block: FloatArray) -> int:
    """Return the number of blocks that hold any weight."""
    return int((by_block.reshape(-1, by_block.shape[-1]) > 0).any(axis=0).sum())
