r"""The cells softened, so that a metric of them has a gradient in all offsets at once.

A row's share of column k is :math:`p_k = e^{(u_k + b_k) / h} / \sum_l e^{(u_l + b_l) / h}`; as h shrinks the shares
become the predictions, and :math:`\partial p_k / \partial b_l = p_k (1[k = l] - p_l) / h` turns the metric's gradient
by cells into its gradient by offsets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from conjac._typing import FloatArray
from conjac.decisions.offsets.sample import Sample, swept

WIDTHS = (1.0, 0.3, 0.1)
"""Softness h of the cells, one after another, in the unit of the offsets."""


@dataclass(frozen=True, eq=False)
class SoftCells:
    """Softened cells at some offsets, with their pull-back.

    Attributes
    ----------
    sample : Sample
    share : array of shape (n_columns, n_samples)
    width : float
        h, in the unit of the offsets.
    """

    sample: Sample
    share: FloatArray
    width: float

    @classmethod
    def at(cls, sample: Sample, offsets: FloatArray, width: float) -> SoftCells:
        """Soften the cells at offsets."""
        return cls(sample, softmax((sample.compared + offsets[:, None]) / width, axis=0), width)

    @property
    def cells(self) -> FloatArray:
        """Array of shape (n_columns, n_columns)."""
        n = self.sample.n_columns
        columns = [np.bincount(self.sample.true, self._weighted(share), n) for share in self.share]
        return swept(np.stack(columns, axis=1))

    def pull(self, gradient: FloatArray) -> FloatArray:
        """Return the derivative by each offset of a figure whose gradient by the cells is given."""
        worth = gradient.T[:, self.sample.true]
        mean = (self.share * worth).sum(axis=0)
        pulled = [self._weighted(p * (w - mean)).sum() for p, w in zip(self.share, worth, strict=True)]
        return np.array(pulled) / self.width

    def _weighted(self, values: FloatArray) -> FloatArray:
        return values if self.sample.weight is None else values * self.sample.weight
