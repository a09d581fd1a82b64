"""A surface in three dimensions, and from above where WebGL is missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from conjac._typing import FloatArray
from conjac.views.charts.canvas import shorten
from conjac.views.charts.heatmap import number
from conjac.views.charts.surface import DOTS, levels_of
from conjac.views.interactive.layout import blank, safe, scale
from conjac.views.summary.surfaceplot import Side, SurfacePlot
from conjac.views.theme import Theme

NAME, SHORT = 36, 22
PALEST = 4
"""Steps of the scale that are left out in space, where they would be lost against the paper."""
DECADES = 1.5
"""From how many on only they are written on a logarithmic axis."""


def surface(picture: SurfacePlot, theme: Theme) -> go.Figure:
    """Draw the surface in three dimensions, with its nodes and the best of them."""
    figure = blank(picture, theme)
    x, y = picture.first.fine, picture.second.fine
    figure.add_surface(
        x=x,
        y=y,
        z=np.array(picture.drawn).T,
        colorscale=scale(theme.sequential[PALEST:]),
        colorbar=_bar(picture),
        contours={"z": {"show": True, "color": theme.muted, "width": 1, "project": {"z": True}}},
        hovertemplate=_between(picture),
        lighting={"ambient": 0.85, "diffuse": 0.4, "specular": 0.05},
        name=safe(picture.figure),
    )
    nodes, hover = _nodes(picture)
    common: dict[str, Any] = {"mode": "markers", "hovertemplate": "%{customdata}<extra></extra>"}
    figure.add_scatter3d(
        x=[one[0] for one in nodes],
        y=[one[1] for one in nodes],
        z=[one[2] for one in nodes],
        customdata=hover,
        marker={"size": _size(picture, 3), "color": theme.ink},
        name="nodes",
        **common,
    )
    if picture.best:
        (at_x, at_y, at_z), told = _best(picture)
        mark = {"size": 8, "symbol": "diamond", "color": theme.warm, "line": {"color": theme.ink, "width": 2}}
        name = _named(picture)
        figure.add_scatter3d(x=[at_x], y=[at_y], z=[at_z], customdata=[told], marker=mark, name=name, **common)
    return figure.update_layout(
        scene={
            "xaxis": _scene(picture.first, theme),
            "yaxis": _scene(picture.second, theme),
            "zaxis": {**_ground(theme), "title": {"text": safe(picture.figure)}},
            "camera": {"eye": {"x": -1.6, "y": -1.7, "z": 0.9}, "center": {"x": 0, "y": 0, "z": -0.18}},
        },
        margin={"l": 0, "r": 0, "t": 90, "b": 0},
    )


def surface_flat(picture: SurfacePlot, theme: Theme) -> go.Figure:
    """Draw the surface from above: shades with contour lines, which need no WebGL."""
    figure = blank(picture, theme)
    drawn = np.array(picture.drawn).T
    where: dict[str, Any] = {"x": picture.first.fine, "y": picture.second.fine, "z": drawn}
    figure.add_heatmap(
        **where,
        colorscale=scale(theme.sequential),
        colorbar=_bar(picture),
        hovertemplate=_between(picture),
        hoverongaps=False,
        name=safe(picture.figure),
    )
    for colour, levels in _contours(drawn, theme).items():
        step = levels[1] - levels[0] if len(levels) > 1 else 1.0
        figure.add_contour(
            **where,
            contours={"coloring": "none", "start": levels[0], "end": levels[-1], "size": step, "showlabels": True},
            line={"color": colour, "width": 1},
            showscale=False,
            showlegend=False,
            hoverinfo="skip",
        )
    nodes, hover = _nodes(picture)
    edge = {"color": theme.pale, "width": 1}
    common: dict[str, Any] = {"mode": "markers", "cliponaxis": False, "hovertemplate": "%{customdata}<extra></extra>"}
    figure.add_scatter(
        x=[one[0] for one in nodes],
        y=[one[1] for one in nodes],
        customdata=hover,
        marker={"size": _size(picture, 5), "color": theme.strong, "line": edge},
        name="nodes",
        **common,
    )
    if picture.best:
        (at_x, at_y, _), told = _best(picture)
        mark = {"size": 18, "symbol": "star", "color": theme.strong, "line": edge}
        figure.add_scatter(x=[at_x], y=[at_y], customdata=[told], marker=mark, name=_named(picture), **common)
    for axis, side in (("xaxis", picture.first), ("yaxis", picture.second)):
        figure.update_layout({axis: {**_axis(side), "showgrid": False, "zeroline": False}})
    return figure


def _contours(drawn: FloatArray, theme: Theme) -> dict[str, list[float]]:
    """Return the values of contour lines by the colour that can be seen on their ground."""
    known = drawn[np.isfinite(drawn)]
    found: dict[str, list[float]] = {}
    if known.size and known.max() > known.min():
        low, high = float(known.min()), float(known.max())
        for level in levels_of(low, high):
            ground = theme.sequential[round((level - low) / (high - low) * (len(theme.sequential) - 1))]
            found.setdefault(theme.text_on(ground), []).append(level)
    return found


def _size(picture: SurfacePlot, usual: float) -> float:
    """Return how large nodes are drawn: smaller where they are many."""
    return usual if max(np.shape(picture.value)) <= DOTS else 0.6 * usual


def _axis(side: Side) -> dict[str, Any]:
    """Return one axis: its name, its scale and its ends."""
    ends = np.array([side.nodes[0], side.nodes[-1]])
    found = {"title": {"text": safe(shorten(side.label, NAME))}, "type": side.scale, "range": ends.tolist()}
    if side.scale == "log":
        ends = np.log10(ends)
        found |= {"range": ends.tolist()} | ({"dtick": 1} if ends[1] - ends[0] >= DECADES else {})
    return found


def _ground(theme: Theme) -> dict[str, Any]:
    return {"gridcolor": theme.rule, "backgroundcolor": theme.paper, "color": theme.muted, "zerolinecolor": theme.rule}


def _scene(side: Side, theme: Theme) -> dict[str, Any]:
    return {**_ground(theme), **_axis(side), "title": {"text": safe(shorten(side.name, SHORT))}}


def _bar(picture: SurfacePlot) -> dict[str, Any]:
    return {"title": {"text": safe(picture.figure), "side": "right"}, "outlinewidth": 0, "thickness": 12, "len": 0.8}


def _between(picture: SurfacePlot) -> str:
    """Return what hovering tells between the nodes."""
    names = (picture.first.name, picture.second.name, picture.figure)
    first, second, figure = (safe(name).replace("%{", "% {") for name in names)  # which Plotly would fill in
    return f"{first} %{{x:.4g}}<br>{second} %{{y:.4g}}<br>{figure} %{{z:.4g}}, between nodes<extra></extra>"


def _told(picture: SurfacePlot, i: int, j: int) -> str:
    """Say what a node holds."""
    told = [
        f"{safe(picture.first.name)} {picture.first.nodes[i]:.6g}",
        f"{safe(picture.second.name)} {picture.second.nodes[j]:.6g}",
        f"{safe(picture.figure)} {number(picture.value[i][j], signed=False)} ± {picture.stderr[i][j]:.2g}",
    ]
    for side, slopes in ((picture.first, picture.first_slope), (picture.second, picture.second_slope)):
        if np.isfinite(slopes[i][j]):
            told.append(f"slope {number(slopes[i][j])} per {safe(side.unit)} of {safe(side.name)}")
    if picture.alike[i][j]:
        told.append("within one standard error of the best")
    return "<br>".join(told)


def _nodes(picture: SurfacePlot) -> tuple[list[tuple[float, float, float]], list[str]]:
    """Return where the nodes lie that are defined, and what each holds."""
    places = [place for place in np.ndindex(np.shape(picture.value)) if np.isfinite(picture.value[place[0]][place[1]])]
    return [_at(picture, i, j) for i, j in places], [_told(picture, i, j) for i, j in places]


def _at(picture: SurfacePlot, i: int, j: int) -> tuple[float, float, float]:
    return picture.first.nodes[i], picture.second.nodes[j], picture.value[i][j]


def _best(picture: SurfacePlot) -> tuple[tuple[float, float, float], str]:
    i, j = picture.best
    return _at(picture, i, j), _told(picture, i, j)


def _named(picture: SurfacePlot) -> str:
    i, j = picture.best
    return f"best: {picture.value[i][j]:.3g} ± {picture.stderr[i][j]:.2g}"
