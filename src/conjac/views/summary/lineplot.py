"""Figures along the thresholds of a curve, or of several, each with its pointwise band: `LinePlot`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.curve import ConfusionCurve
from conjac.decisions.charted import points
from conjac.errors import InvalidInputError
from conjac.inference import Estimate, Interval
from conjac.metrics import Metric
from conjac.metrics.cells import figure
from conjac.views.summary.measure import NAN, UNDEFINED, Measure, Step, clean, said, title_of
from conjac.views.summary.picture import Picture
from conjac.views.summary.places import spread_of, thresholds

MOST = 6
"""Lines in one picture: as many as there are colours and dashes to tell them apart."""
NAMED = 3
"""Metrics that a title names."""
KINDS = ("value", "slope")
UNITS = {"probability": "of probability", "logit": "of log-odds", "score": "of score", "percentile": "of the rows"}


@dataclass(frozen=True)
class Series:
    """One line with its pointwise band.

    Attributes
    ----------
    name : str
    kind : {"value", "slope", "boundary"}
    value, lower, upper : tuple of float
        At each threshold; nan where there is none.
    """

    name: str
    kind: str
    value: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]

    @classmethod
    def of(cls, name: str, kind: str, value: FloatArray, limits: Interval, rate: FloatArray | float = 1.0) -> Series:
        """Take arrays of shape (n_thresholds,), in another unit."""
        sides = (np.asarray(side * rate + 0.0).tolist() for side in (value, *limits))
        return cls(name, kind, *(tuple(side) for side in sides))

    def at(self, place: int) -> Measure:
        """Return the figure at one of the thresholds."""
        return Measure(self.value[place], self.lower[place], self.upper[place])


@dataclass(frozen=True, kw_only=True)
class LinePlot(Picture):
    """Lines over one axis of thresholds.

    Attributes
    ----------
    coordinate : str
        Of the thresholds.
    axis : {"linear", "logit"}
        How they are laid out.
    threshold : tuple of float
        Ascending.
    series : tuple of Series
        At most six.
    label : str
        Of the vertical axis.
    around_zero : bool
        Whether the line at zero is drawn.
    ends : tuple of float, optional
        Of the vertical axis; else from the figures.
    point : float
        The operating point; nan of none.
    mark : Measure
        A recommended threshold with its limits; nan of none.
    """

    schema: ClassVar[str] = "conjac.lineplot/1"
    coordinate: str
    axis: str
    threshold: tuple[float, ...]
    series: tuple[Series, ...]
    label: str
    around_zero: bool = False
    ends: tuple[float, float] | None = None
    point: float = NAN
    mark: Measure = UNDEFINED

    @classmethod
    def of(
        cls,
        curve: ConfusionCurve | Mapping[Any, ConfusionCurve],
        metrics: str | Metric | Sequence[str | Metric],
        kind: str = "value",
        at: Any = None,
        level: float = 0.95,
        point: float | None = None,
    ) -> LinePlot:
        """Look at a curve where its rows are; or at the curves of several groups, at the same thresholds.

        Parameters
        ----------
        curve : ConfusionCurve or mapping of group to ConfusionCurve
        metrics : str or Metric, or sequence of them
            Metrics or cells; one of groups.
        kind : {"value", "slope"}
        at : array of shape (n_thresholds,), optional
        level : float
        point : float, optional
            The operating point.

        Raises
        ------
        InvalidInputError
            Another kind, more than six lines, several metrics of several groups, or groups in different coordinates.

        Examples
        --------
        >>> import conjac as cj
        >>> curve = cj.ConfusionCurve.from_predictions([0, 0, 1, 1] * 50, [0.2, 0.6, 0.4, 0.9] * 50)
        >>> LinePlot.of(curve, "recall", at=[0.3, 0.5]).series[0].value
        (1.0, 0.5)
        """
        if kind not in KINDS:
            raise InvalidInputError(f"kind={kind!r}: expected 'value' or 'slope'")
        chosen = [metrics] if isinstance(metrics, str | Metric) else list(metrics)
        groups = curve if isinstance(curve, Mapping) else {"": curve}
        curves = _same(groups, len(chosen))
        t, axis = thresholds(curves, point)
        if at is not None:
            t = np.union1d(points(at, "thresholds"), [] if point is None else [point])
        step, rate = per_step(t, axis, _step(curves[0], t, point))
        series = []
        for group, one in groups.items():
            for row in (figure(name, one.labels, 2) for name in chosen):
                name = clean(group) if isinstance(curve, Mapping) else title_of(row.name)
                drawn = value_of(one, row, t, level) if kind == "value" else slope_of(one, row, t, level, rate)
                series.append(Series.of(name, kind, *drawn))
        names = [title_of(figure(name, curves[0].labels, 2).name) for name in chosen]
        per = f"change per {step.size:g} {UNITS[step.coordinate]}"
        told = (names[0] if len(names) == 1 else "value") if kind == "value" else per
        return cls(
            title=_title(names, kind, "by group" if isinstance(curve, Mapping) else ""),
            description=_described(series, t, point, kind, level) + _inexact(curves, t),
            coordinate=curves[0].coordinate,
            axis=axis,
            threshold=tuple(t.tolist()),
            series=tuple(series),
            label=told,
            around_zero=kind == "slope",
            point=NAN if point is None else float(point),
        )

    def to_columns(self) -> dict[str, list[Any]]:
        """Return one row a line and threshold: the figure with its limits."""
        n = len(self.threshold)
        return {
            "line": [one.name for one in self.series for _ in range(n)],
            "threshold": list(self.threshold) * len(self.series),
            **{side: [v for one in self.series for v in getattr(one, side)] for side in ("value", "lower", "upper")},
            "unit": [self.label] * (n * len(self.series)),
        }


def per_step(t: FloatArray, axis: str, step: Step) -> tuple[Step, FloatArray]:
    """Return the step that slopes are told for, on a logit axis of log-odds, and what they are multiplied by."""
    rate = np.ones(len(t))
    if axis == "logit":
        step, rate = Step.at("logit", 0.0), t * (1 - t)
    return step, rate * step.size


def value_of(curve: ConfusionCurve, row: Metric, t: FloatArray, level: float) -> tuple[FloatArray, Interval]:
    """Return a metric at thresholds with its limits; nan where its value is a convention for 0/0."""
    found = curve.metric_at(row, t)
    return _times(found, level, measured(row, curve.cells_at(t).weight))


def slope_of(
    curve: ConfusionCurve, row: Metric, t: FloatArray, level: float, rate: FloatArray
) -> tuple[FloatArray, Interval]:
    """Return a metric's slope at thresholds with its limits."""
    return _times(curve.metric_slope_at(row, t), level, rate)


