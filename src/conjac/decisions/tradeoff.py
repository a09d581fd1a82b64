"""Two metrics along the threshold: who pays for whom, at what rate, and which thresholds are worth a thought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.decisions.charted import Charted, NormalBand, Tabular, estimate, points, value_at
from conjac.decisions.exchange import exchange
from conjac.decisions.formulas import figure
from conjac.decisions.front import Front
from conjac.inference import Estimate, Interval
from conjac.metrics import Metric
from conjac.motion import Motion
from conjac.readonly import ReadOnly, locked

GRID = 101
"""Cut-offs at which a trade-off is told where no thresholds are named, evenly by rank."""
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
    """A metric along thresholds.

    Attributes
    ----------
    metric : str
    greater_is_better : bool
    value, slope : Estimate
        Arrays of shape (n_points,); the slope per unit of threshold.
    """

    metric: str
    greater_is_better: bool
    value: Estimate
    slope: Estimate

    @classmethod
    def of(cls, curve: Charted, row: Metric, thresholds: FloatArray, motion: Motion) -> Course:
        """Measure a metric at thresholds."""
        slope, center, stderr = motion.metric_slope(row)
        limits = NormalBand(center, stderr, motion.counted.df)
        return cls(row.name, row.greater_is_better, value_at(curve, row, thresholds), estimate(slope, stderr, limits))

    def trend(self, level: float) -> IntArray:
        """Return 1 where the metric surely improves as the threshold rises, -1 where it worsens, 0 where unsure."""
        lower, upper = self.slope.confint(level)
        rises = (lower > 0).astype(np.intp) - (upper < 0)
        return rises if self.greater_is_better else -rises


@dataclass(frozen=True, eq=False, repr=False)
class Tradeoff(Tabular):
    """Two metrics along the threshold, and what of the one is paid for the other.

    Attributes
    ----------
    thresholds : array of shape (n_points,)
        In units of ``coordinate``.
    coordinate : str
    first, second : Course
        Each metric's value and slope, with errors.
    exchange_rate : Estimate
        ``d first / d second`` along the curve, arrays of shape (n_points,): the ratio of the slopes.
    signs : array of shape (n_points,)
        What a rising threshold does, for better or worse: "both improve", "first pays", "second pays",
        "both worsen"; "unsure" where the interval of a slope holds 0 or is unknown.
    front : Front
        The thresholds that no other cut-off beats in both metrics.
    level : float
        Of the intervals by which ``signs`` are told; pointwise.
    diagnostics : mapping

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

    thresholds: FloatArray
    coordinate: str
    first: Course
    second: Course
    exchange_rate: Estimate
    signs: AnyArray
    front: Front
    level: float
    diagnostics: Mapping[str, Any]

    def confint(self, level: float | None = None) -> Interval:
        """Return the pointwise interval of the exchange rate, at ``level`` or the result's own.

        nan where it rests on too few rows, or where the slope that is divided by is not told apart from 0: then no
        rate is too large. See `conjac.decisions.exchange`.
        """
        return self.exchange_rate.confint(self.level if level is None else level)

    def to_columns(self) -> dict[str, list[Any]]:
        """Return one row per threshold: values, slopes, the exchange rate with its limits, and the sign."""
        columns: dict[str, AnyArray] = {"threshold": self.thresholds}
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
            **{name: [value] * len(self.thresholds) for name, value in told.items()},
        }

    def __repr__(self) -> str:
        """Show what is compared, and where."""
        return (
            f"Tradeoff({self.first.metric} against {self.second.metric} at {len(self.thresholds)} thresholds in "
            f"{self.coordinate}; {len(self.front)} cut-offs on the Pareto front)"
        )


def tradeoff(curve: Charted, first: str | Metric, second: str | Metric, thresholds: Any, level: float) -> Tradeoff:
    """Return the trade-off of two metrics or cells; see `conjac.ConfusionCurve.tradeoff`."""
    rows = figure(first, curve.labels), figure(second, curve.labels)
    at = _grid(curve) if thresholds is None else points(thresholds, "thresholds")
    motion = curve.motion_at(at)
    courses = [Course.of(curve, row, at, motion) for row in rows]
    rate, interval = exchange(*rows, motion)
    trends = [1 + course.trend(level) for course in courses]
    diagnostics = {
        "interval": interval,
        "n_without_interval": int(np.isnan(rate.confint(level).lower).sum()),
        "front": "told on the rows it was chosen on: optimistic",
        "n_cutoffs": len(curve.cutoffs()),
    }
    return Tradeoff(
        thresholds=locked(at),
        coordinate=curve.unit.name,
        first=courses[0],
        second=courses[1],
        exchange_rate=rate,
        signs=locked(WORDS[trends[0], trends[1]]),
        front=Front.of(curve, *rows),
        level=level,
        diagnostics=ReadOnly(diagnostics),
    )


def _grid(curve: Charted) -> FloatArray:
    alerting = curve.cutoffs()[:-1]
    ranks = np.linspace(0, len(alerting) - 1, min(GRID, len(alerting))).astype(np.intp)
    return np.sort(curve.told(alerting[ranks]))
