"""Lines along the thresholds, each with its band; on hovering, the figure with its interval."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from scipy.special import logit

from conjac.views.charts.heatmap import interval, number
from conjac.views.charts.lines import AXES, BAND, ticks_inside
from conjac.views.interactive.layout import blank, faded, safe
from conjac.views.summary.lineplot import LinePlot
from conjac.views.theme import Theme

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


def lines(picture: LinePlot, theme: Theme) -> go.Figure:
    """Draw lines with their bands."""
    figure = blank(picture, theme)
    t = np.array(picture.threshold)
    on_logit = picture.axis == "logit"
    x = (logit(t) if on_logit else t).tolist()
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
    if np.isfinite(picture.point):
        here = float(logit(picture.point)) if on_logit else picture.point
        figure.add_vline(x=here, line={"color": theme.ink, "width": 1}, annotation_text="operating point")
    if picture.around_zero:
        figure.add_hline(y=0, line={"color": theme.faint, "width": 1})
    if on_logit:
        inside = ticks_inside(t)
        figure.update_xaxes(tickvals=logit(inside).tolist(), ticktext=[f"{tick:.6g}" for tick in inside])
    figure.update_yaxes(title={"text": safe(picture.label)}, range=picture.ends)
    return figure.update_xaxes(title={"text": AXES[picture.coordinate]}, zeroline=False)
