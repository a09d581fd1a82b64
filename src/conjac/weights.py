"""How much rows count in sums, each by itself or several together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Weights:
    """Weights of rows, or of bundles of rows that a sum does not tell apart.

    Attributes
    ----------
    rows : array of shape (n_samples,) or None
        Rows in each bundle; None of rows.
    weight, weight2 : array of shape (n_samples,) or None
        Weight, and the squared weights of the rows in it; None where each is one row that counts 1.
    """

    rows: IntArray | None = None
    weight: AnyArray | None = None
    weight2: AnyArray | None = None

    @classmethod
    def of(cls, weight: FloatArray | None) -> Self:
        """Return the weights of rows."""
        return cls() if weight is None else cls(None, weight, weight**2)

    def first(self, row: AnyArray | slice, values: FloatArray) -> FloatArray:
        """Return values of some rows, array of shape (n,) or (n, ...), times their weight."""
        return _times(values, self.weight, row)

    def second(self, row: AnyArray | slice, values: FloatArray) -> FloatArray:
        """Return values of some rows times their squared weight."""
        return _times(values, self.weight2, row)

    @property
    def unit(self) -> float:
        """Squared weight to a unit of weight."""
        if self.weight is None or self.weight2 is None:
            return 1.0
        return float(self.weight2.sum() / self.weight.sum())


def _times(values: FloatArray, weight: AnyArray | None, row: AnyArray | slice) -> FloatArray:
    if weight is None:
        return values
    of_row = weight[row]
    return np.asarray(values * of_row.reshape(len(of_row), *(1,) * (values.ndim - 1)))
