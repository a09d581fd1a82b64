r"""How much of one metric is paid for another along the threshold: a ratio of two correlated slopes.

The interval is Fieller's set: a rate :math:`\rho` is in it where :math:`a - \rho b` is not told apart from 0,

.. math:: (a - \rho b)^2 \le q^2 (V_a - 2 \rho V_{ab} + \rho^2 V_b),

for the bias-corrected slopes a and b with their joint covariance. Where b itself is told apart from 0 that is one
interval, which holds :math:`a / b`; where it is not, no rate is too large to be in the set, and none is told (E. C.
Fieller 1954, JRSS B 16:175). It takes a's sign as it comes.

Of two cells the signs are known beforehand: a rising threshold takes rows out of one column and into the other. Their
rate has the delta method's interval on the log scale, which is that of `conjac.sensitivity.exchange_rate`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.calculus.analytic import complex_step
from conjac.decisions.charted import estimate
from conjac.decisions.formulas import Cell
from conjac.inference import Estimate, Interval, LogBand, quantile
from conjac.inference.delta import divide
from conjac.metrics import Metric
from conjac.motion import Motion


@dataclass(frozen=True, eq=False)
class FiellerBand:
    """The pointwise interval of the ratio of two estimates with normal errors, at any level.

    Attributes
    ----------
    above, below : array of shape (n_points,)
        What is divided, and by what.
    covariance : array of shape (n_points, 2, 2)
        Of the two; nan where one rests on too few rows.
    df : int or None
        Degrees of freedom of a covariance from blocks.
    """

    above: FloatArray
    below: FloatArray
    covariance: FloatArray
    df: int | None

    def __call__(self, level: float) -> Interval:
        """Return the limits, arrays of shape (n_points,); nan where no rate is too large."""
        q2 = quantile(level, self.df) ** 2
        spread, joint, scale = self.covariance[:, 0, 0], self.covariance[:, 0, 1], self.covariance[:, 1, 1]
        below = np.where(self.below**2 > q2 * scale, self.below, np.nan)
        rate, share = self.above / below, q2 / below**2
        middle = rate - share * joint
        noise = spread - 2 * rate * joint + rate**2 * scale - share * (spread * scale - joint**2)
        half = np.sqrt(share * np.maximum(noise, 0.0))
        return Interval(*((middle + side * half) / (1 - share * scale) for side in (-1, 1)))


def exchange(paid: Metric, gained: Metric, motion: Motion) -> tuple[Estimate, str]:
    """Return the ratio of one metric's slope to another's.

    Returns
    -------
    rate : Estimate
        Arrays of shape (n_points,); its standard error is that of the delta method, its interval as said above.
    interval : str
        Which interval it is.
    """

    def slopes(point: AnyArray) -> AnyArray:
        return np.stack([row.slope(motion.cells(point), motion.slope(point)) for row in (paid, gained)], axis=-1)

    (value, above, error), (value_below, below, error_below) = (motion.metric_slope(row) for row in (paid, gained))
    with np.errstate(invalid="ignore"):
        gradient = complex_step(slopes, motion.center)
        covariance = gradient @ motion.joint.covariance @ gradient.swapaxes(1, 2)
    known = ~(np.isnan(error) | np.isnan(error_below))
    covariance = np.where(known[:, None, None], covariance, np.nan)
    rate = divide(above, below, np.nan)
    contrast = np.stack([np.ones_like(rate), -rate], axis=1)
    variance = np.einsum("ni,nij,nj->n", contrast, covariance, contrast)
    stderr = divide(np.sqrt(np.maximum(variance, 0.0)), np.abs(below), np.nan)
    df = motion.counted.df
    cells = isinstance(paid.formula, Cell) and isinstance(gained.formula, Cell)
    limits = LogBand(rate, stderr, df) if cells else FiellerBand(above, below, covariance, df)
    interval = "delta method on the log scale" if cells else "Fieller's set of the two slopes"
    return estimate(divide(value, value_below, np.nan), stderr, limits), interval
