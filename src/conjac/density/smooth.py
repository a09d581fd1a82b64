"""The cells smoothed: the integral of the densities, so that an optimum of theirs is a zero of the slope."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicHermiteSpline

from conjac._typing import FloatArray
from conjac.tally import Tally

GRID = 1001


@dataclass(frozen=True, eq=False)
class Smoother:
    """Each class's weight above a cut, by its estimated density.

    Attributes
    ----------
    grid : array of shape (n_grid,)
        Cuts, ascending: as dense as the rows, and over their whole range.
    above : CubicHermiteSpline
        Each class's weight above a cut within the grid.
    """

    grid: FloatArray
    above: CubicHermiteSpline

    @classmethod
    def of(cls, tally: Tally, density_at: Callable[[FloatArray], FloatArray]) -> Smoother:
        """Integrate each class's density, scaled to the class's weight.

        Parameters
        ----------
        tally : Tally
        density_at : callable
            From cuts to each class's density there, array of shape (n_points, n_classes).
        """
        position = tally.atoms().position
        ranks = np.linspace(0, len(position) - 1, min(GRID, len(position))).astype(np.intp)
        grid = np.union1d(position[ranks], np.linspace(position[0], position[-1] + tally.step, GRID))
        density = density_at(grid)
        pieces = (density[1:] + density[:-1]) / 2 * np.diff(grid)[:, None]
        below = np.concatenate([np.zeros((1, density.shape[1])), pieces.cumsum(axis=0)])
        total = tally.totals(density.shape[1])[0]
        scale = np.where(below[-1] > 0, total / np.where(below[-1] > 0, below[-1], 1.0), 0.0)
        return cls(grid, CubicHermiteSpline(grid, total - scale * below, -scale * density))

    def alerts(self, cut: FloatArray) -> FloatArray:
        """Return each class's smoothed weight above each cut, array of shape (n_points, n_classes)."""
        found = self.above(np.clip(cut, self.grid[0], self.grid[-1]))
        return np.asarray(np.clip(found, 0.0, self.above(self.grid[0])))  # no rounding past none and all
