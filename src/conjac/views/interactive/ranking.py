"""A ranking: each change with its interval, and what is to be known of it, on hovering."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from conjac.views.charts.canvas import shorten
from conjac.views.charts.heatmap import interval, told
from conjac.views.charts.ranking import NAME, ends_of, looks, words_of
from conjac.views.interactive.layout import ROOM_BENEATH, beneath, blank, safe
from conjac.views.summary.ranking import Bar, Ranking, first_of
from conjac.views.theme import Theme

SYMBOLS = {"o": "circle", "X": "x"}
ROW, AROUND = 26, 190
"""Pixels of a bar, and of what is around them."""


def ranking(picture: Ranking, theme: Theme) -> go.Figure:
    """Draw each change with its interval."""
    figure = blank(picture, theme)
    bars = picture.bars
    if not bars:
        return figure.add_annotation(text=safe(picture.description), showarrow=False).update_layout(
            xaxis_visible=False, yaxis_visible=False
        )
    value, lower, upper = np.array([(one.change.value, one.change.lower, one.change.upper) for one in bars]).T
    rows = np.flatnonzero(np.isfinite(lower) & np.isfinite(upper))
    blanks = np.full(len(rows), np.nan)
    figure.add_trace(
        go.Scatter(
            x=np.stack([lower[rows], upper[rows], blanks], axis=1).ravel(),
            y=np.stack([rows, rows, blanks], axis=1).ravel(),
            mode="lines",
            line={"color": theme.accent, "width": 3},
            opacity=0.55,
            hoverinfo="skip",
            showlegend=False,
        )
    )
    for words, (marker, filled) in looks(picture).items():
        some = [row for row, one in enumerate(bars) if words_of(one, picture) == words]
        if some:
            figure.add_trace(
                go.Scatter(
                    x=value[some],
                    y=some,
                    mode="markers",
                    name=words,
                    marker={
                        "symbol": SYMBOLS[marker],
                        "size": 9,
                        "color": theme.accent if filled else theme.paper,
                        "line": {"color": theme.accent, "width": 1.6},
                    },
                    customdata=[_hover(bars[row], picture) for row in some],
                    hovertemplate="%{customdata}<extra></extra>",
                )
            )
    names = [safe(shorten(one.name, NAME)) + (" *" if one.note else "") for one in bars]
    words = beneath(f"{first_of(len(bars), picture.left_out)} {picture.caption}".strip())
    return figure.update_layout(
        height=AROUND + ROW * len(bars),
        margin_b=ROOM_BENEATH,
        xaxis={
            "title": {"text": "<br>".join(filter(None, (safe(picture.unit), words)))},
            "range": ends_of(value, lower, upper),
            "zeroline": True,
        },
        yaxis={
            "tickvals": list(range(len(bars))),
            "ticktext": names,
            "range": [len(bars) - 0.5, -0.5],
            "zeroline": False,
            "showgrid": False,
        },
    )


def _hover(one: Bar, picture: Ranking) -> str:
    change = f"{told(one.change.value)} {interval(one.change.lower, one.change.upper)} {picture.unit}"
    others = [f"{name} {value:.4g}" for name, value in one.figures]
    told_apart = words_of(one, picture) or ""
    return "<br>".join(safe(text) for text in (one.name, change, told_apart, *others, one.note) if text)
