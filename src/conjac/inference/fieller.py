r"""The interval of a ratio of two correlated estimates.

Fieller's set: a rate :math:`\rho` is in it where :math:`a - \rho b` is not told apart from 0,

.. math:: (a - \rho b)^2 \le q^2 (V_a - 2 \rho V_{ab} + \rho^2 V_b),

for estimates a and b with their joint covariance. Where b itself is told apart from 0 that is one interval, which holds
:math:`a / b`; where it is not, no rate is too large to be in the set, and none is told (E. C. Fieller 1954, JRSS B
16:175). It takes a's sign as it comes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import FloatArray
from conjac.inference.intervals import Interval, quantile


@dataclass(frozen=True, eq=False)
class FiellerBand:
    """The pointwise interval of the ratio of two estimates with normal errors, at any level.

    Attributes
    ----------
    above, below : array of shape (...)
        What is divided, and by what.
    covariance : array of shape (..., 2, 2)
        Of the two; nan where one rests on too few rows.
    df : int or None
        Degrees of freedom of a covariance from blocks.
    """

    above: FloatArray
    below: FloatArray
    covariance: FloatArray
    df: int | None

    def __call__(self, level: float) -> Interval:
        """Return the limits, arrays of shape (...); nan where no rate is too large."""
        q2 = quantile(level, self.df) ** 2
        spread, joint, scale = (self.covariance[..., i, j] for i, j in ((0, 0), (0, 1), (1, 1)))
        below = np.where(self.below**2 > q2 * scale, self.below, np.nan)
        rate, share = self.above / below, q2 / below**2
        middle = rate - share * joint
        noise = spread - 2 * rate * joint + rate**2 * scale - share * (spread * scale - joint**2)
        half = np.sqrt(share * np.maximum(noise, 0.0))
        return Interval(*((middle + side * half) / (1 - share * scale) for side in (-1, 1)))
