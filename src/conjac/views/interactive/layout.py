"""The layout that all Plotly figures share, and text that Plotly shows as it is."""

from __future__ import annotations

import html
import textwrap
from typing import Any

import plotly.graph_objects as go

from conjac.views.charts.canvas import shorten
from conjac.views.summary.picture import Picture
from conjac.views.theme import Scale, Theme

FONT = '-apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, system-ui, sans-serif'
TITLE = 90
BENEATH = 72
ROOM_BENEATH = 96
"""Pixels for an axis with its title and what is written beneath it."""


def safe(text: str) -> str:
    """Return text that Plotly shows as it is: it reads tags, entities and mathematics.

    Examples
    --------
    >>> safe("<b> & $x$")
    '&lt;b&gt; &amp; &#36;x&#36;'
    """
    return html.escape(text, quote=False).replace("$", "&#36;")


def beneath(text: str) -> str:
    """Return what is to be known of a picture in short lines of small letters, for beneath its axis.

    Examples
    --------
    >>> beneath("The first 20 of 57.")
    '<span style="font-size:11px">The first 20 of 57.</span>'
    """
    lines = "<br>".join(map(safe, textwrap.wrap(text, BENEATH)))
    return f'<span style="font-size:11px">{lines}</span>' if lines else ""


def scale(colours: Scale) -> list[list[float | str]]:
    """Return a scale of a theme as Plotly's."""
    last = len(colours) - 1
    return [[k / last, colour] for k, colour in enumerate(colours)]


def faded(colour: str, opacity: float) -> str:
    """Return a colour that lets through what lies behind.

    Examples
    --------
    >>> faded("#1d5fa6", 0.5)
    'rgba(29,95,166,0.5)'
    """
    return f"rgba({','.join(str(int(colour[k : k + 2], 16)) for k in (1, 3, 5))},{opacity:g})"


def blank(picture: Picture, theme: Theme, **layout: Any) -> go.Figure:
    """Return a figure without traces in a theme, with a picture's title; its description is in ``layout.meta``."""
    axis = {"gridcolor": theme.rule, "linecolor": theme.faint, "zerolinecolor": theme.faint, "automargin": True}
    figure = go.Figure(
        layout={
            "template": "none",
            "paper_bgcolor": theme.paper,
            "plot_bgcolor": theme.paper,
            "font": {"color": theme.ink, "family": FONT, "size": 13},
            "colorway": list(theme.series),
            "title": {"text": safe(shorten(picture.title, TITLE)), "font": {"size": 15}, "x": 0.02, "xanchor": "left"},
            "hoverlabel": {"bgcolor": theme.wash, "bordercolor": theme.rule, "font": {"color": theme.ink}},
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "bgcolor": "rgba(0,0,0,0)"},
            "margin": {"l": 60, "r": 24, "t": 72, "b": 56},
            "xaxis": axis,
            "yaxis": axis,
            "meta": {"description": picture.description},
        }
    )
    return figure.update_layout(**layout)
