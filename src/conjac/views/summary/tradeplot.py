"""Two metrics against each other, along a threshold or an offset, and their Pareto front: `TradeoffPlot`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from conjac._typing import FloatArray, IntArray
from conjac.decisions import Front, Tradeoff
from conjac.decisions.offsets import OffsetFront
from conjac.errors import InvalidInputError
from conjac.inference import Interval
from conjac.views.summary.measure import UNDEFINED, Measure, clean, title_of
from conjac.views.summary.picture import Picture

SHOWN = 300
"""Points of a path or of a front in a picture, at most."""
WRITTEN = 7
"""Points whose threshold is written, at most."""
SIGNS = ("both improve", "first pays", "second pays", "both worsen", "unsure")
APART = 0.07
"""Distance of two written points, at least: in ranges of the metrics."""
FEW_OFFSETS = 8


@dataclass(frozen=True)
class Spot:
    """Two metrics under one decision.

    Attributes
    ----------
    where : str
        Threshold, or offsets.
    first, second : Measure
    rate : Measure
        ``d first / d second`` there; undefined where it is not known.
    sign : str
        Of a path, what a rising threshold or offset does: one of `SIGNS`.
    """

    where: str
    first: Measure
    second: Measure
    rate: Measure = UNDEFINED
    sign: str = ""


@dataclass(frozen=True, kw_only=True)
class TradeoffPlot(Picture):
    """Two metrics against each other.

    Attributes
    ----------
    first, second : str
        Names of the metrics: upwards, and to the right.
    moving : str
        What moves along the path: a threshold or an offset.
    path : tuple of Spot
        In the order in which it rises; empty of a front alone.
    n_path : int
        How many there are; more than are shown where they were thinned.
    written : tuple of int
        Places whose threshold or offset is written: in the path, or of a front alone in that.
    front : tuple of Spot
        By ascending ``second``, or by ascending score; empty if not asked for.
    n_front : int
        How many there are.
    point : Spot or None
        The operating point.
    """

    schema: ClassVar[str] = "conjac.tradeoff/1"
    first: str
    second: str
    moving: str
    path: tuple[Spot, ...] = ()
    n_path: int = 0
    written: tuple[int, ...] = ()
    front: tuple[Spot, ...] = ()
    n_front: int = 0
    point: Spot | None = None

    @classmethod
    def of(cls, tradeoff: Tradeoff, front: bool = False, point: float | None = None) -> TradeoffPlot:
        """Take a trade-off, with its front if asked for.

        Parameters
        ----------
        tradeoff : Tradeoff
        front : bool
            Of all thresholds, or of all offsets together: a search.
        point : float, optional
            The operating point: one of the trade-off's values.

        Raises
        ------
        InvalidInputError
            A point at which nothing is told.
        """
        values, limits = _limits(tradeoff)
        first, second = values
        shown = thinned(first, second)
        here = None
        if point is not None:
            place = int(np.argmin(np.abs(tradeoff.values - point)))
            if not np.isclose(tradeoff.values[place], point, rtol=1e-9, atol=0):
                raise InvalidInputError(
                    f"point={point:g} is none of the values at which the trade-off is told; name it when it is made, "
                    "as one of its values"
                )
            here = _spot(tradeoff, values, limits, place)
        path = tuple(_spot(tradeoff, values, limits, place) for place in shown.tolist())
        names = title_of(tradeoff.first.metric), title_of(tradeoff.second.metric)
        moving = clean(tradeoff.parameter)
        unit = "" if tradeoff.coordinate == "probability" else f" ({tradeoff.coordinate})"
        spots, n_front = _front(tradeoff.front) if front else ((), 0)
        return cls(
            title=f"{names[0]} against {names[1]} as {_moved(moving)} rises",
            description=_told(path, names, moving),
            first=names[0],
            second=names[1],
            moving=moving + unit,
            path=path,
            n_path=len(first),
            written=written(first[shown], second[shown]),
            front=spots,
            n_front=n_front,
            point=here,
        )

    @classmethod
    def of_front(cls, front: Front | OffsetFront) -> TradeoffPlot:
        """Take a front alone."""
        names = title_of(front.metrics[0]), title_of(front.metrics[1])
        spots, n = _front(front)
        shown = [np.array([getattr(one, side).value for one in spots]) for side in ("first", "second")]
        over = "all thresholds" if isinstance(front, Front) else f"all {front.offsets.shape[1]} offsets"
        ends = f" From {_pair(spots[0], names)} to {_pair(spots[-1], names)}." if spots else ""
        return cls(
            title=f"{names[0]} against {names[1]}: what no other decision beats in both",
            description=f"{n} points of the Pareto front over {over}.{ends} Told on the rows it was chosen on.",
            first=names[0],
            second=names[1],
            moving="threshold" if isinstance(front, Front) else "offsets",
            front=spots,
            n_front=n,
            written=written(shown[0], shown[1]) if isinstance(front, Front) else (),
        )

    def to_columns(self) -> dict[str, list[Any]]:
        """Return one row a point of the path or the front: both metrics and their rate with limits, and the sign."""
        spots = [*self.path, *self.front]
        found: dict[str, list[Any]] = {
            "part": ["path"] * len(self.path) + ["front"] * len(self.front),
            "where": [one.where for one in spots],
        }
        for name in ("first", "second", "rate"):
            measures = [getattr(one, name) for one in spots]
            found |= {name: [m.value for m in measures]}
            found |= {f"{name}_{side}": [getattr(m, side) for m in measures] for side in ("lower", "upper")}
        return {
            **found,
            "sign": [one.sign for one in spots],
            "first_metric": [self.first] * len(spots),
            "second_metric": [self.second] * len(spots),
        }


def thinned(first: FloatArray, second: FloatArray, most: int = SHOWN) -> IntArray:
    """Return which points to show: all of few, else evenly along their way, and both ends.

    Examples
    --------
    >>> import numpy as np
    >>> thinned(np.linspace(0, 1, 9), np.zeros(9), 3)
    array([0, 4, 8])
    """
    if len(first) <= most:
        return np.arange(len(first))
    way = _way(first, second)
    places = np.searchsorted(way, np.linspace(0, way[-1], most)) if way[-1] > 0 else np.zeros(0, dtype=np.intp)
    return np.unique(np.concatenate([[0], places, [len(first) - 1]])).astype(np.intp)


def written(first: FloatArray, second: FloatArray, most: int = WRITTEN) -> tuple[int, ...]:
    """Return the places of a few points, evenly along the way, at which both metrics are defined."""
    known = np.flatnonzero(np.isfinite(first) & np.isfinite(second))
    if not len(known):
        return ()
    chosen: list[int] = []
    x, y = (_in_range(side) for side in (second, first))
    for k in known[thinned(first[known], second[known], most)].tolist():
        if all(np.hypot(x[k] - x[j], y[k] - y[j]) > APART for j in chosen):
            chosen.append(k)
    return tuple(chosen)


def _way(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return how far along its way each point lies, each metric in units of its range."""
    steps = sum(np.nan_to_num(np.abs(np.diff(_in_range(side)))) for side in (first, second))
    return np.concatenate([[0.0], np.cumsum(steps)])


