"""What an explorer shows beside the figures: a surface, and rows as points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import expit, logit

from conjac.coordinates import COORDINATES
from conjac.engines.classes import rule_of
from conjac.errors import ConjacError
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric
from conjac.training import Between, Surface, surface
from conjac.validation import ClassPredictions, Predictions
from conjac.views.summary.measure import clean
from conjac.views.summary.point_map import PointMap
from conjac.views.summary.scene import Scene
from conjac.views.summary.surfaceplot import SurfacePlot

RANGE = (0.01, 0.99)
"""Shares of the scores between which a surface reaches."""
N_POINTS = 1500
WIDE = 1.5
"""How far a surface reaches from the offsets."""
MOST_ROWS = 20_000
"""Of which a surface over offsets is made."""
ODDS = np.log(10)
"""How far a surface reaches from the rows' own share of positives, in log-odds."""


@dataclass(frozen=True, eq=False)
class Pictured:
    """What is shown beside the figures.

    Attributes
    ----------
    X : array or frame of shape (n_samples, n_columns), or None
        What places rows.
    surface : Surface or bool
        Whether there is one; True is the metric over the threshold and the prevalence.
    random_state : None, int or RandomState
    """

    X: Any = None
    surface: Surface | bool = True
    random_state: Any = 0

    def of_two(self, scene: Scene, rows: Predictions, metric: str | Metric, how: Mapping[str, Any]) -> Scene:
        """Return a scene of two classes with its pictures, or with why there is none.

        Parameters
        ----------
        scene : Scene
        rows : Predictions
            All of them.
        metric : str or Metric
        how : mapping
            Where the operating point is: threshold, coordinate, condition_on.
        """
        if self.X is not None:
            J = ConfusionJacobian.from_rows(rows, **how)
            scene = _with(scene, "point map", lambda: scene.with_points(self._points(J, metric, self.X), rows.score))
        return self._with_surface(scene, lambda: over_prevalence(rows, metric, how))

    def of_classes(self, scene: Scene, rows: ClassPredictions, metric: str | Metric, how: Mapping[str, Any]) -> Scene:
        """Return a scene of several classes with its pictures; see `of_two`."""
        J = ConfusionJacobian.from_classes(rows, **how)
        compared = rule_of(rows, how["offsets"]).compared(rows.score).T
        X = compared - compared.max(axis=1, keepdims=True) if self.X is None else self.X
        scene = _with(scene, "point map", lambda: scene.with_points(self._points(J, metric, X), compared))
        return self._with_surface(scene, lambda: over_offsets(rows, J, metric, how))

    def _points(self, J: ConfusionJacobian, metric: str | Metric, X: Any) -> PointMap:
        adds = J.contributions(metric, J.fastest(metric) if len(J.parameters) > 1 else None)
        return PointMap.of(adds, X, n_points=N_POINTS, random_state=self.random_state)

    def _with_surface(self, scene: Scene, default: Callable[[], Surface]) -> Scene:
        if self.surface is False:
            return scene
        given = self.surface if isinstance(self.surface, Surface) else None
        return _with(scene, "surface", lambda: replace(scene, surface=SurfacePlot.of(given or default())))


def _with(scene: Scene, what: str, made: Callable[[], Scene]) -> Scene:
    """Return a scene with a picture, or with why there is none."""
    try:
        return made()
    except ConjacError as error:
        return replace(scene, notes=(*scene.notes, f"No {what}: {clean(error)}."))


def over_offsets(rows: ClassPredictions, J: ConfusionJacobian, metric: str | Metric, how: Mapping[str, Any]) -> Surface:
    """Return a metric over the two offsets that move it the most, of some of the rows where they are many.

    Parameters
    ----------
    rows : ClassPredictions
    J : ConfusionJacobian
        Of all of them.
    metric : str or Metric
    how : mapping
        offsets, coordinate and condition_on.
    """
    slopes = np.abs(np.nan_to_num(J.of(metric).gradient))
    pair = np.sort(np.argsort(-slopes, kind="stable")[:2])
    stride = -(-len(rows.true) // MOST_ROWS)
    some = slice(None, None, stride)
    assert J.offsets is not None, "of several classes"
    here = J.offsets[pair]
    over = {f"offset[{rows.labels[k]}]": Between(b - WIDE, b + WIDE) for k, b in zip(pair.tolist(), here, strict=True)}
    part = {name: None if one is None else one[some] for name, one in (("w", rows.weight), ("g", rows.block))}
    return surface(
        lambda score: score,
        rows.score[some],
        np.array(rows.labels, dtype=object)[rows.true[some]],
        over,
        metric,
        labels=rows.labels,
        sample_weight=part["w"],
        groups=part["g"],
        **how,
    )


def over_prevalence(rows: Predictions, metric: str | Metric, how: Mapping[str, Any]) -> Surface:
    """Return a metric over the threshold, and over the share of positives that there might be.

    Parameters
    ----------
    rows : Predictions
    metric : str or Metric
    how : mapping
        coordinate and condition_on.
    """
    unit = COORDINATES[how["coordinate"]]
    assert unit.from_score is not None, "a share alerted names other scores at another prevalence"
    weight = np.ones(len(rows.true)) if rows.weight is None else rows.weight
    here = logit(np.clip(weight[rows.true == 1].sum() / weight.sum(), 1e-9, 1 - 1e-9))
    ends = unit.from_score(np.quantile(rows.score.astype(np.float64), RANGE))
    over = {"threshold": Between(*ends.tolist()), "prevalence": Between(*expit([here - ODDS, here + ODDS]).tolist())}
    return surface(
        lambda score: score,
        rows.score[:, None],
        np.array(rows.labels, dtype=object)[rows.true],
        over,
        metric,
        labels=rows.labels,
        sample_weight=rows.weight,
        groups=rows.block,
        coordinate=how["coordinate"],
        condition_on=how["condition_on"],
    )
