"""Lines along the thresholds, each with its band; on hovering, the figure with its interval."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from conjac.views.charts.heatmap import interval, number
from conjac.views.charts.lines import AXES, BAND, MARKED, log_odds, ticks_inside
from conjac.views.interactive.layout import blank, faded, safe
from conjac.views.summary.lineplot import LinePlot
from conjac.views.theme import Theme

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


def lines(picture: LinePlot, theme: Theme) -> go.Figure:
    """Draw lines with their bands."""
    figure = blank(picture, theme)
    t = np.array(picture.threshold)
    on_logit = picture.axis == "logit"
    place = log_odds if on_logit else np.asarray
    x = place(t).tolist()
    signed = picture.around_zero
    for one, colour, dash in zip(picture.series, theme.series, DASHES, strict=False):
        name = safe(one.name)
        for side, fill in (("lower", None), ("upper", "tonexty")):
            figure.add_scatter(
                x=x,
                y=getattr(one, side),
                mode="lines",
                line={"width": 0},
                fill=fill,
                fillcolor=faded(colour, BAND),
                hoverinfo="skip",
                showlegend=False,
                legendgroup=name,
                name=f"{name}, {side} limit",
            )
        figure.add_scatter(
            x=x,
            y=one.value,
            mode="lines",
            line={"color": colour, "dash": dash, "width": 2},
            name=name,
            legendgroup=name,
            customdata=[
                f"{name} {number(v, signed=signed)} {interval(low, high, signed=signed)}<br>threshold {at:.6g}"
                for v, low, high, at in zip(one.value, one.lower, one.upper, t.tolist(), strict=True)
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
    mark, point = picture.mark, picture.point
    if np.isfinite([mark.lower, mark.upper]).all():
        ends = place(np.array([mark.lower, mark.upper])).tolist()
        figure.add_vrect(x0=ends[0], x1=ends[1], fillcolor=faded(theme.accent, MARKED), line_width=0)
    for at, words, line in (
        (mark.value, "recommended", {"color": theme.accent, "width": 1, "dash": "dash"}),
        (point, "operating point", {"color": theme.ink, "width": 1}),
    ):
        if np.isfinite(at):
            figure.add_vline(x=place(np.array(at)).item(), line=line, annotation_text=words)
    if picture.around_zero:
        figure.add_hline(y=0, line={"color": theme.faint, "width": 1})
    if on_logit:
        inside = ticks_inside(t)
        figure.update_xaxes(tickvals=log_odds(np.array(inside)).tolist(), ticktext=[f"{tick:.6g}" for tick in inside])
    figure.update_yaxes(title={"text": safe(picture.label)}, range=picture.ends)
    return figure.update_xaxes(title={"text": AXES[picture.coordinate]}, zeroline=False)
