"""Rows as points: each tells on hovering which row it is, what it is taken for, and what it adds."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from conjac.views.charts.canvas import shorten
from conjac.views.charts.heatmap import number
from conjac.views.charts.point_map import LABEL
from conjac.views.interactive.layout import blank, safe, scale
from conjac.views.summary.point_map import FALLING, RISING, PointMap
from conjac.views.theme import Theme

SYMBOLS = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")
SMALL, LARGE = 4.0, 8.0
"""Diameters of the weakest and of the strongest point, in pixels."""
BAR = {"outlinewidth": 0, "thickness": 12, "y": 0, "yanchor": "bottom", "len": 0.9}
RINGS = {RISING: "circle-open", FALLING: "circle-open-dot"}


def point_map(picture: PointMap, theme: Theme) -> go.Figure:
    """Draw rows as SVG, which shows wherever WebGL is missing."""
    figure = blank(picture, theme)
    x, y, adds, mark = (np.array(each) for each in (picture.x, picture.y, picture.contribution, picture.mark))
    share, hover = np.clip(np.nan_to_num(adds) / picture.limit, -1, 1), _told(picture)
    for k, name in enumerate(picture.marks):
        some = np.flatnonzero(mark == k)
        falls, still = share[some] < 0, share[some] == 0
        figure.add_scatter(
            x=x[some],
            y=y[some],
            mode="markers",
            name=safe(shorten(f"true {name}", LABEL)),
            customdata=[hover[place] for place in some],
            hovertemplate="%{customdata}<extra></extra>",
            marker={
                "symbol": [SYMBOLS[k] + ("-open" if down else "") for down in falls],
                "size": SMALL + (LARGE - SMALL) * np.abs(share[some]),
                "color": adds[some],
                "cmin": -picture.limit,
                "cmax": picture.limit,
                "colorscale": scale(theme.diverging),
                "opacity": np.where(still, 0.35, 1.0),
                "line": {"color": theme.faint, "width": np.where(falls, 1.6, 0.6)},
                "showscale": k == 0,
                "colorbar": {**BAR, "title": {"text": safe(picture.unit), "side": "right"}},
            },
        )
    flips = np.array(picture.flips)
    for way, symbol in RINGS.items():
        some = np.flatnonzero(flips == way)
        if len(some):
            figure.add_scatter(
                x=x[some],
                y=y[some],
                mode="markers",
                name=safe(shorten(f"next as {picture.parameter} {way}", 2 * LABEL)),
                hoverinfo="skip",
                marker={"symbol": symbol, "size": 14, "color": theme.ink, "line": {"width": 1.4}},
            )
    for axis, title in (("xaxis", picture.x_label), ("yaxis", picture.y_label)):
        figure.update_layout({axis: {"title": {"text": safe(title)}, "showticklabels": False, "zeroline": False}})
    return figure


def _told(picture: PointMap) -> list[str]:
    columns = (picture.row, picture.true, picture.predicted, picture.flips_to, picture.margin, picture.contribution)
    return [
        f"row {row}<br>true {safe(true)}<br>predicted {safe(predicted)}<br>"
        f"flips to {safe(other)}, {number(abs(margin), signed=False)} away<br>{number(adds)} {safe(picture.unit)}"
        for row, true, predicted, other, margin, adds in zip(*columns, strict=True)
    ]
