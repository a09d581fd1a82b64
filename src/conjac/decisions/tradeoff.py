"""Two metrics as a threshold or an offset moves: who pays for whom, at what rate, and which decisions to compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.decisions.charted import Tabular, estimate
from conjac.decisions.front import Front
from conjac.decisions.offsets.front import OffsetFront
from conjac.decisions.path import Path
from conjac.inference import Estimate, Interval, NormalBand
from conjac.metrics import Metric
from conjac.motion import Exchange, Slopes
from conjac.readonly import ReadOnly, locked

WORDS = np.array(
    [
        ["both worsen", "unsure", "first pays"],
        ["unsure", "unsure", "unsure"],
        ["second pays", "unsure", "both improve"],
    ]
)
"""By whether the first metric worsens, is unsure or improves (row), and the second (column)."""


@dataclass(frozen=True, eq=False)
class Course:
    """A metric along a threshold or an offset.

    Attributes
    ----------
    metric : str
        Its name.
    greater_is_better : bool
        Which way it improves.
    value, slope : Estimate
        Arrays of shape (n_points,); the slope per unit of what moves.

    Examples
    --------
    >>> import conjac as cj
    >>> curve = cj.ConfusionCurve.from_predictions([0, 0, 1, 1] * 50, [0.2, 0.6, 0.4, 0.9] * 50)
    >>> curve.tradeoff("fp", "tp", 0.5).first.value.value
    array([50.])
    """

    metric: str
    greater_is_better: bool
    value: Estimate
    slope: Estimate

    @classmethod
    def of(cls, row: Metric, value: Estimate, slopes: Slopes, df: int | None) -> Course:
        """Tell a metric of its value and its slopes.

        Parameters
        ----------
        row : Metric
            The metric.
        value : Estimate
            Where it stands, arrays of shape (n_points,).
        slopes : Slopes
            How fast it moves, arrays of shape (n_points,), per unit of what moves.
        df : int or None
            Degrees of freedom of the errors, where they come from blocks.

        Returns
        -------
        Course
            Of these points.
        """
        slope = estimate(slopes.value, slopes.stderr, NormalBand(slopes.center, slopes.stderr, df))
        return cls(row.name, row.greater_is_better, value, slope)

    def trend(self, level: float) -> IntArray:
        """Tell at each point whether the metric surely improves as the parameter rises.

        Parameters
        ----------
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        array of shape (n_points,)
            1 where it improves, -1 where it worsens, 0 where that is unsure.

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        """
        lower, upper = self.slope.confint(level)
        rises = (lower > 0).astype(np.intp) - (upper < 0)
        return rises if self.greater_is_better else -rises


@dataclass(frozen=True, eq=False, repr=False)
class Tradeoff(Tabular):
    """Two metrics along the threshold, or along one offset, and what of the one is paid for the other.

    Attributes
    ----------
    parameter : str
        What moves: "threshold", or "offset[label]" of several classes, all other offsets held.
    values : array of shape (n_points,)
        Its values, in units of ``coordinate``.
    coordinate : {"probability", "logit", "percentile", "score"}
        What they are told in.
    first, second : Course
        Each metric's value and slope, with errors.
    exchange_rate : Estimate
        ``d first / d second`` along the way, arrays of shape (n_points,), in units of the first metric per unit of the
        second: the ratio of the slopes.
    signs : array of shape (n_points,)
        What a rising threshold, or offset, does, for better or worse: "both improve", "first pays", "second pays",
        "both worsen"; "unsure" where the interval of a slope holds 0 or is unknown.
    level : float
        Of the intervals by which signs are told, and of those in `to_columns`.
    diagnostics : mapping
        How it was made.

    Notes
    -----
    The interval of the exchange rate is Fieller's set (1954), of two cells that of the delta method on the log scale.
    See :doc:`/decisions`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 2000)
    >>> score = 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1)))
    >>> curve = cj.ConfusionCurve.from_predictions(y, score)
    >>> tradeoff = curve.tradeoff("precision", "recall", [0.3, 0.5, 0.7])
    >>> tradeoff.signs
    array(['second pays', 'second pays', 'second pays'], dtype='<U12')
    >>> tradeoff.exchange_rate.value.round(2)  # precision lost for each unit of recall gained
    array([-2.34, -0.56, -0.17])
    """

    parameter: str
    values: FloatArray
    coordinate: str
    first: Course
    second: Course
    exchange_rate: Estimate
    signs: AnyArray
    level: float
    diagnostics: Mapping[str, Any]
    _front: Callable[[], Front | OffsetFront] = field(repr=False)

    @property
    def thresholds(self) -> FloatArray:
        """Values of a threshold, array of shape (n_points,); those of an offset are in ``values``."""
        if self.parameter != "threshold":
            raise AttributeError(f"thresholds: {self.parameter} moves here; its values are in 'values'")
        return self.values

    @cached_property
    def front(self) -> Front | OffsetFront:
        """The decisions that no other beats in both metrics: of all thresholds, or of all offsets together.

        A `Front` of every cut-off, or an `OffsetFront`, which is searched for as by `conjac.pareto_front`, and kept.
        """
        return self._front()

    def confint(self, level: float | None = None) -> Interval:
        """Return the pointwise interval of the exchange rate.

        nan where it rests on too few rows, or where the slope that is divided by is not told apart from 0: then no
        rate is too large. See `conjac.inference.fieller`.

        Parameters
        ----------
        level : float, optional
            Nominal coverage of an interval, inside (0, 1). Default: the result's own.

        Returns
        -------
        Interval
            Lower and upper limits, arrays of shape (n_points,), in units of the first metric per unit of the second.

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        """
        return self.exchange_rate.confint(self.level if level is None else level)

    def to_columns(self) -> dict[str, list[Any]]:
        """Return one row per point: values, slopes, the exchange rate with its limits, and the sign.

        Returns
        -------
        dict of str to list
            A row a point; slopes are per unit of ``coordinate``.
        """
        columns: dict[str, AnyArray] = {self.parameter: self.values}
        for name, course in (("first", self.first), ("second", self.second)):
            columns |= {name: course.value.value, f"{name}_stderr": course.value.stderr}
            columns |= {f"{name}_slope": course.slope.value, f"{name}_slope_stderr": course.slope.stderr}
        lower, upper = self.confint()
        columns |= {"exchange_rate": self.exchange_rate.value, "exchange_rate_stderr": self.exchange_rate.stderr}
        columns |= {"lower": lower, "upper": upper, "sign": self.signs}
        same = {"first_metric": self.first.metric, "second_metric": self.second.metric}
        told = {**same, "coordinate": self.coordinate, "level": self.level}
        return {
            **{name: column.tolist() for name, column in columns.items()},
            **{name: [value] * len(self.values) for name, value in told.items()},
        }

    def plot(self, *, ax: Any = None) -> Any:
        """Draw one metric against the other; see `TradeoffDisplay`.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        Axes
            Of Matplotlib, drawn on.
        """
        from conjac.views.displays import TradeoffDisplay

        return TradeoffDisplay.of(self).plot(ax).ax_

    def __repr__(self) -> str:
        """Show what is compared, and where."""
        return (
            f"Tradeoff({self.first.metric} against {self.second.metric} at {len(self.values)} values of "
            f"{self.parameter} in {self.coordinate})"
        )


def tradeoff(
    path: Path, first: str | Metric, second: str | Metric, values: FloatArray | None, level: float
) -> Tradeoff:
    """Return the trade-off of two metrics or cells; see `conjac.tradeoff`."""
    rows = path.figure(first), path.figure(second)
    at = path.grid() if values is None else values
    followed = path.followed(rows, at)
    parts = zip(rows, followed.values, followed.pair.slopes, strict=True)
    courses = [Course.of(row, value, slopes, followed.pair.df) for row, value, slopes in parts]
    exchange = Exchange.between(rows, followed.pair)
    rate = estimate(exchange.value, exchange.stderr, exchange.limits)
    trends = [1 + course.trend(level) for course in courses]
    diagnostics = {
        "interval": exchange.interval,
        "n_without_interval": int(np.isnan(rate.confint(level).lower).sum()),
        **path.notes,
    }
    return Tradeoff(
        parameter=path.parameter,
        values=locked(at),
        coordinate=path.coordinate,
        first=courses[0],
        second=courses[1],
        exchange_rate=rate,
        signs=locked(WORDS[trends[0], trends[1]]),
        level=level,
        diagnostics=ReadOnly(diagnostics),
        _front=partial(path.front, *rows),
    )
