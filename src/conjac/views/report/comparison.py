"""The figures of a comparison: how far metrics moved, both lines, and what cells and slopes gained or lost."""

from __future__ import annotations

from markupsafe import Markup

from conjac.views.charts import canvas, drawn, paint_heatmap, paint_lines, paint_ranking
from conjac.views.charts.colours import theme_of
from conjac.views.summary import Summary
from conjac.views.summary.comparison import Compared

BOTH = "Two lines with their pointwise intervals; the table holds the numbers."


def comparison_figures(summary: Summary, told: Compared, prefix: str) -> dict[str, Markup]:
    """Paint the metrics' differences, the chosen metric of both, and the changes of cells and slopes."""
    painted = {}
    if told.ranked.bars:
        height = 1.0 + 0.26 * len(told.ranked.bars)
        painted["changes"] = drawn(f"{prefix}-figure-changes", told.ranked, paint_ranking, height=height)
    if told.lines is not None:
        title = f"{summary.metric_title} along the threshold: {told.after} and {told.before}"
        with canvas(f"{prefix}-figure-both", title, BOTH) as made:
            if told.threshold_before != told.threshold_after:
                warm = theme_of(made.axes).warm
                made.axes.axvline(told.threshold_before, color=warm, linewidth=0.9, label="operating point before")
            paint_lines(made.axes, told.lines.picture(told.lines.series, title, summary.metric_title))
        painted["both"] = Markup(made.markup)
    for name, picture in (("cells", told.drawn), ("slopes", told.slopes)):
        if picture is not None:
            painted[name] = drawn(f"{prefix}-figure-{name}", picture, paint_heatmap)
    return painted
