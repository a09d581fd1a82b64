"""How a Jacobian's slopes are shared out among the rows that were evaluated."""

from __future__ import annotations

from typing import Any

import numpy as np

from conjac._typing import FloatArray, Normalize, Scale
from conjac.calculus.analytic import complex_step
from conjac.contributions.entries import entries_of, refuse
from conjac.contributions.nearest import Nearest
from conjac.contributions.result import RowContributions, place_of
from conjac.coordinates import COORDINATES
from conjac.engines.outcomes import Outcomes, rows_of
from conjac.errors import InvalidInputError
from conjac.inference.delta import normalized
from conjac.metrics import Metric
from conjac.metrics.cells import Cell, figure
from conjac.motion import CellMotion, OffsetMotion, cut_of
from conjac.readonly import ReadOnly, locked
from conjac.rules import ThresholdRule, outcomes_of

HOW = {
    "tangent": "influences on the bias-corrected slope, of rows in bins: they sum to it but for the width of the bins",
    "secant": "weight over the step, of the rows that flip: they sum to the slope exactly",
    "undefined": "no slope is defined here",
}
MARGIN = {
    True: {"logit": "log-odds from the threshold", "score": "score from the threshold"},
    False: {"logit": "differences of log-probabilities, offsets added", "score": "differences of scores"},
}
"""What margins are told in, under a threshold and else."""


class Attributed:
    """What rows add to the slopes of a Jacobian."""

    def contributions(self: Any, metric: str | Metric = "fn", parameter: str | None = None) -> RowContributions:
        """Return what each row adds to the slope of a cell or a metric, and which rows flip next.

        Parameters
        ----------
        metric : str or Metric
            A cell as normalised, such as "fn" of two classes or "cell[cat, dog]" of any; a name such as "recall"; or
            an object of `conjac.metrics`.
        parameter : str, optional
            One of ``parameters``; may be left out where there is one.

        Returns
        -------
        RowContributions
            A figure for each row, per unit of the parameter.

        Raises
        ------
        NotSupportedError
            Something moves that has no rows of its own to tell: a mix, training rows, refits; calibrated scores; the
            result was saved, and its model not; or it was made from a frame or a tally.
        InvalidInputError
            No such parameter, or none is named among several; scores that were changed since.
        UnknownMetricError
            Neither a metric nor a cell.
        """
        motion: CellMotion = self._motion
        rows = rows_of(self._outcomes, "contributions")
        refuse(motion)
        place = place_of(self.parameters, parameter)
        outcomes = outcomes_of(self.labels, rows.n_columns)
        row = figure(metric, outcomes, len(self.labels))
        scale, cut = _scale_and_cut(rows, self.coordinate)
        nearest = Nearest.of(rows, scale, cut, place if isinstance(motion, OffsetMotion) else None)
        entries = entries_of(motion, rows, nearest, scale, cut, place)
        value, slope, gradient = _stands(row, motion, self.normalize)
        slope, adds = slope[place], entries.summed(gradient, rows.true)
        if not np.isfinite(slope):
            adds = np.full_like(adds, np.nan)
        return RowContributions(
            metric=row.name,
            parameter=self.parameters[place],
            unit=self.units[place],
            value=value,
            slope=float(slope),
            contribution=locked(adds),
            margin=locked(nearest.signed(rows.predicted)),
            outcomes=tuple(outcomes),
            codes=locked(np.stack([rows.true, rows.predicted, nearest.other])),
            diagnostics=ReadOnly(
                {
                    "method": self.method,
                    "contributions": HOW[self.method],
                    "sum": float(adds.sum()),
                    "rows_that_add": int(np.count_nonzero(np.nan_to_num(adds))),
                    "margin": MARGIN[isinstance(rows.rule, ThresholdRule)][scale],
                }
            ),
            _ahead=(locked(entries.rising), locked(entries.falling)),
            _matters=locked(gradient[rows.true, nearest.other] != gradient[rows.true, rows.predicted]),
        )

    def fastest(self: Any, metric: str | Metric) -> str:
        """Return which parameter moves a cell or a metric the fastest, by a unit of its own.

        Parameters
        ----------
        metric : str or Metric
            As for `contributions`.

        Returns
        -------
        str
            One of ``parameters``.

        Raises
        ------
        UnknownMetricError
            Neither a metric nor a cell.
        """
        motion: CellMotion = self._motion
        row = figure(metric, outcomes_of(self.labels, motion.counted.weight.shape[-1]), len(self.labels))
        _, slope, _ = _stands(row, motion, self.normalize)
        return str(self.parameters[int(np.argmax(np.abs(np.nan_to_num(slope))))])


def _scale_and_cut(rows: Outcomes, coordinate: str) -> tuple[Scale, float]:
    """Return what margins are made of, and where a threshold cuts them; nan where classes are compared.

    Raises
    ------
    InvalidInputError
        Scores that are not those that were counted.
    """
    rule, score = rows.rule, rows.score
    assert rule is not None
    assert score is not None
    if (rule.predict(score) != rows.predicted).any():
        raise InvalidInputError("contributions: the array of scores was changed since they were counted; count again")
    if not isinstance(rule, ThresholdRule):
        return rule.scale, np.nan
    unit = COORDINATES[coordinate]
    return unit.scale, float(cut_of(np.array([rule.threshold]), unit)[0])


def _stands(row: Metric, motion: CellMotion, how: Normalize | None) -> tuple[float, FloatArray, FloatArray]:
    """Return a figure's value, its slopes (n_parameters,) and its gradient in the cells; of a cell, as normalised."""
    cells = motion.counted.weight[0].astype(np.float64)
    cell = row.formula
    if not isinstance(cell, Cell):
        center = motion.arranged(motion.metric_slope(row).center)
        return float(row.value(cells)), np.ravel(center), np.asarray(row.gradient(cells))

    def share(flat: FloatArray) -> FloatArray:
        return np.asarray(cell.value(normalized(flat.reshape(cells.shape), how), np.nan))[None]

    center = motion.arranged(motion.slopes(how).center)[cell.true, cell.predicted]
    gradient = complex_step(share, cells.ravel()).reshape(cells.shape)
    return float(share(cells.ravel())[0]), np.ravel(center), gradient
