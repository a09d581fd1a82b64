"""The search for a Pareto front over all offsets: one metric is made best while the other is held to a bound.

The bounds go from the second metric's value where the first is best up to its own best, and back: each search starts
from the offsets of the bound before, so that the front is followed as a curve; of both ways what is better is kept
(Y. Y. Haimes, L. S. Lasdon, D. A. Wismer 1971, IEEE Transactions on Systems, Man, and Cybernetics 1:296).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from conjac._typing import FloatArray
from conjac.decisions.along import undefined
from conjac.decisions.constraints import Constraint
from conjac.decisions.front import undominated
from conjac.decisions.offsets.front import OffsetFront
from conjac.decisions.offsets.objective import Objective
from conjac.decisions.offsets.problem import Problem
from conjac.decisions.offsets.search import Search
from conjac.metrics import Metric
from conjac.readonly import ReadOnly, locked
from conjac.rules import outcomes_of

N_POINTS = 21
"""Bounds of the second metric at which the first is made best."""
ROUNDING = 1e-12
"""Of a bound that another search has met to the last row."""


@dataclass(eq=False)
class Searches:
    """Searches of one sample for one metric after another.

    Attributes
    ----------
    problem : Problem
    scans : int
        How many scans they took.
    """

    problem: Problem
    scans: int = field(default=0, init=False)

    def best(self, row: Metric, held: Metric | None, bound: float, near: Sequence[FloatArray]) -> FloatArray:
        """Return the offsets at which a metric is best, another no worse than a bound, looked for near some first."""
        sample = self.problem.sample
        constraints = [] if held is None else [_no_worse(held, bound)]
        start = sample.at(np.zeros(sample.n_columns))
        search = Search(sample, Objective(row, constraints, None, sample.unit).scaled(start), near)
        found = search.polished()
        self.scans += search.scans
        return found

    def value(self, row: Metric, offsets: FloatArray) -> float:
        """Return a metric at offsets in the sample's unit."""
        return float(row.value(self.problem.sample.at(offsets)))


def traced(problem: Problem, first: Metric, second: Metric, n_points: int) -> OffsetFront:
    """Return the front of two metrics; see `conjac.pareto_front`."""
    searches = Searches(problem)
    found = _found(searches, first, second, n_points)
    step = problem.sample.step
    offsets = np.unique(np.stack([(each - each[0]) * step for each in found]), axis=0)
    weight = np.stack([problem.counting(problem.rule.at(each)).weight[0] for each in offsets])
    known = ~(undefined(first, weight) | undefined(second, weight))
    offsets, weight = offsets[known], weight[known]
    values = np.stack([row.value(weight) for row in (first, second)], axis=1)
    alone = np.unique(values, axis=0, return_index=True)[1]
    better = np.array([1 if row.greater_is_better else -1 for row in (first, second)])
    kept = alone[undominated(*(better * values[alone]).T)]
    kept = kept[np.argsort(values[kept, 1])]
    return OffsetFront(
        metrics=(first.name, second.name),
        labels=tuple(outcomes_of(problem.rows.labels, problem.rule.n_columns)),
        coordinate=problem.rule.scale,
        offsets=locked(offsets[kept]),
        first=locked(values[kept, 0]),
        second=locked(values[kept, 1]),
        matrix=locked(weight[kept]),
        diagnostics=ReadOnly(
            {
                "front": "by a heuristic search, told on the rows it was chosen on: optimistic",
                "searched": f"{first.name} made best at {n_points} bounds of {second.name}, both ways along",
                "scans": searches.scans,
                "n_found": len(found),
            }
        ),
        _rows=(first, second),
        _rule=problem.rule,
        _moving=problem.moving,
    )


def _found(searches: Searches, first: Metric, second: Metric, n_points: int) -> list[FloatArray]:
    """Return the best offsets for each bound, in the sample's unit."""
    alone = searches.best(first, None, np.nan, ())
    start = searches.best(second, first, searches.value(first, alone), [alone])
    end = searches.best(second, None, np.nan, ())
    low, high = (searches.value(second, offsets) for offsets in (start, end))
    if not np.isfinite([low, high]).all():
        return [alone, start, end]
    bounds = np.linspace(low, high, n_points)[1:]
    there, back = [start], [end]
    for bound in bounds:
        there.append(searches.best(first, second, bound, there[-1:]))
    for place in range(len(bounds) - 1, -1, -1):
        back.append(searches.best(first, second, bounds[place], [back[-1], there[place + 1]]))
    return [*there, *back]


def _no_worse(row: Metric, bound: float) -> Constraint:
    room = ROUNDING * max(1.0, abs(bound))
    return Constraint(row, ">=", bound - room) if row.greater_is_better else Constraint(row, "<=", bound + room)
