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
from conjac.inference import Table
from conjac.inputs import Inputs
from conjac.motion import Again, Paths, RecountedMotion, Turned, flow_between
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


class Counted(NamedTuple):
    """Rows of a block by what becomes of them: codes of (true, as they stand, below, above), and their weights."""

    kinds: IntArray
    table: Table


def recounted(
    predict: Predict,
    inputs: Inputs,
    outcomes: Outcomes,
    drifts: Sequence[Drift],
    moves: BoolArray | None = None,
    condition_on: ConditionOn | None = None,
    progress: Callable[[float], None] | None = None,
    shape: tuple[int, ...] = (-1,),
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
    shape : tuple of int
        Of the drifts, as `RecountedMotion.shape`.

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
    counts: list[list[Counted]] = []
    for part in inputs.blocks():
        here = rows[slice(*np.searchsorted(rows, (part.start, part.stop)))]
        work = (delayed(_turned)(predict, inputs, outcomes, here, some) for some in together)
        of_block = outcomes.part(part)
        turned = chain.from_iterable(jobs(work))
        counts.append([_counted(of_block, part.start, one, condition_on) for one in turned])
        if progress is not None:
            progress(part.stop / inputs.n_rows)
    n, true, one_row = outcomes.n_columns, outcomes.true.astype(np.intp), outcomes.one_row(rows)
    return RecountedMotion(
        counted=count_cells(true, outcomes.predicted, (n, n), outcomes.weight, outcomes.block, condition_on),
        paths=tuple(_paths(n, parts, one_row, condition_on) for parts in zip(*counts, strict=True)),
        steps=locked(steps),
        units=locked(units),
        bias=locked(np.stack([step.bias for step in found]) * units[:, None, None]),
        bias_stderr=locked(np.stack([step.bias_stderr for step in found]) * units[:, None, None]),
        turned=Again(lambda place: _turned_again(predict, inputs, outcomes, rows, moved[place])),
        shape=shape,
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


def _turned_again(
    predict: Predict, inputs: Inputs, outcomes: Outcomes, rows: IntArray, move: tuple[int, float]
) -> Turned:
    """Return all rows that are predicted otherwise with one column moved."""
    found = []
    for part in inputs.blocks():
        here = rows[slice(*np.searchsorted(rows, (part.start, part.stop)))]
        found += _turned(predict, inputs, outcomes, here, [move])
    return Turned(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


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
    column = inputs.native[inputs.at(place)]
    kept = column.copy()
    column += by
    try:
        return predict(inputs.native)
    finally:
        column[:] = kept


def _counted(outcomes: Outcomes, start: int, turned: Turned, condition_on: ConditionOn | None) -> Counted:
    """Count a block's rows by (true, as they stand, below, above); most stay where they are.

    Parameters
    ----------
    outcomes : Outcomes
        Of the block.
    start : int
        The block's first row.
    turned : Turned
    condition_on : {"class", None}
    """
    n = outcomes.n_columns
    cell = outcomes.true.astype(np.intp) * n + outcomes.predicted
    code = (cell * n + outcomes.predicted) * n + outcomes.predicted
    rows = turned.rows - start
    code[rows] = (cell[rows] * n + turned.below) * n + turned.above
    seen = np.bincount(code, minlength=n**4) > 0
    kinds = np.flatnonzero(seen)
    return Counted(kinds, outcomes.table((np.cumsum(seen) - 1)[code], kinds // n**3, condition_on))


def _paths(n: int, parts: Sequence[Counted], one_row: FloatArray, condition_on: ConditionOn | None) -> Paths:
    """Add up what was counted in blocks of rows."""
    kinds, place = np.unique(np.concatenate([part.kinds for part in parts]), return_inverse=True)
    stratum = kinds // n**3 if condition_on else np.zeros_like(kinds)
    table = Table.added([part.table for part in parts], place, stratum)
    held = np.flatnonzero(table.weight)
    at, true = kinds[held] // n**2, kinds[held] // n**3 * n
    flow = flow_between(true + kinds[held] // n % n, true + kinds[held] % n, n**2)
    return Paths(table.part(held), at, flow, one_row)
