"""Velocities of the rows of entries that are sums, by their means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from conjac._typing import AnyArray, FloatArray
from conjac.density.near import or_one


@dataclass(frozen=True, eq=False)
class VelocityMoments:
    """Means of velocities over the rows of each entry, by their weights and by their squared weights.

    Attributes
    ----------
    mean, square, moving : array of shape (n_entries, n_parameters)
        By weight: of the velocity, of its square, and the share of rows that move at all.
    mean2, square2 : array of shape (n_entries, n_parameters)
        By squared weight.
    """

    mean: FloatArray
    square: FloatArray
    moving: FloatArray
    mean2: FloatArray
    square2: FloatArray

    @classmethod
    def of_sums(cls, sums: FloatArray, weight: AnyArray, weight2: AnyArray) -> Self:
        """Take the means of sums, array of shape (n_entries, n_parameters, 5), as in `conjac.tally.MOMENTS`."""
        first, second = or_one(weight.astype(float))[:, None], or_one(weight2.astype(float))[:, None]
        wv, wvv, wwv, wwvv, moving = (sums[..., place] for place in range(sums.shape[-1]))
        return cls(wv / first, wvv / first, moving / first, wwv / second, wwvv / second)
