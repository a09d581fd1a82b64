"""From rows to their predictions with each column moved up and down: what `RecountedMotion` counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np
from sklearn.utils.parallel import Parallel, delayed

from conjac._typing import AnyArray, BoolArray, ConditionOn, FloatArray, IntArray
from conjac.engines.arrays import count_cells
from conjac.engines.outcomes import Outcomes
from conjac.engines.steps import Predict, Step, choose
from conjac.inference.delta import divide
from conjac.inputs import Inputs
from conjac.motion import Paths, RecountedMotion
from conjac.readonly import locked

MOSTLY = 0.9
"""Share of rows with a value below which the others are left out, since what is missing does not move."""
TOGETHER = 4
"""Columns that share a copy of a block of rows."""


@dataclass(frozen=True)
class Drift:
    """A numeric column that is moved.

    Attributes
    ----------
    place : int
    name : str
    unit : float
        What a unit of the parameter is, in the column's own units.
    lattice : float or None
        Spacing of the column's values, where they lie on a lattice.
    step : float or None
        How far it is moved either way, in the column's own units; None where that is to be chosen.
    """

    place: int
    name: str
    unit: float
    lattice: float | None = None
    step: float | None = None


class Turned(NamedTuple):
    """Rows that are predicted otherwise with a column moved.

    Attributes
    ----------
    rows : array of shape (n_turned,)
    below, above : array of shape (n_turned,)
        Predicted class with less, and with more, of the column.
    """

    rows: IntArray
    below: AnyArray
    above: AnyArray


def recounted(
    predict: Predict,
    inputs: Inputs,
    outcomes: Outcomes,
    drifts: Sequence[Drift],
    moves: BoolArray | None = None,
    condition_on: ConditionOn | None = None,
    progress: Callable[[float], None] | None = None,
) -> RecountedMotion:
    """Predict rows again with each column moved, and count.

    Parameters
    ----------
    predict : callable
        From rows, as the model takes them, to the places of their predicted classes, array of shape (n_rows,).
    inputs : Inputs
    outcomes : Outcomes
        Of the same rows as they stand.
    drifts : sequence of Drift
    moves : array of shape (n_samples,) of bool, optional
        Which rows drift. Default: all.
    condition_on : {"class", None}
    progress : callable, optional
        Is told the share of the work that is done.

    Returns
    -------
    RecountedMotion

    Notes
    -----
    Columns are shared out among threads where joblib's context asks for more than one job
    (``with joblib.parallel_config(n_jobs=2)``); a model that uses all cores by itself needs none.

    Examples
    --------
    A tree that cuts at 0; rows lie evenly, 100 per unit:

    >>> import numpy as np
    >>> X = np.linspace(-1.995, 1.995, 400)[:, None]
    >>> tree = lambda rows: (rows[:, 0] > 0).astype(int)
    >>> outcomes = Outcomes(2, np.zeros(400, int), tree(X), None, None)
    >>> motion = recounted(tree, Inputs.of(X), outcomes, [Drift(0, "x0", unit=1.0)])
    >>> motion.derivative
    array([[[-100.,  100.],
            [   0.,    0.]]])
    """
    rows = np.arange(inputs.n_rows) if moves is None else np.flatnonzero(moves)
    jobs = Parallel(require="sharedmem")
    found = jobs(delayed(_step)(predict, inputs, outcomes, drift, rows) for drift in drifts)
    steps, units = np.array([step.half for step in found]), np.array([drift.unit for drift in drifts])
    moved = [(drift.place, step) for drift, step in zip(drifts, steps.tolist(), strict=True)]
    together = [moved[first : first + TOGETHER] for first in range(0, len(moved), TOGETHER)]
    turned: list[list[Turned]] = []
    for part in inputs.blocks():
        here = rows[slice(*np.searchsorted(rows, (part.start, part.stop)))]
        work = (delayed(_turned)(predict, inputs, outcomes, here, some) for some in together)
        turned.append([*chain.from_iterable(jobs(work))])
        if progress is not None:
            progress(part.stop / inputs.n_rows)
    n, true, one_row = outcomes.n_columns, outcomes.true.astype(np.intp), _one_row(outcomes, rows)
    return RecountedMotion(
        counted=count_cells(true, outcomes.predicted, (n, n), outcomes.weight, outcomes.block, condition_on),
        paths=tuple(_paths(outcomes, parts, one_row, condition_on) for parts in zip(*turned, strict=True)),
        steps=locked(steps),
        units=locked(units),
        bias=locked(np.stack([step.bias for step in found]) * units[:, None, None]),
        bias_stderr=locked(np.stack([step.bias_stderr for step in found]) * units[:, None, None]),
    )


def _step(predict: Predict, inputs: Inputs, outcomes: Outcomes, drift: Drift, rows: IntArray) -> Step:
    if drift.step is not None:
        return Step.given(drift.step, outcomes.n_columns)
    return choose(predict, inputs, outcomes, drift.place, drift.lattice, rows)


def _turned(
    predict: Predict, inputs: Inputs, outcomes: Outcomes, rows: IntArray, moves: Sequence[tuple[int, float]]
) -> list[Turned]:
    """Return the rows that are predicted otherwise, with each of several columns moved in turn."""
    private, at = inputs.take(rows), outcomes.predicted[rows]
    return [_turned_by(predict, private, at, rows, *move) for move in moves]


def _turned_by(predict: Predict, inputs: Inputs, at: AnyArray, rows: IntArray, place: int, step: float) -> Turned:
    known = np.flatnonzero(~np.isnan(inputs.column(place))) if np.isfinite(step) else np.zeros(0, dtype=np.intp)
    if len(known) < MOSTLY * len(rows):
        inputs, at, rows = inputs.take(known), at[known], rows[known]
    if not len(rows):
        return Turned(rows, at, at)
    below, above = (_predicted(predict, inputs, place, by).astype(at.dtype) for by in (-step, step))
    other = np.flatnonzero((below != at) | (above != at))
    return Turned(rows[other], below[other], above[other])


def _predicted(predict: Predict, inputs: Inputs, place: int, by: float) -> AnyArray:
    """Predict rows with a column moved; an array of floating-point numbers is moved in place, and put back."""
    if inputs.is_frame or inputs.native.dtype.kind != "f":
        return predict(inputs.moved(place, by))
    column = inputs.native[:, place]
    kept = column.copy()
    column += by
    try:
        return predict(inputs.native)
    finally:
        column[:] = kept


def _one_row(outcomes: Outcomes, rows: IntArray) -> FloatArray:
    """Return the squared weight of one row of each class among those that move; 0 where there is none."""
    weight = np.ones(len(rows)) if outcomes.weight is None else outcomes.weight[rows]
    first, second = (np.bincount(outcomes.true[rows], weight**power, outcomes.n_columns) for power in (1, 2))
    return divide(second, first, 0.0) ** 2


def _paths(outcomes: Outcomes, parts: Sequence[Turned], one_row: FloatArray, condition_on: ConditionOn | None) -> Paths:
    """Count the rows by (true, as they stand, below, above): those that stay by the cell they are in."""
    n = outcomes.n_columns
    rows, below, above = (np.concatenate(of_blocks) for of_blocks in zip(*parts, strict=True))
    cell = outcomes.true.astype(np.intp) * n + outcomes.predicted
    kinds, kind = np.unique((cell[rows] * n + below) * n + above, return_inverse=True)
    cell[rows] = n**2 + kind
    stay, at = np.arange(n**2), kinds // n**2
    true = at // n * n
    table = outcomes.table(cell, np.concatenate([stay, at]) // n, condition_on)
    held = np.flatnonzero(table.weight)
    ends = [np.concatenate([stay, part])[held] for part in (at, true + kinds // n % n, true + kinds % n)]
    return Paths(table.part(held), ends[0], ends[1], ends[2], one_row)
