"""Where a surface is looked at: lines of a grid, put in where interpolation is off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise, starmap

import numpy as np

from conjac._typing import FloatArray
from conjac.training.surfaces.axes import Axis
from conjac.training.surfaces.grid import Grid
from conjac.training.surfaces.plane import Plane

START = 5
"""Points of an adaptive axis to begin with."""
NOISE = 1.0
"""Standard errors of a value by which interpolation may be off, whatever the tolerance: rows do not tell more."""

Done = Callable[[int], None]
"""Is told of nodes that are ready, how many."""


@dataclass(frozen=True)
class Interval:
    """A stretch of an axis.

    Attributes
    ----------
    low, high : float
    off : float
        By how much interpolation was off in the middle of the stretch around it, as a multiple of what is allowed.
    """

    low: float
    high: float
    off: float = np.inf


@dataclass(frozen=True)
class Course:
    """How far the refinement of one axis has come.

    Attributes
    ----------
    todo : tuple of Interval
        Whose middle is to be looked at.
    served : dict of Interval to float
        Those in which interpolation serves, with their middle.
    given_up : tuple of Interval
        For which there was no room.
    error : float
        Largest error of interpolation that was seen on any line; nan where nothing was looked into.
    """

    todo: tuple[Interval, ...] = ()
    served: Mapping[Interval, float] = field(default_factory=dict)
    given_up: tuple[Interval, ...] = ()
    error: float = np.nan

    def stopped(self, axis: Axis, values: FloatArray) -> str:
        """Return why no more points were put in."""
        if not axis.span.adaptive:
            return "as given"
        if self.given_up:
            worst = max(interval.off for interval in self.given_up)
            told = f", where interpolation was off by {worst:.2g} times what is allowed" if np.isfinite(worst) else ""
            return f"at most {len(values)} points, with {len(self.given_up)} intervals to look into{told}"
        return "every whole number" if axis.whole and (np.diff(values) == 1).all() else "interpolation serves"


@dataclass(frozen=True, eq=False)
class Refinement:
    """Puts lines into a grid where interpolation is off by more than is allowed.

    Attributes
    ----------
    plane : Plane
    tolerance : float
        Error of interpolation, as a share of the surface's range; never less than `NOISE` standard errors of the value.
    max_points : int
        Of an adaptive axis.
    done : callable
        Is told of nodes that are ready, how many.
    """

    plane: Plane
    tolerance: float
    max_points: int
    done: Done

    def run(self) -> tuple[Grid, list[Course]]:
        """Evaluate a grid, and put lines in until interpolation serves.

        An interval is looked into at its middle, on all lines of the other axis at once. Where a value there differs
        from the interpolated one by more than is allowed, both halves are looked into as well. All that is evaluated is
        kept. Lines that come in along one axis show whether intervals of the other one still serve.
        """
        axes = self.plane.axes
        first, second = (_starts(axis, self.max_points) for axis in axes)
        grid = Grid(axes, (first, second), self.plane.nodes((first, second), self.done))
        courses = [
            Course(tuple(starmap(Interval, pairwise(at.tolist())))) if axis.span.adaptive else Course()
            for axis, at in zip(axes, grid.values, strict=True)
        ]
        while any(course.todo for course in courses):
            for k in (0, 1):
                if courses[k].todo:
                    grid, courses[k] = self._advanced(grid, k, courses[k])
            for k in (0, 1):
                if courses[k].served:
                    courses[k] = self._looked_at_again(grid, k, courses[k])
        return grid, courses

    def _advanced(self, grid: Grid, k: int, course: Course) -> tuple[Grid, Course]:
        """Look into the intervals of an axis that wait for it, as many as there is room for, the worst first."""
        axis, room = grid.axes[k], self.max_points - len(grid.values[k])
        waiting = sorted(course.todo, key=lambda interval: -interval.off)
        middles = {each: middle for each in waiting if (middle := axis.between(each.low, each.high)) is not None}
        chosen, left = dict(islice(middles.items(), room)), tuple(islice(middles, room, None))
        course = replace(course, todo=(), given_up=course.given_up + left)
        if not chosen:
            return grid, course
        new = np.array(sorted(chosen.values()))
        lines = new if k == 0 else grid.values[0], new if k == 1 else grid.values[1]
        nodes = self.plane.nodes(lines, self.done)
        finer = grid.with_lines(k, new, nodes)
        return finer, self._judged(grid, finer, k, replace(course, served={**course.served, **chosen}), chosen)

    def _looked_at_again(self, grid: Grid, k: int, course: Course) -> Course:
        """Leave the middles of intervals that serve out, and see whether they are still told by what is around."""
        coarse = grid.without_lines(k, list(course.served.values()))
        return self._judged(coarse, grid, k, course, course.served)

    def _judged(self, coarse: Grid, fine: Grid, k: int, course: Course, middles: Mapping[Interval, float]) -> Course:
        """Compare a grid at the middles of intervals with what a coarser one says; halve those that do not serve."""
        at = np.array(sorted(middles.values()))
        nodes = fine.nodes.part(np.searchsorted(fine.values[k], at), k)
        lines = [axis.coordinate(at if j == k else fine.values[j]) for j, axis in enumerate(fine.axes)]
        gap = np.abs(nodes.value - coarse.interpolant().value(lines[0][:, None], lines[1]))
        off = _off(gap, nodes.stderr, self.tolerance * float(np.ptp(_known(fine.nodes.value))))
        by_line = dict(zip(at.tolist(), off.max(axis=1 - k).tolist(), strict=True))
        broken = {each: middle for each, middle in middles.items() if by_line[middle] > 1}
        halves = [
            Interval(*ends, off=by_line[middle])
            for each, middle in broken.items()
            for ends in ((each.low, middle), (middle, each.high))
        ]
        served = {each: middle for each, middle in course.served.items() if each not in broken}
        error = float(np.fmax(course.error, _known(gap).max()))
        return replace(course, todo=(*course.todo, *halves), served=served, error=error)


def _starts(axis: Axis, max_points: int) -> FloatArray:
    """Return the values to begin with: all that are given, or a few between two ends."""
    if not axis.span.adaptive:
        return axis.span.values
    low, high = axis.span.values
    n = min(START, max_points)
    values = np.geomspace(low, high, n) if axis.log else np.linspace(low, high, n)
    values[[0, -1]] = low, high
    return np.unique(np.round(values)) if axis.whole else values


def _off(gap: FloatArray, stderr: FloatArray, least: float) -> FloatArray:
    """Return errors as multiples of what is allowed; 0 where nothing is defined."""
    allowed = np.maximum(least, NOISE * np.nan_to_num(stderr))
    found = np.divide(gap, allowed, out=np.where(gap > 0, np.inf, 0.0), where=allowed > 0)
    return np.asarray(np.nan_to_num(found, posinf=np.inf))


def _known(values: FloatArray) -> FloatArray:
    """Return the values that are defined; a 0 where none is."""
    found = values[np.isfinite(values)]
    return found if found.size else np.zeros(1)
