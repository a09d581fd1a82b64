"""The cells smoothed by one kernel a class: smooth in the cut, so that an optimum of theirs has a slope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from conjac._typing import FloatArray
from conjac.density.spread import Spread
from conjac.density.tangent import AT_ONCE, BINS_PER_BANDWIDTH
from conjac.tally import Atoms, Tally


@dataclass(frozen=True, eq=False)
class Smoother:
    """Each class's weight above a cut, under a Gaussian kernel.

    Attributes
    ----------
    atoms : tuple of Atoms
        Of each class.
    bandwidth : array of shape (2,)
        The reference bandwidth of each class's spread.
    """

    atoms: tuple[Atoms, ...]
    bandwidth: FloatArray

    @classmethod
    def of(cls, tally: Tally, spreads: tuple[Spread, ...]) -> Smoother:
        """Take each class at its own bandwidth."""
        bandwidth = np.array([spread.reference for spread in spreads])
        steps = 2.0 ** np.floor(np.log2(bandwidth / BINS_PER_BANDWIDTH))
        return cls(tuple(tally.atoms(true, step=float(step)) for true, step in enumerate(steps)), bandwidth)

    def alerts(self, cut: FloatArray) -> FloatArray:
        """Return each class's smoothed weight above each cut, array of shape (n_points, 2)."""
        return np.stack(
            [self._above(atoms, h, cut) for atoms, h in zip(self.atoms, self.bandwidth, strict=True)], axis=1
        )

    @staticmethod
    def _above(atoms: Atoms, bandwidth: float, cut: FloatArray) -> FloatArray:
        weight = atoms.weight.sum(axis=1)
        chunks = max(1, len(cut) * len(weight) // AT_ONCE)
        return np.concatenate(
            [ndtr((atoms.position - c[:, None]) / bandwidth) @ weight for c in np.array_split(cut, chunks)]
        )
