"""What happens as the offset of one class moves and all others are held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from conjac._typing import AnyArray, ConditionOn, FloatArray
from conjac.engines.rising import Rising
from conjac.inference import Cells, Interval, NormalBand, cells_interval, metric_interval
from conjac.metrics import Metric, resolve
from conjac.motion import Exchange, FrontierMotion
from conjac.views.summary.scene.places import offset_steps


@dataclass(frozen=True, eq=False)
class Path:
    """The offset of one class at S values, with the K x K matrix and M metrics at each.

    Attributes
    ----------
    offset : array of shape (S,)
        Ascending; the offsets of the other classes are as the scene's.
    base : int
        The place of the scene's own offset.
    matrix : array of shape (S, K, K)
        Exact; integers without weights.
    lower, upper : array of shape (S, K, K)
        Wilson's interval of each cell.
    slope, slope_lower, slope_upper : array of shape (S, K, K)
        Derivative of each cell by the offset, with its interval; that is nan where too few rows are near.
    value, value_lower, value_upper : array of shape (S, M)
        Each metric with its interval; nan where it is 0/0.
    gain, gain_lower, gain_upper : array of shape (S, M)
        Derivative of each metric by the offset, with its interval.
    exchange, exchange_lower, exchange_upper : array of shape (S,)
        Change of the class's precision for each unit of recall that its offset gains; nan where the slope of the recall
        is not told apart from 0.
    method : array of shape (S,)
        "tangent" or "secant": which estimator gave the slopes.
    """

    offset: FloatArray
    base: int
    matrix: AnyArray
    lower: FloatArray
    upper: FloatArray
    slope: FloatArray
    slope_lower: FloatArray
    slope_upper: FloatArray
    value: FloatArray
    value_lower: FloatArray
    value_upper: FloatArray
    gain: FloatArray
    gain_lower: FloatArray
    gain_upper: FloatArray
    exchange: FloatArray
    exchange_lower: FloatArray
    exchange_upper: FloatArray
    method: AnyArray

    @classmethod
    def of(
        cls,
        rising: Rising,
        metrics: Sequence[Metric],
        n_steps: int,
        also: FloatArray,
        condition_on: ConditionOn | None,
        level: float,
    ) -> Self:
        """Follow one offset.

        Parameters
        ----------
        rising : Rising
            The rows, and the class whose offset moves.
        metrics : sequence of Metric
        n_steps : int
            Values of the offset, at most.
        also : array of shape (n_asked,)
            Values of the offset that are told too.
        condition_on : {"class", None}
        level : float
            Of every interval.
        """
        here = rising.rule.offsets[rising.turning.column]
        values, base = offset_steps(rising.turning, n_steps, also - here)
        motion = rising.motion_at(values, condition_on)
        told = _banded(*_cells(motion, level)) | _banded(*_slopes(motion, level), "slope")
        told |= _stacked([_value(row, motion.counted, level) for row in metrics], "value")
        told |= _stacked([_gain(row, motion, level) for row in metrics], "gain")
        told |= _banded(*_exchange(rising, motion, level), "exchange")
        return cls(offset=here + values, base=base, method=np.array(motion.methods), **told)


Banded = tuple[AnyArray, Interval]


def _banded(value: AnyArray, limits: Interval, name: str = "") -> dict[str, Any]:
    lower, upper = (f"{name}_{side}".lstrip("_") for side in ("lower", "upper"))
    return {name or "matrix": value, lower: limits.lower, upper: limits.upper}


def _stacked(parts: Sequence[Banded], name: str) -> dict[str, Any]:
    value = np.stack([value for value, _ in parts], axis=1)
    return _banded(
        value, Interval(*(np.stack(side, axis=1) for side in zip(*(limits for _, limits in parts), strict=True))), name
    )


def _cells(motion: FrontierMotion, level: float) -> Banded:
    cells, stderr = motion.counted, np.sqrt(motion.joint.cells_variance())
    return cells.weight, cells_interval(cells, stderr, None, level)


def _slopes(motion: FrontierMotion, level: float) -> Banded:
    value, center, stderr, _ = motion.slopes()
    return value, NormalBand(center, stderr, motion.counted.df)(level)


def _value(row: Metric, cells: Cells, level: float) -> Banded:
    known = ~np.isnan(row.gradient(cells.weight)).all(axis=(1, 2))  # the value of 0/0 is a convention
    value, limits = row.value(cells.weight), metric_interval(row, cells, level)
    return np.where(known, value, np.nan), Interval(*(np.where(known, side, np.nan) for side in limits))


def _gain(row: Metric, motion: FrontierMotion, level: float) -> Banded:
    value, center, stderr, _ = motion.metric_slope(row)
    return value, NormalBand(center, stderr, motion.counted.df)(level)


def _exchange(rising: Rising, motion: FrontierMotion, level: float) -> Banded:
    labels = rising.rows.labels
    label = labels[rising.turning.column]
    rows = resolve(f"precision[{label}]", labels), resolve(f"recall[{label}]", labels)
    rate = Exchange.of(rows, motion)
    limits = rate.limits(level)
    known = np.isfinite(limits.lower) & np.isfinite(limits.upper)
    return np.where(known, rate.value, np.nan), Interval(*(np.where(known, side, np.nan) for side in limits))
