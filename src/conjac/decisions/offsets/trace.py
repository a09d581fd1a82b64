r"""The search for a Pareto front over all offsets: the widest gap between two points is looked into, again and again.

In a gap the sum :math:`m_1 + \lambda m_2` is made best, :math:`-\lambda` being the slope of the chord over it, which
finds points of the front's convex hull (J. L. Cohon 1978, Multiobjective Programming and Planning). Where it finds
none, m_1 is made best with m_2 held to the middle of the gap, or just inside it (Y. Y. Haimes, L. S. Lasdon, D. A.
Wismer 1971, IEEE Transactions on Systems, Man, and Cybernetics 1:296). Each search starts from both ends of the gap.
Bounds alone would not do: on a bound no offset gains anything by itself, and scans of one after another stop short.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from conjac._typing import FloatArray
from conjac.decisions.along import undefined
from conjac.decisions.constraints import Constraint
from conjac.decisions.formulas import WeightedSum
from conjac.decisions.front import undominated
from conjac.decisions.offsets.front import OffsetFront
from conjac.decisions.offsets.objective import Objective
from conjac.decisions.offsets.problem import Problem
from conjac.decisions.offsets.search import Search
from conjac.metrics import REAL, Metric
from conjac.readonly import ReadOnly, locked

N_POINTS = 21
"""Points that are looked for."""
SEARCHES = 3
"""Searches for each of them, at most."""
SHARES = (0.5, 1e-6)
"""Of a gap, at which the second metric is held where a weighted sum finds nothing."""
ROUNDING = 1e-12
"""Of a bound that another search has met to the last row."""


class Point(NamedTuple):
    """Offsets in the sample's unit, with both metrics turned so that more is better."""

    offsets: FloatArray
    first: float
    second: float


@dataclass(eq=False)
class Searches:
    """Searches for points of one front.

    Attributes
    ----------
    problem : Problem
    rows : tuple of two Metric
    done, scans : int
        How many there were, and how many scans they took.
    """

    problem: Problem
    rows: tuple[Metric, Metric]
    done: int = field(default=0, init=False)
    scans: int = field(default=0, init=False)

    def best(self, row: Metric, held: Sequence[Constraint] = (), near: Sequence[Point] = ()) -> Point:
        """Return the point at which a metric is best, looked for near some points first."""
        sample = self.problem.sample
        objective = Objective(row, held, None, sample.unit).scaled(sample.at(sample.rejecting(0)))
        search = Search(sample, objective, [point.offsets for point in near])
        offsets = search.polished()
        self.done, self.scans = self.done + 1, self.scans + search.scans
        cells = sample.at(offsets)
        return Point(offsets, *(each.sign * float(each.value(cells)) for each in self.rows))

    def end(self, place: int) -> Point:
        """Return the point at which one metric is best, and then the other."""
        best = self.best(self.rows[place])
        held = self._no_worse(place, best.second if place else best.first)
        return self.best(self.rows[1 - place], [held], [best])

    def between(self, left: Point, right: Point) -> Iterator[Point]:
        """Look for points between two: above their chord, then with the second metric held."""
        weight = (left.first - right.first) / (right.second - left.second)
        weights = self.rows[0].sign, weight * self.rows[1].sign
        yield self.best(Metric("weighted sum", WeightedSum(self.rows, weights), REAL), near=[left, right])
        for share in SHARES:
            held = self._no_worse(1, left.second + share * (right.second - left.second))
            yield self.best(self.rows[0], [held], [right, left])

    def _no_worse(self, place: int, bound: float) -> Constraint:
        row, bound = self.rows[place], bound - ROUNDING * max(1.0, abs(bound))
        return Constraint(row, ">=", bound) if row.greater_is_better else Constraint(row, "<=", -bound)


def traced(problem: Problem, first: Metric, second: Metric, n_points: int) -> OffsetFront:
    """Return the front of two metrics; see `conjac.pareto_front`."""
    searches = Searches(problem, (first, second))
    found = _found(searches, n_points)
    offsets = np.stack([(point.offsets - point.offsets[0]) * problem.sample.step for point in found])
    weight = np.stack([problem.counting(problem.rule.at(each)).weight[0] for each in offsets])
    known = np.flatnonzero(~(undefined(first, weight) | undefined(second, weight)))
    values = np.stack([row.value(weight) for row in (first, second)], axis=1)
    kept = known[undominated(*(np.array([first.sign, second.sign]) * values[known]).T)]
    kept = kept[np.argsort(values[kept, 1])]
    return OffsetFront(
        metrics=(first.name, second.name),
        labels=tuple(problem.outcomes),
        coordinate=problem.rule.scale,
        offsets=locked(offsets[kept]),
        first=locked(values[kept, 0]),
        second=locked(values[kept, 1]),
        matrix=locked(weight[kept]),
        diagnostics=ReadOnly(
            {
                "front": "by a heuristic search, told on the rows it was chosen on: optimistic",
                "searches": searches.done,
                "scans": searches.scans,
            }
        ),
        _rows=(first, second),
        _rule=problem.rule,
        _moving=problem.moving,
    )


def _found(searches: Searches, n_points: int) -> list[Point]:
    """Look into the widest gap until there are enough points, or nothing is left to find; by ascending second."""
    points = _alone([searches.end(0), searches.end(1)])
    most, closed = SEARCHES * n_points, set()
    while len(points) < n_points and searches.done < most:
        gaps = [gap for gap in pairwise(points) if _key(*gap) not in closed]
        if not gaps:
            break
        gap = max(gaps, key=lambda gap: _width(points, *gap))
        for new in searches.between(*gap):
            more = _alone([*points, new])
            if any(point is new for point in more):
                points = more
                break
        else:
            closed.add(_key(*gap))
    return points


def _alone(points: list[Point]) -> list[Point]:
    """Return the points that no other beats, the first of equal ones, by ascending second."""
    values = np.array([point[1:] for point in points])
    first = np.unique(values, axis=0, return_index=True)[1]
    kept = first[undominated(*values[first].T)]
    return [points[place] for place in kept[np.argsort(values[kept, 1])]]


def _key(left: Point, right: Point) -> tuple[float, ...]:
    return (*left[1:], *right[1:])


def _width(points: list[Point], left: Point, right: Point) -> float:
    """Return the width of a gap, in shares of the whole front's."""
    whole = points[0].first - points[-1].first, points[-1].second - points[0].second
    return (left.first - right.first) / whole[0] + (right.second - left.second) / whole[1]
