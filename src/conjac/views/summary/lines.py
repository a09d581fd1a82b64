"""Metrics, their slopes and the rows at the boundary along the thresholds: at most 401, chosen where the data are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac._typing import FloatArray
from conjac.curve import ConfusionCurve
from conjac.inference import Interval, quantile
from conjac.metrics import Metric
from conjac.views.summary.lineplot import LinePlot, Series, per_step, slope_of, value_of
from conjac.views.summary.measure import Step, clean, title_of
from conjac.views.summary.places import thresholds

IN_TABLE = 25
BANDS = "With pointwise intervals; the table holds the numbers."


@dataclass(frozen=True)
class Lines:
    """Lines over one axis of thresholds.

    Attributes
    ----------
    threshold : tuple of float
        In the coordinate, ascending.
    axis : {"linear", "logit"}
        How the thresholds are laid out.
    slope_step : Step
        That slopes and rows at the boundary are told for; on a logit axis, of log-odds.
    in_table : tuple of int
        Indices of the thresholds to print.
    methods : tuple of str
        Estimators of the slopes that were used along the line.
    series : tuple of Series
    coordinate : str
        Of the thresholds.
    point : float
        The operating point.
    """

    threshold: tuple[float, ...]
    axis: str
    slope_step: Step
    in_table: tuple[int, ...]
    methods: tuple[str, ...]
    series: tuple[Series, ...]
    coordinate: str
    point: float

    @classmethod
    def of(
        cls,
        curve: ConfusionCurve,
        metrics: Sequence[Metric],
        point: float,
        also: Sequence[float],
        step: Step,
        level: float,
    ) -> Lines:
        """Evaluate a curve where its rows are.

        Parameters
        ----------
        curve : ConfusionCurve
        metrics : sequence of Metric
            The last of them is the chosen one, whose slope is drawn.
        point : float
            The operating point, which is one of the thresholds.
        also : sequence of float
            Thresholds that the axis must reach.
        step : Step
        level : float
        """
        t, axis = thresholds([curve], point, also)
        step, rate = per_step(t, axis, step)
        motion = curve.motion_at(t)
        q = quantile(level, motion.joint.cells.df)
        series = [value_along(curve, row, t, title_of(row.name), level) for row in metrics]
        chosen = metrics[-1]
        series.append(Series.of(title_of(chosen.name), "slope", *slope_of(curve, chosen, t, level, rate)))
        center, error = motion.slopes(None)[1:3]
        for true, label in enumerate(curve.labels):
            passed = -center[:, true, 1] if curve.coordinate != "percentile" else center[:, true, 1]
            half = q * error[:, true, 1]
            limits = Interval(passed - half, passed + half)
            series.append(Series.of(clean(label), "boundary", passed, limits, rate))
        methods = sorted({str(name) for name in motion.flux.method} - {"undefined"})
        return cls(
            threshold=tuple(t.tolist()),
            axis=axis,
            slope_step=step,
            in_table=to_print(t, point),
            methods=tuple(methods),
            series=tuple(series),
            coordinate=curve.coordinate,
            point=point,
        )

    def get(self, kind: str, name: str | None = None) -> tuple[Series, ...]:
        """Return the series of a kind, and of a name if given."""
        return tuple(s for s in self.series if s.kind == kind and name in (None, s.name))

    def picture(self, series: tuple[Series, ...], title: str, label: str, **options: Any) -> LinePlot:
        """Return some of the series as one picture.

        Parameters
        ----------
        series : tuple of Series
            At most six.
        title, label : str
            Of the picture, and of its vertical axis.
        **options
            Other attributes of `LinePlot`.
        """
        return LinePlot(
            title=title,
            description=BANDS,
            coordinate=self.coordinate,
            axis=self.axis,
            threshold=self.threshold,
            series=series,
            label=label,
            point=self.point,
            **options,
        )


def value_along(curve: ConfusionCurve, row: Metric, t: FloatArray, name: str, level: float) -> Series:
    """Return a metric along thresholds; nan where it is 0/0."""
    return Series.of(name, "value", *value_of(curve, row, t, level))


def to_print(t: FloatArray, point: float) -> tuple[int, ...]:
    """Return the places of the thresholds to print: a few along the axis, and the operating point."""
    shown = np.union1d(np.linspace(0, len(t) - 1, IN_TABLE).round().astype(int), np.searchsorted(t, point))
    return tuple(shown.tolist())
