"""From the predictions of pairs of refits to what `RefitMotion` counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

from conjac._typing import AnyArray, ConditionOn, FloatArray
from conjac.engines.outcomes import Outcomes
from conjac.engines.refits.pairs import Pairs
from conjac.inference import Cells
from conjac.motion import Paths, RecountedMotion, RefitMotion
from conjac.readonly import locked


def motion_of(pairs: Sequence[Pairs], outcomes: Outcomes, cells: Cells) -> RefitMotion:
    """Count the rows of each pair, and of the mean one.

    Parameters
    ----------
    pairs : sequence of Pairs
        Of each hyper-parameter, of as many seeds.
    outcomes : Outcomes
        Of the model as it stands.
    cells : Cells
        The same, counted.
    """
    one_row = outcomes.one_row(np.arange(len(outcomes.true)))
    n_seeds, how = len(pairs[0].below), cells.condition_on
    same: dict[str, Any] = {
        "steps": locked(np.array([pair.step.half for pair in pairs])),
        "units": locked(np.ones(len(pairs))),
        "bias": locked(np.stack([pair.step.bias for pair in pairs])),
        "bias_stderr": locked(np.stack([pair.step.bias_stderr for pair in pairs])),
    }

    def of_seeds(some: slice) -> RecountedMotion:
        paths = (mean_paths(outcomes, pair.below[some], pair.above[some], one_row, how) for pair in pairs)
        return RecountedMotion(cells, tuple(paths), **same)

    mean = of_seeds(slice(n_seeds))
    return RefitMotion(mean, tuple(of_seeds(slice(seed, seed + 1)) for seed in range(n_seeds)))


def mean_paths(
    outcomes: Outcomes, below: AnyArray, above: AnyArray, one_row: FloatArray, condition_on: ConditionOn | None
) -> Paths:
    """Count rows by (true, as they stand, what they add to each column in the mean pair).

    Parameters
    ----------
    below, above : array of shape (n_pairs, n_rows)
        Predicted classes.
    """
    n, turned = outcomes.n_columns, np.flatnonzero((below != above).any(axis=0))
    cell = outcomes.true.astype(np.intp) * n + outcomes.predicted
    net = np.zeros((len(turned), n), dtype=np.intp)
    for side, sign in ((above, 1), (below, -1)):
        for predicted in side[:, turned]:
            net[np.arange(len(turned)), predicted] += sign
    kinds, place = np.unique(np.column_stack([cell[turned], net]), axis=0, return_inverse=True)
    cell[turned] = n * n + place.ravel()
    at = np.concatenate([np.arange(n * n), kinds[:, 0]])
    table = outcomes.table(cell, at // n, condition_on)
    net = np.concatenate([np.zeros((n * n, n), dtype=np.intp), kinds[:, 1:]])
    held = np.flatnonzero(table.weight)
    which, column = np.nonzero(net[held])
    into = at[held][which] // n * n + column
    flow = sparse.csr_array((net[held][which, column] / len(below), (into, which)), shape=(n * n, len(held)))
    return Paths(table.part(held), at[held], flow, one_row)
