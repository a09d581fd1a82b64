"""The cells smoothed by one kernel a class: smooth in the cut, so that an optimum of theirs has a slope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from conjac._typing import FloatArray
from conjac.density.spread import Spread
from conjac.density.tangent import AT_ONCE, CAP, ROUGHNESS, curvature_at, fitted
from conjac.tally import Atoms, Tally

GRID = 512


@dataclass(frozen=True, eq=False)
class Smoother:
    """Each class's weight above a cut, under a Gaussian kernel.

    Attributes
    ----------
    atoms : tuple of Atoms
        Of each class.
    bandwidth : array of shape (2,)
        Of least integrated squared error as a density, with the roughness of its second derivative from the pilot.
    """

    atoms: tuple[Atoms, ...]
    bandwidth: FloatArray

    @classmethod
    def of(cls, tally: Tally, spreads: tuple[Spread, ...]) -> Smoother:
        """Choose both bandwidths."""
        found = []
        for true, spread in enumerate(spreads):
            bandwidth = _integrated_bandwidth(fitted(tally, true, spread.pilot), spread)
            found.append((fitted(tally, true, bandwidth), bandwidth))
        return cls(tuple(atoms for atoms, _ in found), np.array([bandwidth for _, bandwidth in found]))

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


def _integrated_bandwidth(atoms: Atoms, spread: Spread) -> float:
    reach = 3 * spread.pilot
    grid = np.linspace(atoms.position[0] - reach, atoms.position[-1] + reach, GRID)
    roughness = np.trapezoid(curvature_at(atoms, spread, grid)[0] ** 2, grid)
    return float(min((ROUGHNESS * atoms.weight2.sum() / roughness) ** 0.2, CAP * spread.reference))
