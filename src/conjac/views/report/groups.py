"""The figures of groups side by side: a dot a group for each metric, their lines, and their matrices."""

from __future__ import annotations

from dataclasses import replace

from markupsafe import Markup

from conjac.views.charts import drawn, paint_dots, paint_heatmap, paint_lines
from conjac.views.summary import Summary
from conjac.views.summary.groups import Groups

ROW = 0.2
"""Inches that a group takes."""


def group_figures(groups: Groups, first: Summary) -> dict[str, Markup]:
    """Paint the groups side by side; ``first`` tells the operating point and what the metric is called."""
    painted = {}
    for place, dots in enumerate(groups.dots):
        height = 1.0 + ROW * max(len(dots.dots), 4)
        painted[f"dots{place}"] = drawn(f"overview-figure-dots{place}", dots, paint_dots, height=height)
    if groups.lines is not None:
        title = f"{first.metric_title} of each group along the threshold"
        lines = groups.lines.picture(groups.lines.series, title, first.metric_title)
        painted["lines"] = drawn("overview-figure-lines", lines, paint_lines)
    for place, (group, matrix) in enumerate(zip(groups.groups, groups.matrices, strict=False)):
        named, name = replace(matrix, title=f"{matrix.title}: {group.name}"), f"matrix{place}"
        painted[name] = drawn(f"overview-figure-{name}", named, paint_heatmap, width=3.4, height=2.4)
    return painted
