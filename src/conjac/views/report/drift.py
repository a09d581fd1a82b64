"""The figures of drift: the numbers that drift, and the categories whose shares move."""

from __future__ import annotations

from markupsafe import Markup

from conjac.views.charts import canvas, paint_ranking
from conjac.views.summary.drift import Drift


def drift_figures(drift: Drift, prefix: str) -> dict[str, Markup]:
    """Paint the numbers that drift, and the categories whose shares move: never one ranking."""
    painted = {}
    for name, ranking in (("numbers", drift.ranked_numbers), ("categories", drift.ranked_categories)):
        if ranking.bars:
            height = 1.0 + 0.22 * len(ranking.bars)
            with canvas(f"{prefix}-figure-{name}", ranking.title, ranking.description, height=height) as drawn:
                paint_ranking(drawn.axes, ranking)
            painted[name] = Markup(drawn.markup)
    return painted
