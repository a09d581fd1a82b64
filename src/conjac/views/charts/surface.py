"""A surface from above: shades and contour lines between its nodes, the best one marked, and those as good."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import Normalize, to_hex
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from conjac._typing import BoolArray, FloatArray
from conjac.views.charts.canvas import shorten
from conjac.views.charts.colours import colormap, narrow, root_of, theme_of
from conjac.views.charts.lines import AXIS_LABEL, name_y
from conjac.views.charts.room import label_bar
from conjac.views.summary.surfaceplot import ARROWS, SurfacePlot
from conjac.views.theme import Theme

LEVELS = 7
DECADES = 100.0
"""Ratio of the ends of a log axis from which powers of ten are ticks enough."""
NAME = 36
DOTS = 17
"""Nodes along each axis up to which each is a dot."""


def paint_surface(ax: Axes, picture: SurfacePlot) -> None:
    """Paint shades with contour lines, nodes, and arrows of the gradient if the picture has them."""
    theme = theme_of(ax)
    first, second = picture.first, picture.second
    for side, scale, ends, axis in (
        (first, ax.set_xscale, ax.set_xlim, ax.xaxis),
        (second, ax.set_yscale, ax.set_ylim, ax.yaxis),
    ):
        scale(side.scale)
        ends(side.nodes[0], side.nodes[-1])
        if side.scale == "log":
            _ticks(axis, side.nodes[-1] / side.nodes[0])
    ax.set_xlabel(shorten(first.label, AXIS_LABEL), parse_math=False)
    name_y(ax, second.label)
    value, drawn = np.array(picture.value), np.array(picture.drawn)
    known = np.isfinite(value)
    if not known.all():
        ax.add_patch(
            Rectangle((0, 0), 1, 1, transform=ax.transAxes, fill=False, hatch="///", edgecolor=theme.rule, linewidth=0)
        )
    if not known.any():
        ax.text(0.5, 0.5, "undefined at all nodes", ha="center", transform=ax.transAxes, color=theme.muted)
        return
    _shades(ax, picture, drawn, (float(value[known].min()), float(value[known].max())), theme)
    _nodes(ax, picture, value, known, theme)
    if picture.arrows and not narrow(ax):
        _arrows(ax, picture, theme)


def _ticks(axis: Axis, ratio: float) -> None:
    """Write the ticks of a log axis as plain numbers, since text of a page is not read as mathematics."""
    axis.set_major_locator(LogLocator(subs=(1.0,) if ratio >= DECADES else (1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:g}"))
    axis.set_minor_formatter(NullFormatter())


def _shades(ax: Axes, picture: SurfacePlot, drawn: FloatArray, ends: tuple[float, float], theme: Theme) -> None:
    low, high = ends if ends[1] > ends[0] else (ends[0] - 0.5, ends[1] + 0.5)
    norm, scale = Normalize(low, high, clip=True), colormap(theme.sequential)
    x, y = np.array(picture.first.fine), np.array(picture.second.fine)
    surface = np.ma.masked_invalid(drawn.T)
    mesh = ax.pcolormesh(
        x, y, surface, cmap=scale, norm=norm, shading="nearest", rasterized=True, edgecolor="face", linewidth=0.8
    )
    if ends[1] > ends[0] and surface.count():
        levels = levels_of(low, high)
        colours = [theme.text_on(to_hex(scale(norm(v)))) for v in levels]
        if levels:
            lines = ax.contour(x, y, surface, levels=levels, colors=colours, linewidths=0.8, alpha=0.75)
            if not narrow(ax):
                for text in ax.clabel(lines, fontsize="x-small", fmt="%.4g"):
                    text.set_alpha(1)
    bar = root_of(ax).colorbar(mesh, ax=ax, shrink=0.85, pad=0.02)
    label_bar(bar, ax, shorten(picture.figure, NAME))


def _nodes(ax: Axes, picture: SurfacePlot, value: FloatArray, known: BoolArray, theme: Theme) -> None:
    x, y = np.meshgrid(picture.first.nodes, picture.second.nodes, indexing="ij")
    alike = np.array(picture.alike)
    alike[picture.best] = False
    few = max(value.shape) <= DOTS
    white: Any = {"markeredgecolor": theme.pale, "markerfacecolor": theme.strong}
    common: Any = {"linestyle": "", "clip_on": False, "zorder": 4}
    if few:
        ax.plot(x[known], y[known], ".", markersize=3.5, markeredgewidth=0.3, **white, **common, gid="nodes")
    if not known.all():
        lost = ~known
        ax.plot(x[lost], y[lost], "x", markersize=5, color=theme.ink, **common, label="undefined")
    if alike.any():
        size = 6 if few else 3.5
        ax.plot(x[alike], y[alike], "o", markersize=size, **white, **common, label="within 1 stderr of it")
    i, j = picture.best
    told = f"best: {picture.value[i][j]:.3g} ± {picture.stderr[i][j]:.2g}"
    ax.plot([x[i, j]], [y[i, j]], "*", markersize=15, **white, **{**common, "zorder": 6}, label=told)


def _arrows(ax: Axes, picture: SurfacePlot, theme: Theme) -> None:
    """Draw the gradient as change over the width and the height of the picture, so that arrows point uphill."""
    x, y, right, up = np.array(picture.arrows).T
    longest = float(np.hypot(right, up).max())
    ax.quiver(
        x,
        y,
        right,
        up,
        pivot="mid",
        scale_units="width",
        scale=(longest or 1.0) * ARROWS,
        color=theme.strong,
        edgecolor=theme.pale,
        linewidth=0.4,
        width=0.005,
        zorder=5,
    )
    ax.plot([], [], linestyle="", marker=r"$\rightarrow$", markersize=12, color=theme.ink, label="uphill")


def levels_of(low: float, high: float) -> list[float]:
    """Return the values at which contour lines are drawn."""
    return [float(v) for v in MaxNLocator(LEVELS).tick_values(low, high) if low < v < high]
