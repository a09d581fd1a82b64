"""From checked rows to the scene of an explorer, with its pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from conjac._typing import CoordinateName
from conjac.coordinates import COORDINATES
from conjac.curve import ConfusionCurve
from conjac.engines.files import describe_set_aside
from conjac.metrics import Metric
from conjac.readonly import ReadOnly
from conjac.validation import ClassPredictions, Predictions, blaming, refuse_with_threshold
from conjac.views.explorer.pictured import Pictured
from conjac.views.summary.measure import clean
from conjac.views.summary.scene import ALL, Recipe, Scene

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
    parts: Sequence[tuple[str, Predictions | ClassPredictions]],
    asked: Asked,
    pictured: Pictured,
    *,
    threshold: float | None,
    offsets: Any,
    coordinate: CoordinateName | None,
    condition_on: Any,
) -> Scene:
    """Return the scene of all rows and of their groups, with its pictures.

    Parameters
    ----------
    rows : Predictions or ClassPredictions
    parts : sequence of (str, Predictions or ClassPredictions)
        Their groups by name, if any.
    asked : Asked
    pictured : Pictured
    threshold, offsets, coordinate, condition_on
        As for `conjac.Explorer.from_predictions`.
    """
    refuse_with_threshold(offsets, False)
    assert isinstance(rows, Predictions), "of two classes"
    whole = ConfusionCurve.from_rows(rows, coordinate=coordinate, condition_on=condition_on)
    first = _in_scores(whole)
    curves = {ALL: first}
    for name, part in parts:
        assert isinstance(part, Predictions), "parts of the same rows"
        with blaming(name):
            curves[clean(name)] = ConfusionCurve.from_rows(part, coordinate=first.coordinate, condition_on=condition_on)
    at = None if threshold is None else float(first.told(whole.score_of(threshold)))
    scene = _scene(curves, asked, at, whole.coordinate)
    track = scene.sheets[0].tracks[0]
    how = {"threshold": float(track.at[track.base]), "coordinate": first.coordinate, "condition_on": condition_on}
    return pictured.beside(scene, rows, asked.metric, how)


def _scene(curves: dict[str, ConfusionCurve], asked: Asked, threshold: float | None, shown: str) -> Scene:
    first = curves[ALL]
    told = first.diagnostics
    counted = f"{told['n_samples']:,} rows, {told.get('scores', 'scores of a tally')}; counts {told['counts']}."
    notes = [counted, EXACT, POINTWISE.format(asked.level), JUDGED]
    if asked.set_aside:
        notes.insert(
            1, f"{sum(asked.set_aside.values()):,} rows were set aside: {describe_set_aside(asked.set_aside)}."
        )
    if "sampling" in told:
        notes.insert(-1, f"Errors: {told['sampling']}.")
    how = {"title": asked.title, "metric": asked.metric, "subject_to": asked.subject_to, "level": asked.level}
    return Scene.of_curves(curves, threshold=threshold, shown=shown, notes=tuple(notes), recipe=asked.recipe, **how)