def _in_range(values: FloatArray) -> FloatArray:
    """Return values in units of their range."""
    span = np.nanmax(values) - np.nanmin(values) if np.isfinite(values).any() else 0.0
    return values / span if span > 0 else 0.0 * values


def _limits(tradeoff: Tradeoff) -> tuple[tuple[FloatArray, FloatArray], tuple[Interval, Interval, Interval]]:
    level = tradeoff.level
    values = tradeoff.first.value.value, tradeoff.second.value.value
    limits = tradeoff.first.value.confint(level), tradeoff.second.value.confint(level), tradeoff.confint()
    return values, limits


def _spot(tradeoff: Tradeoff, values: tuple[FloatArray, FloatArray], limits: Sequence[Interval], place: int) -> Spot:
    figures = (*values, tradeoff.exchange_rate.value)
    first, second, rate = (
        Measure(float(value[place]), float(side.lower[place]), float(side.upper[place]))
        for value, side in zip(figures, limits, strict=True)
    )
    return Spot(_number(tradeoff.values[place]), first, second, rate, str(tradeoff.signs[place]))


def _front(front: Front | OffsetFront) -> tuple[tuple[Spot, ...], int]:
    """Return the points of a front to show, and how many there are."""
    shown = thinned(front.first, front.second)
    rates = [UNDEFINED] * len(shown)
    if isinstance(front, OffsetFront):
        limits = front.exchange_rate.confint()
        sides = (front.exchange_rate.value, limits.lower, limits.upper)
        rates = [Measure(*(float(side[k]) for side in sides)) for k in shown.tolist()]
    return tuple(
        Spot(_place(front, k), Measure(float(front.first[k])), Measure(float(front.second[k])), rate)
        for k, rate in zip(shown.tolist(), rates, strict=True)
    ), len(front)


def _place(front: Front | OffsetFront, k: int) -> str:
    """Say where a point of a front lies: its threshold, or the offsets that are furthest from 0."""
    if isinstance(front, Front):
        return _number(front.thresholds[k])
    at = front.offsets[k]
    far = np.sort(np.argsort(-np.abs(at), kind="stable")[:FEW_OFFSETS])
    told = ", ".join(f"{clean(front.labels[j])}: {at[j]:+.3g}" for j in far.tolist())
    return told + (f", and {len(at) - len(far)} nearer to 0" if len(at) > len(far) else "")


def _number(value: float) -> str:
    """Return four digits, or one and the power of ten of what is next to nothing."""
    told = f"{value:.4g}"
    return f"{value:.1g}" if "e" in told else told


def _moved(moving: str) -> str:
    return f"the {moving}" if moving == "threshold" else moving


def _pair(spot: Spot, names: Sequence[str]) -> str:
    return f"{names[0]} {spot.first.value:.3g} with {names[1]} {spot.second.value:.3g}"


def _told(path: Sequence[Spot], names: Sequence[str], moving: str) -> str:
    """Say between what the path runs, and who pays how often."""
    if not path:
        return "Nothing is told."
    signs = [one.sign for one in path]
    counted = ", ".join(f"{in_words(sign, *names)} at {signs.count(sign)}" for sign in SIGNS if sign in signs)
    return (
        f"From {_pair(path[0], names)} at {path[0].where} to {_pair(path[-1], names)} at {path[-1].where}. "
        f"As {_moved(moving)} rises: {counted} of {len(path)} points."
    )


def in_words(sign: str, first: str, second: str) -> str:
    """Return a sign with the metric that pays by its name.

    Examples
    --------
    >>> in_words("second pays", "Precision", "Recall")
    'Recall pays'
    """
    return {"first pays": f"{first} pays", "second pays": f"{second} pays"}.get(sign, sign)
