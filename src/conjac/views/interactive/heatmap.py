"""Cells as a heat map: each with its interval on hovering, and its number where there is room."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from conjac.views.charts.canvas import shorten
from conjac.views.charts.heatmap import (
    LABEL,
    WITH_INTERVALS,
    WITH_NUMBERS,
    counted,
    limits_of,
    scale_end,
    to_scale,
    told,
)
from conjac.views.interactive.layout import blank, safe, scale
from conjac.views.summary.heatmap import HeatMap
from conjac.views.theme import Theme


def heatmap(picture: HeatMap, theme: Theme) -> go.Figure:
    """Draw cells."""
    signed = picture.around_zero
    shade = np.array(picture.shade)
    end = scale_end(shade)
    numbers = [[told(v) if signed else counted(v) for v in row] for row in picture.value]
    hover = [
        [
            f"{picture.row_axis} {safe(row)}<br>{picture.column_axis} {safe(column)}<br>"
            f"{numbers[i][j]} {limits_of(picture, picture.lower[i][j], picture.upper[i][j])} {safe(picture.unit)}"
            for j, column in enumerate(picture.columns)
        ]
        for i, row in enumerate(picture.rows)
    ]
    few = len(picture.columns) <= WITH_NUMBERS
    if signed and len(picture.columns) > WITH_INTERVALS:  # narrow cells: no arrows, and as many digits in each
        largest = scale_end(np.array(picture.value))
        written = [[to_scale(v, largest) for v in row] for row in picture.value]
    else:
        written = numbers
    trace = go.Heatmap(
        z=shade,
        text=written if few else None,
        texttemplate="%{text}" if few else None,
        customdata=hover,
        hovertemplate="%{customdata}<extra></extra>",
        colorscale=scale(theme.diverging if signed else theme.sequential),
        zmin=-end if signed else 0,
        zmax=end,
        textfont={"size": 11} if len(picture.columns) > WITH_INTERVALS else None,
        xgap=2,
        ygap=2,
        colorbar={"title": {"text": safe(picture.shaded_by), "side": "right"}, "outlinewidth": 0, "thickness": 12},
    )
    figure = blank(picture, theme).add_trace(trace)
    for axis, names, title in (
        ("xaxis", picture.columns, picture.column_axis),
        ("yaxis", picture.rows, picture.row_axis),
    ):
        ticks = {"tickvals": list(range(len(names))), "ticktext": [safe(shorten(name, LABEL)) for name in names]}
        figure.update_layout({axis: {**ticks, "title": {"text": title}, "showgrid": False, "zeroline": False}})
    return figure.update_yaxes(autorange="reversed")
