"""Agreement beyond chance, for any number of classes: Matthews' coefficient and Cohen's kappa."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

import numpy as np

from conjac._typing import AnyArray
from conjac.metrics.domain import SIGNED
from conjac.metrics.formulas import blank
from conjac.metrics.rows import Metric


def _margins(cells: AnyArray) -> tuple[AnyArray, AnyArray, AnyArray, AnyArray]:
    """Return true totals t and predicted totals p (..., K), and for each class the total of the others."""
    t, p = cells.sum(axis=-1), cells.sum(axis=-2)
    others = 1 - np.eye(cells.shape[-1])
    # Summed, not n - t: no cancellation, and exactly 0 where there is one class only.
    return t, p, t @ others, p @ others


@final
@dataclass(frozen=True)
class MatthewsCorrelation:
    """``(n * trace(C) - t.p) / sqrt((n^2 - p.p) (n^2 - t.t))``.

    Gorodkin, J., "Comparing two K-category assignments by a K-category correlation coefficient",
    *Computational Biology and Chemistry* 28 (2004). 0/0 where all rows, true or predicted, are of one
    class.
    """

    @property
    def n_classes(self) -> int | None:
        """Any number."""
        return None

    def _parts(self, cells: AnyArray) -> tuple[AnyArray, AnyArray, AnyArray, AnyArray]:
        t, p, other_t, other_p = _margins(cells)
        right = np.trace(cells, axis1=-2, axis2=-1)
        covariance = right * t.sum(axis=-1) - (t * p).sum(axis=-1)
        spread_t, spread_p = (t * other_t).sum(axis=-1), (p * other_p).sum(axis=-1)
        lost = (spread_t.real == 0) | (spread_p.real == 0)
        return covariance, np.where(lost, 1.0, spread_t), np.where(lost, 1.0, spread_p), lost

    def value(self, cells: AnyArray, undefined: float, /) -> AnyArray:
        """See `Formula`."""
        covariance, spread_t, spread_p, lost = self._parts(cells)
        return np.where(lost, undefined, covariance / (np.sqrt(spread_t) * np.sqrt(spread_p)))

    def gradient(self, cells: AnyArray, _undefined: float, /) -> AnyArray:
        """See `Formula`."""
        t, p, other_t, other_p = _margins(cells)
        covariance, spread_t, spread_p, lost = (part[..., None, None] for part in self._parts(cells))
        root = np.sqrt(spread_t) * np.sqrt(spread_p)
        right, n = (np.asarray(x)[..., None, None] for x in (np.trace(cells, axis1=-2, axis2=-1), t.sum(axis=-1)))
        d_covariance = n * np.eye(cells.shape[-1]) + right - p[..., :, None] - t[..., None, :]
        # d spread_t / dC[i, j] = 2 (n - t_i), and of spread_p 2 (n - p_j): half their logarithmic
        # derivatives here.
        d_spreads = other_t[..., :, None] / spread_t + other_p[..., None, :] / spread_p
        return blank((d_covariance - covariance * d_spreads) / root, lost)


@final
@dataclass(frozen=True)
class CohenKappa:
    """``1 - observed / expected`` disagreement, without weights: ``1 - n * errors / sum_(i != j) t_i p_j``.

    Cohen, J., "A coefficient of agreement for nominal scales", *Educational and Psychological Measurement*
    20 (1960). 0/0 where all rows are of one and the same class, true and predicted.
    """

    @property
    def n_classes(self) -> int | None:
        """Any number."""
        return None

    def _parts(self, cells: AnyArray) -> tuple[AnyArray, AnyArray, AnyArray, AnyArray]:
        t, _, _, other_p = _margins(cells)
        errors = (cells * (1 - np.eye(cells.shape[-1]))).sum(axis=(-2, -1))
        expected = (t * other_p).sum(axis=-1)
        lost = expected.real == 0
        return t.sum(axis=-1), errors, np.where(lost, 1.0, expected), lost

    def value(self, cells: AnyArray, undefined: float, /) -> AnyArray:
        """See `Formula`."""
        n, errors, expected, lost = self._parts(cells)
        return np.where(lost, undefined, 1 - n * errors / expected)

    def gradient(self, cells: AnyArray, _undefined: float, /) -> AnyArray:
        """See `Formula`."""
        _, _, other_t, other_p = _margins(cells)
        n, errors, expected, lost = (part[..., None, None] for part in self._parts(cells))
        d_product = errors + n * (1 - np.eye(cells.shape[-1]))
        d_expected = other_p[..., :, None] + other_t[..., None, :]
        return blank((n * errors / expected * d_expected - d_product) / expected, lost)


# 0/0 as scikit-learn 1.9 has it: 0.0 for the one, nan for the other.
MATTHEWS: Final = Metric("matthews_corrcoef", MatthewsCorrelation(), SIGNED, undefined=0.0)
KAPPA: Final = Metric("cohen_kappa", CohenKappa(), SIGNED)
