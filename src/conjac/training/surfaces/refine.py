"""Where a surface is looked at: lines of a grid, put in where interpolation is off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice, pairwise, starmap
from typing import Self

import numpy as np

from conjac._typing import FloatArray
from conjac.training.surfaces.axes import Axis
from conjac.training.surfaces.interpolate import Interpolant
from conjac.training.surfaces.plane import Nodes, Plane

START = 5
"""Points of an adaptive axis to begin with."""
NOISE = 1.0
"""Standard errors of a value by which interpolation may be off, whatever the tolerance: rows do not tell more."""

Done = Callable[[int], None]
"""Is told of nodes that are ready, how many."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Nodes, and where they lie.

    Attributes
    ----------
    axes : tuple of Axis
    values : tuple of array
        Of both axes, shapes (n_first,) and (n_second,), increasing.
    nodes : Nodes
    """

    axes: tuple[Axis, Axis]
    values: tuple[FloatArray, FloatArray]
    nodes: Nodes

    def interpolant(self) -> Interpolant:
        """Return the surface between the nodes, in the axes' coordinates."""
        at = [axis.coordinate(values) for axis, values in zip(self.axes, self.values, strict=True)]
        return Interpolant.of(at[0], at[1], self.nodes.value, self.nodes.gradient)

    def with_lines(self, axis: int, values: FloatArray, nodes: Nodes) -> Self:
        """Return the grid with more lines along an axis."""
        together = np.concatenate([self.values[axis], values])
        order = np.argsort(together)
        first, second = (together[order] if k == axis else self.values[k] for k in (0, 1))
        return replace(self, values=(first, second), nodes=self.nodes.with_lines(nodes, axis, order))


@dataclass(frozen=True)
class Interval:
    """A stretch of an axis whose middle is to be looked at.

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
    error : float
        Largest error of interpolation that was seen on any line; nan where nothing was looked into.
    stopped : str
        Why no more points were put in.
    """

    todo: tuple[Interval, ...] = ()
    error: float = np.nan
    stopped: str = "as given"


def refined(plane: Plane, tolerance: float, max_points: int, done: Done) -> tuple[Grid, tuple[Course, ...]]:
    """Evaluate a grid, and put lines in until interpolation serves.

    An interval is looked into at its middle, on all lines of the other axis at once. Where a value there differs from
    the interpolated one by more than is allowed, both halves are looked into as well. All that is evaluated is kept.

    Parameters
    ----------
    plane : Plane
    tolerance : float
        Error that is allowed, as a share of the surface's range; never less than `NOISE` standard errors of the value.
    max_points : int
        Of an adaptive axis.
    done : callable
    """
    first, second = (_starts(axis, max_points) for axis in plane.axes)
    grid = Grid(plane.axes, (first, second), plane.nodes((first, second), done))
    courses = [
        Course(tuple(starmap(Interval, pairwise(at.tolist())))) if axis.span.adaptive else Course()
        for axis, at in zip(plane.axes, grid.values, strict=True)
    ]
    while any(course.todo for course in courses):
        for k, course in enumerate(courses):
            if course.todo:
                grid, courses[k] = _advanced(plane, grid, k, course, tolerance, max_points, done)
    return grid, tuple(courses)


def _starts(axis: Axis, max_points: int) -> FloatArray:
    """Return the values to begin with: all that are given, or a few between two ends."""
    if not axis.span.adaptive:
        return axis.span.values
    low, high = axis.span.values
    n = min(START, max_points)
    values = np.geomspace(low, high, n) if axis.log else np.linspace(low, high, n)
    values[[0, -1]] = low, high
    return np.unique(np.round(values)) if axis.whole else values


def _advanced(
    plane: Plane, grid: Grid, k: int, course: Course, tolerance: float, max_points: int, done: Done
) -> tuple[Grid, Course]:
    """Look into the intervals of an axis that wait for it, as many as there is room for, the worst first."""
    axis, room = grid.axes[k], max_points - len(grid.values[k])
    waiting = sorted(course.todo, key=lambda interval: -interval.off)
    middles = {each: middle for each in waiting if (middle := axis.between(each.low, each.high)) is not None}
    chosen = dict(islice(middles.items(), room))
    if not chosen:
        return grid, replace(course, todo=(), stopped=_why(list(middles), max_points))
    new = np.array(sorted(chosen.values()))
    lines = new if k == 0 else grid.values[0], new if k == 1 else grid.values[1]
    nodes = plane.nodes(lines, done)
    first, second = (axis.coordinate(values) for axis, values in zip(grid.axes, lines, strict=True))
    gap = np.abs(nodes.value - grid.interpolant().value(first[:, None], second))
    grid = grid.with_lines(k, new, nodes)
    off = _off(gap, nodes.stderr, tolerance * float(np.ptp(_known(grid.nodes.value))))
    by_line = dict(zip(new.tolist(), off.max(axis=1 - k).tolist(), strict=True))
    halves = [
        Interval(*ends, off=by_line[middle])
        for interval, middle in chosen.items()
        if by_line[middle] > 1
        for ends in ((interval.low, middle), (middle, interval.high))
    ]
    left = *islice(middles, room, None), *halves
    return grid, Course(left, float(np.fmax(course.error, _known(gap).max())), "interpolation serves")


def _off(gap: FloatArray, stderr: FloatArray, least: float) -> FloatArray:
    """Return errors as multiples of what is allowed; 0 where nothing is defined."""
    allowed = np.maximum(least, NOISE * np.nan_to_num(stderr))
    found = np.divide(gap, allowed, out=np.where(gap > 0, np.inf, 0.0), where=allowed > 0)
    return np.asarray(np.nan_to_num(found, posinf=np.inf))


def _known(values: FloatArray) -> FloatArray:
    """Return the values that are defined; a 0 where none is."""
    found = values[np.isfinite(values)]
    return found if found.size else np.zeros(1)


def _why(waiting: list[Interval], max_points: int) -> str:
    if not waiting:
        return "no whole number is left between"
    worst = max(interval.off for interval in waiting)
    told = f", where interpolation was off by {worst:.2g} times what is allowed" if np.isfinite(worst) else ""
    return f"max_points={max_points}, with {len(waiting)} intervals to look into{told}"
