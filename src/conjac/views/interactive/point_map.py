"""Rows as points: each tells on hovering which row it is, what it is taken for, and what it adds."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from conjac._typing import FloatArray, IntArray
from conjac.views.charts.canvas import shorten
from conjac.views.charts.heatmap import number
from conjac.views.charts.point_map import FAINTEST, LABEL, PALE, PARAMETER
from conjac.views.interactive.layout import blank, safe, scale
from conjac.views.summary.point_map import FALLING, RISING, PointMap
from conjac.views.theme import Theme

SYMBOLS = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")
SMALL, LARGE = 4.0, 9.0
"""Diameters of the weakest and of the strongest point, in pixels."""
RINGS = {RISING: "circle-open", FALLING: "diamond-open"}
BAR = {"outlinewidth": 0, "thickness": 12, "exponentformat": "none"}
BELOW = {"y": -0.16, "yanchor": "top", "itemsizing": "constant"}
CORNER = {"xref": "paper", "yref": "paper", "x": 1, "y": 0, "xanchor": "right", "yanchor": "bottom"}


def point_map(picture: PointMap, theme: Theme) -> go.Figure:
    """Draw rows as SVG, which shows wherever WebGL is missing."""
    figure = blank(picture, theme, legend=BELOW)
    mark, flips, hover = np.array(picture.mark), np.array(picture.flips), _told(picture)
    share = np.clip(np.nan_to_num(np.array(picture.contribution)) / picture.limit, -1, 1)
    still = np.abs(share) < PALE

    def add(some: IntArray, marker: dict[str, Any], **options: Any) -> None:
        x, y = ([values[place] for place in some] for values in (picture.x, picture.y))
        told = [hover[place] for place in some]
        same = {"mode": "markers", "hovertemplate": "%{customdata}<extra></extra>"}
        figure.add_scatter(x=x, y=y, customdata=told, marker=marker, **same, **options)

    for k, name in enumerate(picture.marks):
        together = {"legendgroup": k, "name": safe(shorten(name, LABEL))}
        pale = {"symbol": SYMBOLS[k], "size": SMALL, "color": theme.faint, "opacity": 0.6}
        add(np.flatnonzero((mark == k) & still), pale, **together)
        some = np.flatnonzero((mark == k) & ~still)
        add(some, _strong(picture, share[some], SYMBOLS[k], theme), **together, showlegend=False)
    for way, symbol in RINGS.items():
        some = np.flatnonzero(flips == way)
        if len(some):
            ring = {"symbol": symbol, "size": 15, "color": theme.ink, "line": {"width": 1.4}}
            add(some, ring, name=safe(f"next as {shorten(picture.parameter, PARAMETER)} {way}"))
    for axis, title in (("xaxis", picture.x_label), ("yaxis", picture.y_label)):
        plain = {"showticklabels": False, "zeroline": False, "showgrid": False}
        figure.update_layout({axis: {**plain, "title": {"text": safe(title), "font": {"size": 13}}}})
    figure.add_annotation(text=picture.shown, showarrow=False, font={"color": theme.muted, "size": 12}, **CORNER)
    bar = {**BAR, "title": {"text": safe(shorten(picture.unit, 2 * LABEL)), "side": "right"}}
    ends = {"cmin": -picture.limit, "cmax": picture.limit}
    return figure.update_layout(coloraxis={"colorscale": scale(theme.diverging), "colorbar": bar, **ends})


def _strong(picture: PointMap, share: FloatArray, symbol: str, theme: Theme) -> dict[str, Any]:
    """Return the marks of points that add something: hollow where they make the figure fall."""
    falls = share < 0
    return {
        "symbol": [symbol + ("-open" if down else "") for down in falls],
        "size": SMALL + (LARGE - SMALL) * np.abs(share),
        "color": np.sign(share) * np.maximum(np.abs(share), FAINTEST) * picture.limit,
        "coloraxis": "coloraxis",
        "line": {"color": theme.muted, "width": np.where(falls, 1.8, 0.5)},
    }


def _told(picture: PointMap) -> list[str]:
    columns = (picture.row, picture.true, picture.predicted, picture.flips_to, picture.margin, picture.contribution)
    return [
        f"row {row}<br>true {safe(true)}<br>predicted {safe(predicted)}<br>"
        f"flips to {safe(other)}, {number(abs(margin), signed=False)} away<br>{number(adds)} {safe(picture.unit)}"
        for row, true, predicted, other, margin, adds in zip(*columns, strict=True)
    ]
