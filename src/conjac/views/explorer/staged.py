"""From checked rows to the scene of an explorer, with its pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from conjac._typing import CoordinateName
from conjac.coordinates import COORDINATES
from conjac.curve import ConfusionCurve
from conjac.diagnostics import sampling_note
from conjac.engines.files import describe_set_aside
from conjac.errors import InvalidInputError
from conjac.metrics import Metric
from conjac.progress import Told
from conjac.readonly import ReadOnly
from conjac.validation import ClassPredictions, Predictions, blaming, refuse_with_threshold
from conjac.views.explorer.pictured import Pictured
from conjac.views.summary.measure import clean
from conjac.views.summary.scene import ALL, Recipe, Scene
from conjac.views.summary.scene.several import scene_of_classes

EXACT = "The matrix is counted exactly at every step. Slopes describe small moves; the curves describe large ones."
POINTWISE = "Intervals are at {:g}, one figure at a time. Sensitivity is not importance."
JUDGED = "A decision judged on the rows that chose it is judged kindly."


class Asked(NamedTuple):
    """What an explorer is asked for.

    Attributes
    ----------
    title : str
    metric : str or Metric
    subject_to : str, Constraint or sequence of them
    level : float
    recipe : Recipe
    set_aside : mapping of str to int
        Reasons for which rows were left out before, and how many.
    """

    title: str
    metric: str | Metric
    subject_to: Any
    level: float
    recipe: Recipe = Recipe()
    set_aside: Mapping[str, int] = ReadOnly({})

    @property
    def told(self) -> dict[str, Any]:
        """What a scene of either kind is told."""
        return {name: getattr(self, name) for name in ("title", "metric", "subject_to", "level", "recipe")}


def scene_of_curve(curve: ConfusionCurve, asked: Asked, threshold: float | None) -> Scene:
    """Return the scene of a curve alone."""
    stepped = _in_scores(curve)
    point = None if threshold is None else float(stepped.told(curve.score_of(threshold)))
    return _scene({ALL: stepped}, asked, point, curve.coordinate)


def _in_scores(curve: ConfusionCurve) -> ConfusionCurve:
    """Return a curve whose thresholds name the same scores in every group, as a share alerted does not."""
    name = "probability" if curve.unit.scale == "logit" else "score"
    return curve if curve.unit.cut is not None else replace(curve, unit=COORDINATES[name])


def scene_of(
    rows: Predictions | ClassPredictions,
    parts: Sequence[tuple[str, Any]],
    asked: Asked,
    pictured: Pictured,
    *,
    threshold: float | None,
    offsets: Any,
    coordinate: CoordinateName | None,
    condition_on: Any,
    report: Told | None = None,
) -> Scene:
    """Return the scene of all rows and of their groups, with its pictures.

    Parameters
    ----------
    rows : Predictions or ClassPredictions
    parts : sequence of (str, Predictions or ClassPredictions)
        Their groups by name, if any; checked as the rows were.
    asked : Asked
    pictured : Pictured
    threshold, offsets, coordinate, condition_on
        As for `conjac.Explorer.from_predictions`.
    report : callable, optional
        Is told the share of the work that is done.
    """
    how: dict[str, Any] = {"coordinate": coordinate, "condition_on": condition_on}
    groups = _named(parts)
    if isinstance(rows, ClassPredictions):
        kind = "probabilities" if rows.reading.scale == "logit" else "raw scores"
        counted = f"{len(rows.true):,} rows of {len(rows.labels)} classes, {kind}."
        notes = _notes(asked, counted, sampling_note(rows.notes, condition_on))
        scene = scene_of_classes(
            {ALL: rows, **groups}, offsets=offsets, notes=notes, report=report, **asked.told, **how
        )
        return pictured.of_classes(scene, rows, asked.metric, {**how, "offsets": offsets})
    refuse_with_threshold(offsets, False)
    whole = ConfusionCurve.from_rows(rows, **how)
    first = _in_scores(whole)
    how["coordinate"] = first.coordinate
    curves = {ALL: first}
    for name, part in groups.items():
        with blaming(name):
            curves[name] = ConfusionCurve.from_rows(part, **how)
    at = None if threshold is None else float(first.told(whole.score_of(threshold)))
    scene = _scene(curves, asked, at, whole.coordinate)
    track = scene.sheets[0].tracks[0]
    return pictured.of_two(scene, rows, asked.metric, {**how, "threshold": float(track.at[track.base])})


def _named(parts: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return groups by their names as they are shown.

    Raises
    ------
    InvalidInputError
        A name that reads as another does, or as all rows do.
    """
    found: dict[str, Any] = {}
    for title, part in parts:
        name = clean(title)
        if not name or name == ALL or name in found:
            raise InvalidInputError(f"by names a group {name!r}, which reads as another, or all rows, does; rename it")
        found[name] = part
    return found


def _notes(asked: Asked, counted: str, sampling: str | None) -> tuple[str, ...]:
    """Return what a reader must know of the figures."""
    found = [counted]
    if asked.set_aside:
        left_out = sum(asked.set_aside.values())
        found.append(f"{left_out:,} rows were set aside: {describe_set_aside(asked.set_aside)}.")
    found += [EXACT, POINTWISE.format(asked.level)]
    if sampling is not None:
        found.append(f"Errors: {sampling}.")
    return (*found, JUDGED)


def _scene(curves: dict[str, ConfusionCurve], asked: Asked, threshold: float | None, shown: str) -> Scene:
    first = curves[ALL]
    told = first.diagnostics
    counted = f"{told['n_samples']:,} rows, {told.get('scores', 'scores of a tally')}; counts {told['counts']}."
    notes = _notes(asked, counted, told.get("sampling"))
    return Scene.of_curves(curves, threshold=threshold, shown=shown, notes=notes, **asked.told)
