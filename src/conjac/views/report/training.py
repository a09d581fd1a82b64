"""The figures of training: hyper-parameters, and the training rows that do the most in each way."""

from __future__ import annotations

from markupsafe import Markup

from conjac.views.charts import canvas, paint_ranking
from conjac.views.summary.ranking import Ranking
from conjac.views.summary.training import Training


def training_figures(training: Training, prefix: str) -> dict[str, Markup]:
    """Paint what can be told of a training."""
    pictures: dict[str, Ranking] = {}
    if training.hyperparameters is not None:
        pictures["hyperparameters"] = training.hyperparameters.ranked
    if training.influence is not None:
        pictures |= {f"rows_{way.by}": way.ranked(training.metric_title) for way in training.influence.ways}
    painted = {}
    for name, ranking in pictures.items():
        height = 1.0 + 0.22 * len(ranking.bars)
        with canvas(f"{prefix}-figure-{name}", ranking.title, ranking.description, height=height) as drawn:
            paint_ranking(drawn.axes, ranking)
        painted[name] = Markup(drawn.markup)
    return painted
