"""The scene of several classes: the path of each offset, and the sample for those that move together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from conjac._typing import ConditionOn, CoordinateName, FloatArray
from conjac.decisions.constraints import parse_constraints
from conjac.inference import quantile
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric, resolve
from conjac.progress import Told
from conjac.validation import ClassPredictions, blaming
from conjac.views.summary.classes.offsets import OffsetChoice, offset_choices
from conjac.views.summary.heatmap import OFFSET_STEP
from conjac.views.summary.measure import clean
from conjac.views.summary.scene.offsets import BY_CLASS, OffsetScene, SceneMetric
from conjac.views.summary.scene.packed import Rounded
from conjac.views.summary.scene.path import Path
from conjac.views.summary.scene.ratios import MeanOfRatios
from conjac.views.summary.scene.scene import ALL, Advice, MetricRow, Scene
from conjac.views.summary.scene.track import Figure, Track

SAMPLED, FEWEST, MOST = 30_000, 1_500, 4_000
"""Scores in a sample, and its rows at least and at most."""
SCORE = 12
"""Significant binary digits of what is compared, of a row of the sample."""


@dataclass(frozen=True, eq=False)
class OffsetSheet:
    """One set of rows of several classes.

    Attributes
    ----------
    name : str
        Of the group; empty of all rows.
    scene : OffsetScene
    tracks : tuple of Track
        One a class.
    """

    name: str
    scene: OffsetScene
    tracks: tuple[Track, ...]

    @classmethod
    def of(cls, rows: ClassPredictions, name: str, **how: Any) -> Self:
        """Follow every offset; ``how`` is what `OffsetScene.of` takes."""
        scene = OffsetScene.of(rows, **how)
        tracks = tuple(_track(path, label, scene) for path, label in zip(scene.paths, scene.labels, strict=True))
        return cls(clean(name), scene, tracks)

    def to_tree(self) -> dict[str, Any]:
        """Return everything as plain types and arrays, for `conjac.views.summary.scene.pack`."""
        sample = self.scene.sample
        return {
            "name": self.name,
            "totals": self.tracks[0].matrix.value[0].sum(axis=1).astype(np.float64),
            "tracks": [track.to_tree(["matrix"]) for track in self.tracks],
            "effective": None,
            "bound": None,
            "sample": {
                "score": Rounded(sample.score, SCORE),
                "true": sample.true,
                "weight": sample.weight,
                "stratum": sample.stratum,
                "replicate": sample.replicate,
                "spread": sample.spread,
                "n_replicates": sample.n_replicates,
                "quantile": quantile(self.scene.level, sample.n_replicates - 1),
                "told": sample.told,
            },
            "ratios": [None if one is None else _ratios(one) for one in self.scene.ratios],
        }


def scene_of_classes(
    parts: Mapping[str, ClassPredictions],
    *,
    title: str,
    offsets: Any = None,
    metric: str | Metric = "f1_macro",
    subject_to: Any = (),
    coordinate: CoordinateName | None = None,
    condition_on: ConditionOn | None = None,
    level: float = 0.95,
    random_state: int = 0,
    report: Told | None = None,
    **told: Any,
) -> Scene:
    """Follow the offsets of all rows, and of each group.

    Parameters
    ----------
    parts : mapping of str to ClassPredictions
        All rows first, by the name `ALL`; then each group.
    title : str
    offsets, coordinate, condition_on
        As for `conjac.ConfusionJacobian.from_predictions`.
    metric : str or Metric
        The one that is shown first.
    subject_to : str, Constraint or sequence of them
    level : float
        Of every interval.
    random_state : int
        Of the samples for joint moves.
    report : callable, optional
        Is told the share of the work that is done.
    **told
        Other attributes of `Scene`: notes, recipe.
    """
    first = parts[ALL]
    chosen = resolve(metric, first.labels)
    constraints = parse_constraints(subject_to, first.labels)
    how: dict[str, Any] = {"coordinate": coordinate, "condition_on": condition_on}
    sheets, advice = [], []
    for place, (name, rows) in enumerate(parts.items()):

        def share(done: float, place: int = place) -> None:
            if report is not None:
                report((place + done) / len(parts))

        with blaming("" if name == ALL else name):
            J = ConfusionJacobian.from_classes(rows, offsets=offsets, **how)
            several = np.count_nonzero(np.bincount(rows.true, minlength=len(rows.labels))) > 1
            choices = offset_choices(rows, J, chosen, constraints, level=level, **how) if several else ()
            sheet = OffsetSheet.of(
                rows,
                "" if name == ALL else name,
                offsets=offsets,
                metric=chosen,
                level=level,
                also=_asked(choices),
                n_sample=int(np.clip(SAMPLED // len(first.labels), FEWEST, MOST)),
                random_state=random_state,
                report=share,
                **how,
            )
        sheets.append(sheet)
        advice.append(tuple(Advice(choice, _steps(choice, sheet)) for choice in choices))
    scene = sheets[0].scene
    return Scene(
        title=clean(title),
        kind="offsets",
        labels=scene.labels,
        level=level,
        metrics=tuple(_metric_row(row, scene.labels) for row in scene.metrics),
        metric=0,
        rates=(("precision of the class", "recall of the class"),),
        sheets=tuple(sheets),
        advice=tuple(advice),
        shown=scene.coordinate,
        **told,
    )


def _metric_row(row: SceneMetric, labels: tuple[str, ...]) -> MetricRow:
    """Return a line of the table, which knows its class."""
    better = 0 if row.undirected else 1 if row.greater_is_better else -1
    of = {f"{base}[{label}]": place for place, label in enumerate(labels) for base in BY_CLASS}
    return MetricRow(row.name, row.title, better, of.get(row.name, -1))


def _asked(choices: Sequence[OffsetChoice]) -> FloatArray:
    """Return the offsets of decisions, array of shape (n_decisions, n_classes), which are to be steps."""
    return np.array([[one.value for one in choice.offsets] for choice in choices if choice.offsets])


def _steps(choice: OffsetChoice, sheet: OffsetSheet) -> tuple[int, ...]:
    """Return the step of each offset."""
    pairs = zip(choice.offsets, sheet.tracks, strict=bool(choice.offsets))
    return tuple(int(np.argmin(np.abs(track.at - one.value))) for one, track in pairs)


def _track(path: Path, label: str, scene: OffsetScene) -> Track:
    exchange = (path.exchange, path.exchange_lower, path.exchange_upper)
    return Track(
        name=f"offset[{label}]",
        coordinate=scene.coordinate,
        unit="1 of offset",
        size=OFFSET_STEP,
        at=path.offset,
        base=path.base,
        matrix=Figure(path.matrix, path.lower, path.upper),
        slope=Figure(path.slope, path.slope_lower, path.slope_upper),
        metric=Figure(path.value, path.value_lower, path.value_upper),
        gain=Figure(path.gain, path.gain_lower, path.gain_upper),
        exchange=Figure(*(side[:, None] for side in exchange)),
    )


def _ratios(one: MeanOfRatios) -> dict[str, Any]:
    return {
        "weight": one.weight,
        "undefined": one.undefined,
        "above": one.numerator._asdict(),
        "below": one.denominator._asdict(),
    }
