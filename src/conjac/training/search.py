"""Where to fit next: what the rounds so far promise at points near them, and whether that is beyond noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import qmc

from conjac._typing import FloatArray
from conjac.engines.differences import SameRows
from conjac.metrics import Metric
from conjac.training.foretold import Foretold
from conjac.training.rounds import Course, Round

REACH = np.log(10)
"""How far margins are foretold from a point that was visited, along each axis."""
SMOOTH = 0.35
"""Standard deviation of the points over which a metric is averaged, in logarithms."""
LOOKED_AT = 2**10
"""Points at which rows are counted."""


@dataclass(frozen=True, eq=False)
class View:
    """What the rounds so far tell.

    Attributes
    ----------
    judged : array of shape (n_rounds,)
        The metric at each point visited, averaged over points around it.
    best : int
        The round that is judged best.
    point : array of shape (n_axes,)
        Where the average is best of all.
    gain : float
        By how much it is better there, never negative.
    stderr : float
        Of the metric's difference between the two, on the same rows.
    """

    judged: FloatArray
    best: int
    point: FloatArray
    gain: float
    stderr: float

    @property
    def settled(self) -> bool:
        """Whether no point promises more than its standard error; of the start alone, whether none promises more."""
        return self.gain <= (self.stderr if len(self.judged) > 1 else 0)


def visit(course: Course, max_points: int, told: Callable[[float], None]) -> tuple[list[Round], View]:
    """Go from the start to where the metric promises to be best, until nothing is promised beyond noise.

    What the start alone promises is followed even within noise, since no other point has tested it.
    """
    rounds = [course.at(course.space.start)]
    while True:
        told(len(rounds) / (max_points + 1))
        view = look(rounds, course.metric, course.space.bounds)
        if view.settled or len(rounds) == max_points:
            return rounds, view
        rounds.append(course.at(view.point))


def look(rounds: list[Round], metric: Metric, bounds: FloatArray) -> View:
    """Count the rows at points near those visited, by their interpolated margins.

    Parameters
    ----------
    rounds : list of Round
    metric : Metric
    bounds : array of shape (2, n_axes)
    """
    visited = np.array([each.point for each in rounds])
    points = np.concatenate([visited, nearby(visited, bounds)])
    foretold = Foretold.of(rounds, points)
    cells = foretold.cells()
    value = metric.sign * metric.value(cells)
    smooth = averaged(points, np.where(np.isnan(value), np.nanmin(value, initial=0.0), value))
    best, top = int(np.argmax(smooth[: len(rounds)])), int(np.argmax(smooth))
    slopes = [np.nan_to_num(metric.gradient(cells[place])).reshape(1, -1) for place in (best, top)]
    both = SameRows.of(foretold.outcomes(best), foretold.outcomes(top), None)
    return View(
        judged=metric.sign * smooth[: len(rounds)],
        best=best,
        point=points[top],
        gain=float(smooth[top] - smooth[best]),
        stderr=float(np.sqrt(both.variance(*slopes)[0])),
    )


def nearby(visited: FloatArray, bounds: FloatArray) -> FloatArray:
    """Return points within reach of one that was visited, evenly spread, array of shape (n_points, n_axes).

    Parameters
    ----------
    visited : array of shape (n_visited, n_axes)
    bounds : array of shape (2, n_axes)
    """
    low = np.maximum(visited.min(axis=0) - REACH, bounds[0])
    high = np.minimum(visited.max(axis=0) + REACH, bounds[1])
    spread = low + (high - low) * qmc.Sobol(visited.shape[1], scramble=False).random(LOOKED_AT)
    reached = (np.abs(spread[:, None] - visited).max(axis=2) <= REACH).any(axis=1)
    return np.asarray(spread[reached])


def averaged(points: FloatArray, values: FloatArray) -> FloatArray:
    """Return averages of values over the points around each, by a normal density of distance."""
    near = np.exp(-((points[:, None] - points) ** 2).sum(axis=2) / (2 * SMOOTH**2))
    return np.asarray(near @ values / near.sum(axis=1))
