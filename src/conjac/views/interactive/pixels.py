"""Images of slopes by pixel, tiled as one heat map: each pixel with its interval on hovering."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from conjac.views.charts.canvas import shorten
from conjac.views.charts.heatmap import interval, scale_end, told
from conjac.views.charts.pixels import HOW, outline_level
from conjac.views.charts.tiles import Tiles
from conjac.views.interactive.layout import ROOM_BENEATH, beneath, blank, safe, scale
from conjac.views.summary.pixels import Pixels
from conjac.views.summary.ranking import first_of
from conjac.views.theme import Theme

ROOM = (760.0, 520.0)
LINE, NAME = 20.0, 14
"""Pixels of the screen for a name, and its characters."""
SIGN = 8.0
"""Pixels of the screen that a sign needs."""


def pixels(picture: Pixels, theme: Theme) -> go.Figure:
    """Draw one image a class, or one alone."""
    tiles = Tiles.of(len(picture.images), picture.shape, ROOM, LINE)
    value = tiles.together([image.value for image in picture.images])
    sign = tiles.together([image.sign for image in picture.images])
    end = scale_end(value)
    hover = np.full(tiles.extent, "", dtype=object)
    for image, (top, left) in zip(picture.images, tiles.corners, strict=True):
        for row, column in np.ndindex(picture.shape):
            figure = told(image.value[row][column])
            limits = interval(image.lower[row][column], image.upper[row][column])
            hover[top + row, left + column] = (
                f"{safe(image.name)}<br>row {row}, column {column}<br>{figure} {limits} {safe(picture.unit)}"
            )
    marks = np.where(sign > 0, "+", np.where(sign < 0, "−", ""))
    with_signs = tiles.side >= SIGN
    trace = go.Heatmap(
        z=value,
        text=marks if with_signs else None,
        texttemplate="%{text}" if with_signs else None,
        customdata=hover,
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False,
        colorscale=scale(theme.diverging),
        zmin=-end,
        zmax=end,
        colorbar={"title": {"text": safe(picture.unit), "side": "right"}, "outlinewidth": 0, "thickness": 12},
    )
    figure = blank(picture, theme).add_trace(trace)
    height, width = picture.shape
    for image, (top, left) in zip(picture.images, tiles.corners, strict=True):
        level = outline_level(image)
        if level is not None:
            figure.add_trace(
                go.Contour(
                    z=image.beneath,
                    x0=left,
                    y0=top,
                    contours={"start": level, "end": level, "size": 1, "coloring": "none"},
                    line={"color": theme.muted, "width": 1.5},
                    hoverinfo="skip",
                    showscale=False,
                    showlegend=False,
                )
            )
        figure.add_annotation(
            x=left - 0.5,
            y=top - 0.5,
            text=safe(shorten(image.name, NAME)),
            showarrow=False,
            xanchor="left",
            yanchor="bottom",
        )
        figure.add_shape(
            type="rect",
            x0=left - 0.5,
            y0=top - 0.5,
            x1=left + width - 0.5,
            y1=top + height - 0.5,
            line={"color": theme.rule, "width": 1},
            fillcolor=theme.rule,
            layer="below",
        )
    words = beneath(f"{first_of(len(picture.images), picture.left_out)} {HOW}".strip())
    plain = {"showgrid": False, "zeroline": False, "showline": False, "showticklabels": False, "ticks": ""}
    return figure.update_layout(
        margin_b=ROOM_BENEATH,
        xaxis={**plain, "title": {"text": words}, "constrain": "domain"},
        yaxis={**plain, "range": [tiles.extent[0] - 0.5, -0.5], "scaleanchor": "x", "constrain": "domain"},
    )