def measured(row: Metric, cells: AnyArray) -> FloatArray:
    """Return 1 where a metric is measured, and nan where its value is a convention for 0/0."""
    return np.where(np.isnan(row.gradient(cells)).all(axis=(-2, -1)), np.nan, 1.0)


def _times(found: Estimate, level: float, by: FloatArray) -> tuple[FloatArray, Interval]:
    return found.value * by, Interval(*(side * by for side in found.confint(level)))


def _same(groups: Mapping[Any, ConfusionCurve], n_metrics: int) -> list[ConfusionCurve]:
    """Return the curves, if they fit in one picture."""
    curves = list(groups.values())
    given: list[Any] = curves
    odd = next((one for one in given if not isinstance(one, ConfusionCurve)), None)
    if odd is not None or not curves:
        found = "an empty mapping" if odd is None else f"a {type(odd).__name__}"
        raise InvalidInputError(f"curve is {found}; expected a ConfusionCurve, or a mapping of groups to curves")
    if not n_metrics:
        raise InvalidInputError("metrics is empty; name at least one")
    if len(curves) > 1 and n_metrics > 1:
        raise InvalidInputError(f"{n_metrics} metrics of {len(curves)} groups: name one metric, or draw one group")
    n = max(len(curves), n_metrics)
    if n > MOST:
        what = "metrics" if n_metrics > 1 else "groups"
        raise InvalidInputError(f"{n} {what}: at most {MOST} lines can be told apart in one picture; draw several")
    units = sorted({one.coordinate for one in curves})
    if len(units) > 1:
        raise InvalidInputError(f"curves in different coordinates: {', '.join(units)}; make them in one")
    return curves


def _step(curve: ConfusionCurve, t: FloatArray, point: float | None) -> Step:
    """Return the step at the point, else in the middle of the thresholds."""
    spread = spread_of(curve) if curve.coordinate == "score" else None
    where = float(np.median(t)) if point is None else point
    return Step.at(curve.coordinate, where, spread)


def _title(names: Sequence[str], kind: str, by: str) -> str:
    named = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    if len(names) > NAMED:
        named = f"{len(names)} metrics"
    told = f"{named} along the threshold" if kind == "value" else f"Slope of {named} along the threshold"
    return f"{told}, {by}" if by else told


def _inexact(curves: Sequence[ConfusionCurve], t: FloatArray) -> str:
    """Say so where counts are those of bins."""
    shared = any(curve.bound_at(t).any() for curve in curves)
    return " Rows within a bin of the tally are shared in proportion." if shared else ""


def _described(series: Sequence[Series], t: FloatArray, point: float | None, kind: str, level: float) -> str:
    """Say what lines are at the point, else where they are highest, or steepest."""
    told = []
    for one in series:
        size = np.abs(one.value) if kind == "slope" else np.array(one.value)
        if not np.isfinite(size).any():
            told.append(f"{one.name}: undefined")
            continue
        place = int(np.searchsorted(t, point)) if point is not None else int(np.nanargmax(size))
        found = said(one.at(place), signed=False)
        told.append(f"{one.name} {found}" + ("" if point is not None else f" at {t[place]:.4g}"))
    first = f"At {point:.4g}: " if point is not None else "Steepest: " if kind == "slope" else "Highest: "
    return f"{first}{'; '.join(told)}. Bands are pointwise, at {level:g}."
