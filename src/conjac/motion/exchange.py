"""How much of one figure is paid for another as both move: a ratio of two correlated slopes.

Its interval is Fieller's set of the two slopes (`conjac.inference.fieller`). Of two cells the signs are known
beforehand: a rising threshold, or the rising offset of one class, takes rows out of some columns and into another.
Their rate has the delta method's interval on the log scale.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import FloatArray
from conjac.inference import FiellerBand, Interval, LogBand
from conjac.inference.delta import divide
from conjac.metrics import Metric
from conjac.metrics.cells import Cell
from conjac.motion.directed import DirectedMotion
from conjac.motion.frontier import FrontierMotion
from conjac.motion.offsets import OffsetMotion
from conjac.motion.slopes import Slopes
from conjac.motion.threshold import Motion

Moving = Motion | OffsetMotion | DirectedMotion | FrontierMotion
LOG = "delta method on the log scale"
FIELLER = "Fieller's set of the two slopes"


@dataclass(frozen=True, eq=False)
class Pair:
    """The slopes of two figures, with their joint covariance.

    Attributes
    ----------
    slopes : tuple of two Slopes
        Of arrays of shape (n_places,): points, or parameters.
    covariance : array of shape (n_places, 2, 2)
        Of the bias-corrected slopes.
    df : int or None
        Degrees of freedom of errors from blocks.
    """

    slopes: tuple[Slopes, Slopes]
    covariance: FloatArray
    df: int | None

    @classmethod
    def of(cls, rows: tuple[Metric, Metric], motion: Moving) -> Self:
        """Measure two figures as they move."""
        first, second = (motion.metric_slope(row) for row in rows)
        return cls((first, second), motion.slope_covariance(rows), motion.counted.df)

    @classmethod
    def joined(cls, parts: Sequence[Pair]) -> Self:
        """Return the places of several pairs, one after another."""
        first, second = (
            Slopes(*(np.concatenate(figures) for figures in zip(*(part.slopes[i][:3] for part in parts), strict=True)))
            for i in (0, 1)
        )
        return cls((first, second), np.concatenate([part.covariance for part in parts]), parts[0].df)

    def at(self, place: int | slice) -> Self:
        """Return one of the places, with arrays of shape (), or some."""
        first, second = (each.mapped(lambda figure: figure[place]) for each in self.slopes)
        return type(self)((first, second), self.covariance[place], self.df)


@dataclass(frozen=True, eq=False)
class Exchange:
    """What of one figure is paid for a unit of another.

    Attributes
    ----------
    value, center : array of shape (n_places,)
        The ratio of the slopes' estimates, and of the bias-corrected ones on which the interval rests.
    stderr : array of shape (n_places,)
        Of ``center``, by the delta method; nan where a slope rests on too few rows.
    interval : str
        Which interval it is.
    limits : callable
        From a level to the interval.
    """

    value: FloatArray
    center: FloatArray
    stderr: FloatArray
    interval: str
    limits: Callable[[float], Interval]

    @classmethod
    def of(cls, rows: tuple[Metric, Metric], motion: Moving) -> Self:
        """Return the rate as each parameter moves alone, or at each point."""
        return cls.between(rows, Pair.of(rows, motion))

    @classmethod
    def between(cls, rows: tuple[Metric, Metric], pair: Pair) -> Self:
        """Return the rate of two figures, the first of which is paid, as one threshold or offset moves."""
        cells = all(isinstance(row.formula, Cell) for row in rows)
        return cls.of_cells(pair) if cells else cls.of_slopes(pair)

    @classmethod
    def of_slopes(cls, pair: Pair) -> Self:
        """Return the ratio of slopes of either sign."""
        paid, gained = pair.slopes
        value, rate, stderr = _ratio(pair)
        covariance = np.where(np.isnan(stderr)[..., None, None], np.nan, pair.covariance)
        return cls(value, rate, stderr, FIELLER, FiellerBand(paid.center, gained.center, covariance, pair.df))

    @classmethod
    def of_cells(cls, pair: Pair) -> Self:
        """Return the ratio of slopes whose signs are known."""
        value, rate, stderr = _ratio(pair)
        return cls(value, rate, stderr, LOG, LogBand(rate, stderr, pair.df))


def _ratio(pair: Pair) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the ratio of the estimates, that of the bias-corrected ones, and its standard error."""
    paid, gained = pair.slopes
    rate = divide(paid.center, gained.center, np.nan)
    contrast = np.stack([np.ones_like(rate), -rate], axis=-1)
    variance = np.einsum("...i,...ij,...j->...", contrast, pair.covariance, contrast)
    stderr = divide(np.sqrt(np.maximum(variance, 0.0)), np.abs(gained.center), np.nan)
    known = ~(np.isnan(paid.stderr) | np.isnan(gained.stderr))
    return divide(paid.value, gained.value, np.nan), rate, np.where(known, stderr, np.nan)
