"""The figures of groups side by side: a dot a group for each metric, their lines, and their matrices."""

from __future__ import annotations

from markupsafe import Markup

from conjac.views.charts import canvas, paint_dots, paint_heatmap, paint_lines
from conjac.views.summary import Summary
from conjac.views.summary.groups import Groups

LINES = "A line a group with its pointwise interval; the table holds the numbers."
ROW = 0.2
"""Inches that a group takes."""


def group_figures(groups: Groups, first: Summary) -> dict[str, Markup]:
    """Paint the groups side by side; ``first`` tells the operating point and what the metric is called."""
    painted = {}
    for place, picture in enumerate(groups.dots):
        height = 1.0 + ROW * max(len(picture.dots), 4)
        with canvas(f"overview-figure-dots{place}", picture.title, picture.description, height=height) as drawn:
            paint_dots(drawn.axes, picture)
        painted[f"dots{place}"] = Markup(drawn.markup)
    if groups.lines is not None:
        title = f"{first.metric_title} of each group along the threshold"
        drawn_lines = groups.lines.picture(groups.lines.series, title, first.metric_title)
        with canvas("overview-figure-lines", title, LINES) as drawn:
            paint_lines(drawn.axes, drawn_lines)
        painted["lines"] = Markup(drawn.markup)
    for place, matrix in enumerate(groups.matrices):
        title = f"{matrix.title}: {groups.groups[place].name}"
        with canvas(f"overview-figure-matrix{place}", title, matrix.description, width=3.4, height=2.4) as drawn:
            paint_heatmap(drawn.axes, matrix)
        painted[f"matrix{place}"] = Markup(drawn.markup)
    return painted
