"""What happens as the offset of one class moves and all others are held: its `Track`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from conjac._typing import ConditionOn, FloatArray
from conjac.engines.rising import Rising
from conjac.inference import cells_interval
from conjac.metrics import Metric, resolve
from conjac.motion import Exchange, FrontierMotion
from conjac.views.summary.heatmap import OFFSET_STEP
from conjac.views.summary.measure import clean
from conjac.views.summary.scene.places import offset_steps
from conjac.views.summary.scene.track import Figure, Track


def track_of(
    rising: Rising,
    metrics: Sequence[Metric],
    n_steps: int,
    also: FloatArray,
    condition_on: ConditionOn | None,
    level: float,
) -> Track:
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

    Returns
    -------
    Track
        ``exchange`` is the change of the class's precision for each unit of recall that its offset gains; nan where the
        slope of the recall is not told apart from 0.
    """
    column = rising.turning.column
    here = rising.rule.offsets[column]
    values, base = offset_steps(rising.turning, n_steps, also - here)
    motion = rising.motion_at(values, condition_on)
    return Track(
        name=f"offset[{clean(rising.rows.labels[column])}]",
        coordinate=rising.rule.scale,
        unit="1 of offset",
        size=OFFSET_STEP,
        at=here + values,
        base=base,
        matrix=_cells(motion, level),
        slope=Figure.of_slopes(motion.slopes(), motion.counted.df, level),
        metric=Figure.side_by_side([Figure.of_metric(row, motion.counted, level) for row in metrics]),
        gain=Figure.side_by_side(
            [Figure.of_slopes(motion.metric_slope(row), motion.counted.df, level) for row in metrics]
        ),
        exchange=Figure.side_by_side([_exchange(rising, motion, level)]),
    )


def _cells(motion: FrontierMotion, level: float) -> Figure:
    cells, stderr = motion.counted, np.sqrt(motion.joint.cells_variance())
    return Figure(cells.weight, *cells_interval(cells, stderr, None, level))


def _exchange(rising: Rising, motion: FrontierMotion, level: float) -> Figure:
    labels = rising.rows.labels
    label = labels[rising.turning.column]
    rows = resolve(f"precision[{label}]", labels), resolve(f"recall[{label}]", labels)
    rate = Exchange.of(rows, motion)
    limits = rate.limits(level)
    known = np.where(np.isfinite(limits.lower) & np.isfinite(limits.upper), 1.0, np.nan)
    return Figure(rate.value * known, *(side * known for side in limits))
