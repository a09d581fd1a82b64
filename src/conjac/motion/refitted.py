r"""How the cells move with what a model is trained with: the mean over pairs of refits, with the noise of both.

The estimand is the mean, over the random numbers that training draws, of the population's difference quotient at the
step; training rows are fixed. R pairs of refits meet the same test rows, two crossed samples: with :math:`\bar D` the
mean of the pairs' quotients :math:`D_r`, :math:`V` the variance that rows alone give to one of them, and :math:`s^2`
that of the pairs' quotients around their mean,

.. math:: \mathrm{Var}\,\bar D = V(\bar D)
          + \max\Bigl(0, \frac{s^2}{R} - \frac{\overline{V(D_r)} - V(\bar D)}{R - 1}\Bigr),

since what rows and random numbers do together is in both terms (two ways of clustering: Cameron, Gelbach & Miller 2011,
JBES 29:238). Degrees of freedom are Satterthwaite's (1946, Biometrics Bulletin 2:110): few pairs tell their own noise
badly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from conjac._typing import FloatArray, Normalize
from conjac.inference import Cells
from conjac.inference.delta import divide
from conjac.metrics import Metric
from conjac.motion.recounted import Measured, RecountedMotion
from conjac.motion.slopes import Slopes


@dataclass(frozen=True, eq=False)
class RefitMotion:
    """Cells of a model, and the predictions of others that were fitted on either side of its hyper-parameters.

    Attributes
    ----------
    average : RecountedMotion
        Of the mean pair.
    pairs : tuple of RecountedMotion
        Of each pair, which has its own random numbers; one where training draws none.
    """

    average: RecountedMotion
    pairs: tuple[RecountedMotion, ...]

    @property
    def counted(self) -> Cells:
        """Exact counts at one point, of the model as it stands."""
        return self.average.counted

    @property
    def derivative(self) -> FloatArray:
        """Mean difference quotient of the cells, array of shape (n_parameters, K, K)."""
        return self.average.derivative

    @property
    def method(self) -> str:
        """Rows are counted again."""
        return self.average.method

    def cells_stderr(self, how: Normalize | None) -> FloatArray:
        """Return the standard error of each cell as normalised, array of shape (K, K)."""
        return self.average.cells_stderr(how)

    def arranged(self, values: FloatArray) -> FloatArray:
        """Return figures with the hyper-parameter as their last axis."""
        return self.average.arranged(values)

    def slopes(self, how: Normalize | None) -> Slopes:
        """Return the difference quotient of the matrix as normalised, arrays of shape (n_parameters, K, K)."""
        return self._with_noise(self.average.measured(how), [pair.measured(how) for pair in self.pairs])

    def metric_slope(self, row: Metric) -> Slopes:
        """Return a metric's difference quotient, to first order, arrays of shape (n_parameters,)."""
        return self._with_noise(self.average.metric_measured(row), [pair.metric_measured(row) for pair in self.pairs])

    def _with_noise(self, mean: Measured, each: Sequence[Measured]) -> Slopes:
        """Return the mean with the noise of rows and of pairs, arrays of shape (n_parameters, ...)."""
        n = len(each)
        df_of_rows = np.inf if self.counted.df is None else self.counted.df
        variance, squared = mean.variance, mean.variance**2 / df_of_rows
        if n > 1:
            of_pairs = np.var([pair.value for pair in each], axis=0, ddof=1) / n
            shared = (np.mean([pair.variance for pair in each], axis=0) - mean.variance) / (n - 1)
            beyond = np.maximum(of_pairs - shared, 0)
            variance, squared = variance + beyond, squared + np.where(beyond > 0, of_pairs**2 / (n - 1), 0)
        stderr = np.where(mean.known, np.sqrt(variance), np.nan)
        return Slopes(mean.value, mean.value, stderr, divide(variance**2, squared, np.inf))
