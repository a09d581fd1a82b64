"""The figures of training: hyper-parameters, and the training rows that do the most in each way."""

from __future__ import annotations

from markupsafe import Markup

from conjac.views.charts import drawn, paint_ranking, paint_surface
from conjac.views.summary.ranking import Ranking
from conjac.views.summary.training import Training


def training_figures(training: Training, prefix: str, level: float) -> dict[str, Markup]:
    """Paint what can be told of a training; ``level`` is that of its intervals."""
    pictures: dict[str, Ranking] = {}
    if training.hyperparameters is not None:
        pictures["hyperparameters"] = training.hyperparameters.ranked
    if training.influence is not None:
        pictures |= {f"rows_{way.by}": way.ranked(training.metric_title, level) for way in training.influence.ways}
    painted = {
        name: drawn(f"{prefix}-figure-{name}", picture, paint_ranking, height=1.1 + 0.22 * len(picture.bars))
        for name, picture in pictures.items()
    }
    if training.surface is not None:
        size = {"width": 5.6, "height": 3.9}
        painted["surface"] = drawn(f"{prefix}-figure-surface", training.surface, paint_surface, **size)
    return painted
