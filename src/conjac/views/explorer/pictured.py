"""What an explorer shows beside the figures: a surface, and rows as points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import expit, logit

from conjac.coordinates import COORDINATES
from conjac.errors import ConjacError
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric
from conjac.training import Between, Surface, surface
from conjac.validation import Predictions
from conjac.views.summary.measure import clean
from conjac.views.summary.point_map import PointMap
from conjac.views.summary.scene import Scene
from conjac.views.summary.surfaceplot import SurfacePlot

RANGE = (0.01, 0.99)
"""Shares of the scores between which a surface reaches."""
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

    def beside(self, scene: Scene, rows: Predictions, metric: str | Metric, how: Mapping[str, Any]) -> Scene:
        """Return a scene with its pictures, or with why there is none.

        Parameters
        ----------
        scene : Scene
        rows : Predictions
            All of them.
        metric : str or Metric
        how : mapping
            Where the operating point is: threshold, coordinate, condition_on.
        """
        notes = list(scene.notes)
        if self.X is not None:
            try:
                J = ConfusionJacobian.from_rows(rows, **how)
                points = PointMap.of(J.contributions(metric), self.X, random_state=self.random_state)
                scene = scene.with_points(points, rows.score)
            except ConjacError as error:
                notes.append(f"No point map: {clean(error)}.")
        if self.surface is not False:
            try:
                found = self.surface if isinstance(self.surface, Surface) else over_prevalence(rows, metric, how)
                scene = replace(scene, surface=SurfacePlot.of(found))
            except ConjacError as error:
                notes.append(f"No surface: {clean(error)}.")
        return replace(scene, notes=tuple(notes))


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
