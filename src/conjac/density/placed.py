"""One class's rows at their z, in bins as wide as a kernel allows; what lies on either side of a cut stays exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import FloatArray, IntArray
from conjac.density.local import REACH, gauss, kernel_moments
from conjac.tally import Atoms, just_below


@dataclass(frozen=True, eq=False)
class Placed:
    """Rows in bins of z.

    Attributes
    ----------
    atoms : Atoms
        At the weighted mean z of each bin.
    within : array of shape (n_atoms,)
        Variance of z in each bin.
    begins : array of shape (n_atoms,)
        Where each bin begins.
    z, above2 : arrays of shape (n_fine,) and (n_fine + 1,)
        The rows as they were, and the squared weight from each of them on.
    """

    atoms: Atoms
    within: FloatArray
    begins: FloatArray
    z: FloatArray
    above2: FloatArray

    @classmethod
    def of(cls, atoms: Atoms, z: FloatArray, step: float) -> Self:
        """Bin rows at least this wide; those without weight, or at no finite z, are left out."""
        total = atoms.weight.sum(axis=1)
        inside = np.isfinite(z) & (total > 0)
        if not inside.any():
            nobody = Atoms(np.zeros(1), np.zeros(1, dtype=np.intp), np.zeros((1, atoms.weight.shape[1])), np.zeros(1))
            return cls(nobody, np.zeros(1), np.zeros(1), np.zeros(0), np.zeros(1))
        z, total, atoms = z[inside], total[inside], atoms.where(inside)
        bins = np.floor(z / step)
        offset = z - bins * step
        first = np.flatnonzero(np.concatenate([[True], bins[1:] > bins[:-1]]))
        rows, weight, weight2, sums, once, twice = (
            np.add.reduceat(values, first)
            for values in (atoms.rows, atoms.weight, atoms.weight2, total, total * offset, total * offset**2)
        )
        mean = once / sums
        begins = bins[first] * step
        grouped = Atoms(begins + mean, rows, weight, weight2)
        return cls(grouped, np.maximum(twice / sums - mean**2, 0.0), begins, z, _from_here_on(atoms.weight2))

    def window(self, z: FloatArray, bandwidth: FloatArray) -> tuple[IntArray, IntArray]:
        """Return where the atoms under kernels begin and end, arrays of shape (n_points,)."""
        first, last = (np.searchsorted(self.atoms.position, z + side * REACH * bandwidth) for side in (-1, 1))
        return first, last

    def above(self, cut: FloatArray, near: IntArray) -> FloatArray:
        """Return the share of each atom's squared weight that lies at or above a cut.

        Parameters
        ----------
        cut : array of shape (n_points,)
        near : array of shape (n_points, n_near)
            Places of atoms.
        """
        low = just_below(cut)
        split = np.searchsorted(self.begins, low, side="right") - 1
        past = _from_here_on(self.atoms.weight2)[split + 1]
        here = self.above2[np.searchsorted(self.z, low)] - past
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.clip(np.nan_to_num(here / self.atoms.weight2[split]), 0.0, 1.0)
        return np.where(near == split[:, None], share[:, None], near > split[:, None])


@dataclass(frozen=True, eq=False)
class Window:
    """Rows under a kernel at each of some points.

    Attributes
    ----------
    placed : Placed
    near : array of shape (n_points, n_near)
        Places of the atoms under the kernel; past the last of them, kernels are 0.
    parts : array of shape (3, n_points, n_near)
        What a unit of weight adds to the kernel's mass and to its first and second moments.
    moments : array of shape (3, n_points)
    squares : array of shape (n_points,)
        Sums of squared weight times kernel.
    """

    placed: Placed
    near: IntArray
    parts: FloatArray
    moments: FloatArray
    squares: FloatArray

    @classmethod
    def of(cls, placed: Placed, z: FloatArray, bandwidth: FloatArray) -> Self:
        """Look at points under kernels of these bandwidths."""
        atoms = placed.atoms
        first, last = placed.window(z, bandwidth)
        place = first[:, None] + np.arange(max(1, int((last - first).max(initial=0))))
        near = np.minimum(place, len(atoms.position) - 1)
        distance = (atoms.position[near] - z[:, None]) / bandwidth[:, None]
        kernel = np.where(place < last[:, None], gauss(distance), 0.0) / bandwidth[:, None]
        parts = kernel_moments(kernel, distance, placed.within[near] / bandwidth[:, None] ** 2)
        moments = np.einsum("kij,ij->ki", parts, atoms.weight.sum(axis=1)[near])
        return cls(placed, near, parts, moments, np.einsum("ij,ij,ij->i", kernel, kernel, atoms.weight2[near]))

    def second_moments(self, z: FloatArray, adds: FloatArray) -> dict[str, FloatArray]:
        """Return the value by block and the second moments, as in `Flux`, of a functional linear in the moments.

        Parameters
        ----------
        z : array of shape (n_points,)
        adds : array of shape (3, n_points)
            What a unit of each moment adds to it.
        """
        contribution = np.einsum("kij,ki->ij", self.parts, adds)
        atoms = self.placed.atoms
        weighted = contribution * atoms.weight2[self.near]
        over = np.einsum("ij,ij->i", weighted, self.placed.above(z, self.near))
        blocks = [np.einsum("ij,ij->i", contribution, block[self.near]) for block in atoms.weight.T]
        return {
            "by_block": np.stack(blocks, axis=1),
            "square": np.einsum("ij,ij->i", weighted, contribution),
            "cross": np.stack([weighted.sum(axis=1) - over, over], axis=1),
        }


def _from_here_on(values: FloatArray) -> FloatArray:
    return np.concatenate([values[::-1].cumsum()[::-1], [0.0]])
