"""Two metrics against each other: on hovering, both with their intervals, the rate between them, and who pays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from conjac.views.charts.heatmap import interval, number
from conjac.views.charts.tradeoff import MANY, colours, places, thinned_words
from conjac.views.interactive.layout import blank, safe
from conjac.views.summary.measure import Measure
from conjac.views.summary.tradeplot import Spot, TradeoffPlot, in_words
from conjac.views.theme import Theme

SYMBOLS = {
    "both improve": "triangle-up",
    "first pays": "triangle-left",
    "second pays": "square",
    "both worsen": "triangle-down",
    "unsure": "circle-open",
}


def tradeoff(picture: TradeoffPlot, theme: Theme) -> go.Figure:
    """Draw the path, the front and the operating point."""
    figure = blank(picture, theme)
    if picture.front:
        x, y = places(picture.front)
        few = len(x) <= MANY
        figure.add_scatter(
            x=x.tolist(),
            y=y.tolist(),
            mode="lines+markers" if few else "lines",
            line={"color": theme.faint, "dash": "dot" if few else "solid", "width": 2 if few else 5},
            marker={"symbol": "diamond-open", "size": 8, "color": theme.ink},
            name="Pareto front" + thinned_words(len(x), picture.n_front),
            customdata=[_hover(picture, one) for one in picture.front],
            hovertemplate="%{customdata}<extra></extra>",
        )
    if picture.path:
        x, y = places(picture.path)
        figure.add_scatter(
            x=x.tolist(),
            y=y.tolist(),
            mode="lines",
            line={"color": theme.faint, "width": 1},
            hoverinfo="skip",
            showlegend=False,
        )
    for sign, colour in colours(theme).items():
        spots = [one for one in picture.path if one.sign == sign]
        if spots:
            name = safe(in_words(sign, picture.first, picture.second))
            _marks(figure, picture, spots, name, {"symbol": SYMBOLS[sign], "size": 8, "color": colour})
    for one in ((picture.path or picture.front)[k] for k in picture.written):
        at = {"x": one.second.value, "y": one.first.value, "xanchor": "left", "xshift": 6, "yshift": 10}
        figure.add_annotation(**at, text=safe(one.where), showarrow=False)
    if picture.point is not None:
        star = {"symbol": "star", "size": 16, "color": theme.ink}
        _marks(figure, picture, [picture.point], f"operating point, {safe(picture.point.where)}", star)
    figure.update_xaxes(title={"text": safe(picture.second)}, zeroline=False)
    return figure.update_yaxes(title={"text": safe(picture.first)}, zeroline=False)


def _marks(
    figure: go.Figure, picture: TradeoffPlot, spots: Sequence[Spot], name: str, marker: dict[str, object]
) -> None:
    x, y = places(spots)
    figure.add_scatter(
        x=x.tolist(),
        y=y.tolist(),
        mode="markers",
        marker=marker,
        name=name,
        customdata=[_hover(picture, one) for one in spots],
        hovertemplate="%{customdata}<extra></extra>",
    )


def _hover(picture: TradeoffPlot, one: Spot) -> str:
    told = [
        f"{safe(picture.moving)} {safe(one.where)}",
        f"{safe(picture.first)} {_figure(one.first)}",
        f"{safe(picture.second)} {_figure(one.second)}",
    ]
    if np.isfinite([one.rate.lower, one.rate.upper]).all():
        told.append(f"{safe(picture.first)} for one of {safe(picture.second)}: {_figure(one.rate, signed=True)}")
    if one.sign:
        told.append(safe(in_words(one.sign, picture.first, picture.second)))
    return "<br>".join(told)


def _figure(told: Measure, *, signed: bool = False) -> str:
    known = np.isfinite(told.lower)
    return number(told.value, signed=signed) + (f" {interval(told.lower, told.upper, signed=signed)}" if known else "")
