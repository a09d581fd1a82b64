"""Where to fit next: what the rounds so far promise at points near them, and whether that is beyond noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import qmc

from conjac._typing import FloatArray, IntArray
from conjac.engines.differences import SameRows
from conjac.engines.outcomes import Outcomes
from conjac.metrics import Metric
from conjac.training.between import shares
from conjac.training.rounds import Course, Round

REACH = np.log(10)
"""How far margins are foretold from a point that was visited, along each axis."""
SMOOTH = 0.35
"""Standard deviation of the points over which a metric is averaged, in logarithms."""
LOOKED_AT = 2**10
"""Points at which rows are counted."""
HELD = 2**21
"""Margins that are held at a time."""


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
    known = np.stack([np.concatenate([r.margin[..., None], r.speed], axis=2) for r in rounds])  # by round, row, output
    known = np.moveaxis(known, 3, 1).reshape(visited.shape[0] * (1 + visited.shape[1]), *rounds[0].margin.shape)
    take = shares(visited, points).reshape(len(points), -1)
    first = rounds[0].decided
    n_classes = len(first.rows.labels)
    weight = np.eye(n_classes)[first.rows.true.astype(np.intp)]
    if first.rows.weight is not None:
        weight *= first.rows.weight[:, None]
    cells = np.empty((len(points), n_classes, n_classes))
    step = max(1, HELD // known[0].size)
    for start in range(0, len(points), step):
        predicted = _predicted(take[start : start + step], known)
        for k in range(n_classes):
            cells[start : start + step, :, k] = (predicted == k) @ weight
    value = metric.sign * metric.value(cells)
    smooth = averaged(points, np.where(np.isnan(value), np.nanmin(value, initial=0.0), value))
    best, top = int(np.argmax(smooth[: len(rounds)])), int(np.argmax(smooth))
    a, b = (Outcomes.of(first.rows, _predicted(take[[place]], known)[0], n_classes) for place in (best, top))
    slopes = [np.nan_to_num(metric.gradient(cells[place])).reshape(1, -1) for place in (best, top)]
    variance = SameRows.of(a, b, first.condition_on).variance(*slopes)[0]
    judged = metric.sign * smooth[: len(rounds)]
    return View(judged, best, points[top], float(smooth[top] - smooth[best]), float(np.sqrt(variance)))


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


def _predicted(take: FloatArray, known: FloatArray) -> IntArray:
    """Return predicted classes, array of shape (n_points, n_rows)."""
    margin = np.tensordot(take, known, axes=1)
    return np.asarray((margin[..., 0] >= 0) if margin.shape[2] == 1 else margin.argmax(axis=2)).astype(np.intp)
