"""The figures of drift: the numbers that drift, and the categories whose shares move."""

from __future__ import annotations

from markupsafe import Markup

from conjac.views.charts import drawn, paint_ranking
from conjac.views.summary.drift import Drift


def drift_figures(drift: Drift, prefix: str) -> dict[str, Markup]:
    """Paint the numbers that drift, and the categories whose shares move: never one ranking."""
    pictures = {"numbers": drift.ranked_numbers, "categories": drift.ranked_categories}
    return {
        name: drawn(f"{prefix}-figure-{name}", picture, paint_ranking, height=1.0 + 0.22 * len(picture.bars))
        for name, picture in pictures.items()
        if picture.bars
    }
