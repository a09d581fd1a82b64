"""From checked rows to the scene of an explorer, with its pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from conjac._typing import CoordinateName
from conjac.coordinates import COORDINATES
from conjac.curve import ConfusionCurve
from conjac.errors import ConjacError, InvalidInputError
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric
from conjac.training import Surface
from conjac.validation import ClassPredictions, Predictions, blaming, refuse_with_threshold
from conjac.views.report.parts import parts_of
from conjac.views.summary.measure import clean
from conjac.views.summary.point_map import PointMap
from conjac.views.summary.scene import ALL, Recipe, Scene
from conjac.views.summary.surfaceplot import SurfacePlot

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
    """

    title: str
    metric: str | Metric
    subject_to: Any
    level: float
    recipe: Recipe = Recipe()


@dataclass(frozen=True, eq=False)
class Pictured:
    """What is shown beside the figures.

    Attributes
    ----------
    X : array or frame of shape (n_samples, n_columns), or None
        What places rows.
    surface : Surface or bool
    random_state : None, int or RandomState
    """

    X: Any = None
    surface: Surface | bool = True
    random_state: Any = 0


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
    asked: Asked,
    pictured: Pictured,
    *,
    by: Any,
    groups: Any,
    threshold: float | None,
    offsets: Any,
    coordinate: CoordinateName | None,
    condition_on: Any,
) -> Scene:
    """Return the scene of all rows and of their groups, with its pictures.

    Parameters
    ----------
    rows : Predictions or ClassPredictions
    asked : Asked
    pictured : Pictured
    by, groups, threshold, offsets, coordinate, condition_on
        As for `conjac.Explorer.from_predictions`.
    """
    refuse_with_threshold(offsets, False)
    assert isinstance(rows, Predictions), "of two classes"
    whole = ConfusionCurve.from_rows(rows, coordinate=coordinate, condition_on=condition_on)
    first = _in_scores(whole)
    curves = {ALL: first}
    for part in parts_of(rows, by, groups, first.coordinate) if by is not None else ():
        assert isinstance(part.rows, Predictions), "parts of the same rows"
        with blaming(part.title):
            found = ConfusionCurve.from_rows(part.rows, coordinate=first.coordinate, condition_on=condition_on)
        name = clean(part.title)
        if not name or name in curves:
            raise InvalidInputError(f"by names a group {name!r}, which reads as another, or all rows, does; rename it")
        curves[name] = found
    at = None if threshold is None else float(first.told(whole.score_of(threshold)))
    scene = _scene(curves, asked, at, whole.coordinate)
    if pictured.X is not None:
        track = scene.sheets[0].tracks[0]
        point: float = track.at[track.base]
        J = ConfusionJacobian.from_rows(rows, threshold=point, coordinate=first.coordinate, condition_on=condition_on)
        scene = _with_points(scene, J, asked.metric, pictured, rows)
    if isinstance(pictured.surface, Surface):
        scene = replace(scene, surface=SurfacePlot.of(pictured.surface))
    return scene


def _with_points(
    scene: Scene, J: ConfusionJacobian, metric: str | Metric, pictured: Pictured, rows: Predictions
) -> Scene:
    """Return a scene with rows as points, or with why there are none."""
    try:
        points = PointMap.of(J.contributions(metric), pictured.X, random_state=pictured.random_state)
    except ConjacError as error:
        return replace(scene, notes=(*scene.notes, f"No point map: {clean(error)}"))
    return scene.with_points(points, rows.score)


def _scene(curves: dict[str, ConfusionCurve], asked: Asked, threshold: float | None, shown: str) -> Scene:
    first = curves[ALL]
    told = first.diagnostics
    n = f"{told['n_samples']:,} rows, {told.get('scores', 'scores of a tally')}; counts {told['counts']}."
    sampling = told.get("sampling")
    notes = (n, EXACT, POINTWISE.format(asked.level), *([f"Errors: {sampling}."] if sampling else []), JUDGED)
    how = {"title": asked.title, "metric": asked.metric, "subject_to": asked.subject_to, "level": asked.level}
    return Scene.of_curves(curves, threshold=threshold, shown=shown, notes=notes, recipe=asked.recipe, **how)
