"""All that an explorer shows of one set of rows and of its groups: computed here, once, and looked up elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol, Self

import numpy as np

from conjac._typing import AnyArray
from conjac.curve import ConfusionCurve
from conjac.decisions.constraints import parse_constraints
from conjac.errors import InvalidInputError
from conjac.metrics import Metric, resolve
from conjac.views.summary.choices import Choice, choices
from conjac.views.summary.classes.offsets import OffsetChoice
from conjac.views.summary.measure import clean, title_of
from conjac.views.summary.point import METRICS
from conjac.views.summary.point_map import PointMap
from conjac.views.summary.scene.metric_row import MetricRow
from conjac.views.summary.scene.move import Move
from conjac.views.summary.scene.packed import Rounded
from conjac.views.summary.scene.threshold import RATES, ThresholdSheet, steps_of
from conjac.views.summary.scene.track import Track
from conjac.views.summary.surfaceplot import SurfacePlot

SCHEMA = "conjac.scene/1"
ALL = "all rows"
FLIPS = 9
"""Significant binary digits of what is compared, of a point."""


class Sheet(Protocol):
    """One set of rows."""

    @property
    def name(self) -> str:
        """Of the group; empty of all rows."""
        ...

    @property
    def tracks(self) -> tuple[Track, ...]:
        """What moves."""
        ...

    def to_tree(self) -> dict[str, Any]:
        """Return everything as plain types and arrays."""
        ...


@dataclass(frozen=True)
class Recipe:
    """What the page needs to write a state as Python.

    Attributes
    ----------
    setup : str
        Lines that make ``y_true`` and ``y_score``.
    options : tuple of str
        Arguments, such as ``pos_label='spam'``.
    """

    setup: str = "y_true, y_score = ...  # your labels and scores"
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Advice:
    """A decision to consider, and the step that it is.

    Attributes
    ----------
    choice : Choice
    step : int, or tuple of int
        -1, or nothing, of one that cannot be met; of several classes the step of each.
    """

    choice: Choice | OffsetChoice
    step: int | tuple[int, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Scene:
    """Everything that an explorer shows.

    Attributes
    ----------
    title : str
    kind : {"threshold", "offsets"}
        What the slider moves.
    labels : tuple of str
    level : float
        Of every interval.
    metrics : tuple of MetricRow
    metric : int
        The chosen one.
    rates : tuple of (str, str)
        What is paid for what, in `Track.exchange`.
    sheets : tuple of ThresholdSheet, or of OffsetSheet
        All rows first, then each group.
    advice : tuple of tuple of Advice
        Of each sheet.
    shown : str
        The coordinate that is shown first.
    notes : tuple of str
        How the input was read, what was set aside, what the page does not hold.
    recipe : Recipe
    surface : SurfacePlot or None
    points : PointMap or None
    flips : array of shape (n_points,) or (n_points, n_classes), or None
        Of each point, at how many steps its row is predicted positive; of several classes what is compared.
    moves : tuple of Move
        What else may be moved, where Python is at hand to recompute.
    """

    title: str
    kind: str
    labels: tuple[str, ...]
    level: float
    metrics: tuple[MetricRow, ...]
    metric: int
    rates: tuple[tuple[str, str], ...]
    sheets: tuple[Sheet, ...]
    advice: tuple[tuple[Advice, ...], ...]
    shown: str
    notes: tuple[str, ...] = ()
    recipe: Recipe = Recipe()
    surface: SurfacePlot | None = None
    points: PointMap | None = None
    flips: Any = None
    moves: tuple[Move, ...] = ()

    @classmethod
    def of_curves(
        cls,
        curves: Mapping[str, ConfusionCurve],
        *,
        title: str,
        threshold: float | None = None,
        metric: str | Metric = "f1",
        subject_to: Any = (),
        level: float = 0.95,
        shown: str | None = None,
        **told: Any,
    ) -> Self:
        """Evaluate the curve of all rows, and those of its groups, at the same steps.

        Parameters
        ----------
        curves : mapping of str to ConfusionCurve
            That of all rows first, by the name `ALL`; then each group's.
        title : str
        threshold : float, optional
            The operating point, in the curves' coordinate. Default: .5 of probabilities, 0 of scores.
        metric : str or Metric
            The one that is shown first.
        subject_to : str, Constraint or sequence of them
        level : float
            Of every interval.
        shown : str, optional
            The coordinate that is shown first. Default: the curves'.
        **told
            Other attributes: notes, recipe.

        Raises
        ------
        InvalidInputError
            A curve told in percentiles, an unknown metric, a threshold outside its domain.
        """
        first = next(iter(curves.values()))
        if first.coordinate == "percentile":
            raise InvalidInputError("a percentile names other scores in other groups; make the curve in another unit")
        low, high = first.unit.domain
        point = threshold if threshold is not None else 0.5 if first.coordinate == "probability" else 0.0
        if not low <= point <= high:
            raise InvalidInputError(f"threshold={point:g}: a {first.unit.name} lies in [{low:g}, {high:g}]")
        chosen, rows = resolve(metric, first.labels), metric_rows(metric, first.labels)
        constraints = parse_constraints(subject_to, first.labels)
        found = [_choices(curve, chosen, constraints, point, level) for curve in curves.values()]
        also = [one.threshold.value for several in found for one in several]
        score = steps_of(list(curves.values()), point, also)
        base = _nearest(score, float(first.score_of(point)))
        sheets = tuple(
            ThresholdSheet.of(curve, score, base, rows, name="" if name == ALL else name, level=level)
            for name, curve in curves.items()
        )
        return cls(
            title=clean(title),
            kind="threshold",
            labels=tuple(clean(label) for label in first.labels),
            level=level,
            metrics=tuple(MetricRow.of(row) for row in rows),
            metric=rows.index(chosen),
            rates=RATES,
            sheets=sheets,
            advice=tuple(tuple(_placed(one, first, score) for one in several) for several in found),
            shown=shown or first.coordinate,
            **told,
        )

    @property
    def extent(self) -> str:
        """How much there is to explore, in words."""
        track = self.sheets[0].tracks[0]
        groups = f", {len(self.sheets) - 1} groups" if len(self.sheets) > 1 else ""
        what = "the threshold" if self.kind == "threshold" else f"each of {len(self.labels)} offsets"
        return f"{len(track.at)} steps of {what}, {_amount(track.matrix.value[0])}{groups}"

    def with_points(self, points: PointMap, score: Any) -> Self:
        """Return the same with rows as points, which know when they are predicted otherwise.

        Parameters
        ----------
        points : PointMap
        score : array of shape (n_samples,) or (n_samples, n_classes)
            Of all rows; of several classes what is compared.
        """
        shown, first = score[list(points.row)], self.sheets[0]
        if isinstance(first, ThresholdSheet):
            return replace(self, points=points, flips=np.searchsorted(first.score, shown, side="right"))
        return replace(self, points=points, flips=np.asarray(shown - shown.max(axis=1, keepdims=True), np.float32))

    def to_tree(self) -> dict[str, Any]:
        """Return everything but pictures as plain types and arrays, for `conjac.views.summary.scene.pack`."""
        return {
            "schema": SCHEMA,
            "title": self.title,
            "kind": self.kind,
            "labels": self.labels,
            "level": self.level,
            "metrics": [asdict(row) for row in self.metrics],
            "metric": self.metric,
            "rates": [[title_of(name) for name in pair] for pair in self.rates],
            "sheets": [sheet.to_tree() for sheet in self.sheets],
            "advice": [[{**asdict(one.choice), "step": one.step} for one in several] for several in self.advice],
            "shown": self.shown,
            "notes": self.notes,
            "recipe": asdict(self.recipe),
            "flips": self.flips if self.kind == "threshold" or self.flips is None else Rounded(self.flips, FLIPS),
            "moves": [asdict(move) for move in self.moves],
        }


def metric_rows(metric: str | Metric, labels: Sequence[Any]) -> list[Metric]:
    """Return the metrics that are shown of two classes, the one asked for first where it is none of the usual ones."""
    chosen = resolve(metric, labels)
    rows = [resolve(name, labels) for name in METRICS]
    return rows if chosen in rows else [chosen, *rows]


def _choices(curve: ConfusionCurve, chosen: Metric, constraints: Any, point: float, level: float) -> tuple[Choice, ...]:
    matrix = np.asarray(curve.matrix_at(point), dtype=np.float64)
    return choices(curve, chosen, constraints, matrix, level) if matrix.sum(axis=1).all() else ()


def _placed(choice: Choice, curve: ConfusionCurve, score: Any) -> Advice:
    """Tell the step of a decision; to predict nobody, or all, positive is the last or the first of them."""
    at = choice.threshold.value
    if np.isnan(at):
        return Advice(choice, -1)
    return Advice(choice, _nearest(score, float(curve.score_of(at))))


def _nearest(score: Any, to: float) -> int:
    """Return the step nearest to a score: itself, where it is one."""
    if not np.isfinite(to):
        return len(score) - 1 if to > 0 else 0
    place = int(np.clip(np.searchsorted(score, to), 1, len(score) - 1)) if len(score) > 1 else 0
    return place - 1 if place and abs(score[place - 1] - to) <= abs(score[place] - to) else place


def _amount(matrix: AnyArray) -> str:
    total = matrix.sum()
    return f"{total:g} rows" if matrix.dtype.kind in "iu" else f"rows of weight {total:g}"
