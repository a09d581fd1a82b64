"""Rows as points: colour and size for what they add, filled or hollow for its direction, a shape for the class."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.patheffects import Normal, Stroke

from conjac.views.charts.canvas import shorten
from conjac.views.charts.colours import colormap, root_of, theme_of
from conjac.views.charts.room import label_bar
from conjac.views.summary.point_map import FALLING, RISING, PointMap
from conjac.views.theme import Theme

MARKERS = ("o", "s", "^", "D", "v", "P")
"""One for each mark of a picture."""
SMALL, LARGE = 9.0, 34.0
"""Areas of the weakest and of the strongest point, in square points."""
PALE, FAINTEST = 0.05, 0.3
"""Share of the scale below which a point is drawn as one that adds nothing, and the palest colour of the others."""
BESIDE = {RISING: (6, 5), FALLING: (6, -12)}
"""Where the number of a row is written, in points."""
RINGS = {RISING: "-", FALLING: (0, (1, 1))}
LABEL, PARAMETER, AXIS_LABEL = 24, 16, 60


def paint_point_map(ax: Axes, picture: PointMap) -> None:
    """Paint rows; those that add nothing are small and pale, and those next to flip are ringed."""
    theme = theme_of(ax)
    x, y, adds, mark = (np.array(each) for each in (picture.x, picture.y, picture.contribution, picture.mark))
    share = np.clip(np.nan_to_num(adds) / picture.limit, -1, 1)
    shades = colormap(theme.diverging)
    seen = np.sign(share) * np.maximum(np.abs(share), FAINTEST)
    colours, area = shades((seen + 1) / 2), SMALL + (LARGE - SMALL) * np.abs(share)
    for k, name in enumerate(picture.marks):
        marker: Any = MARKERS[k]
        still = np.flatnonzero((mark == k) & (np.abs(share) < PALE))
        ax.scatter(x[still], y[still], s=SMALL, marker=marker, color=theme.faint, alpha=0.4, linewidths=0, zorder=1)
        ax.scatter([], [], s=24, marker=marker, color=theme.muted, label=shorten(name, LABEL))
        for way, hollow in ((share >= PALE, False), (share <= -PALE, True)):
            some = np.flatnonzero((mark == k) & way)
            ax.scatter(
                x[some],
                y[some],
                s=area[some],
                marker=marker,
                facecolors=theme.paper if hollow else colours[some],
                edgecolors=colours[some] if hollow else theme.muted,
                linewidths=1.4 if hollow else 0.4,
                zorder=2,
                gid="falls" if hollow else "rises",
            )
    _rings(ax, picture, theme)
    bar = root_of(ax).colorbar(ScalarMappable(Normalize(-picture.limit, picture.limit), shades), ax=ax, pad=0.02)
    words = " (hollow: below 0)" if (share <= -PALE).any() else ""
    label_bar(bar, ax, shorten(picture.unit, AXIS_LABEL) + words)
    ax.set_xlabel(shorten(picture.x_label, AXIS_LABEL), parse_math=False)
    ax.set_ylabel(shorten(picture.y_label, AXIS_LABEL), parse_math=False)
    ax.set(xticks=[], yticks=[])
    ax.text(0.99, 0.01, picture.shown, transform=ax.transAxes, ha="right", fontsize="small", color=theme.muted)


def _rings(ax: Axes, picture: PointMap, theme: Theme) -> None:
    """Ring the rows that flip next, and number the first either way."""
    for way, style in RINGS.items():
        some = [k for k, flips in enumerate(picture.flips) if flips == way]
        if not some:
            continue
        x, y = ([values[k] for k in some] for values in (picture.x, picture.y))
        label = f"next as {shorten(picture.parameter, PARAMETER)} {way}"
        ax.scatter(x, y, s=95, facecolors="none", edgecolors=theme.ink, linewidths=1.1, linestyle=style, label=label)
        first = picture.row.index(picture.rising[0] if way == RISING else picture.falling[0])
        at, halo = (picture.x[first], picture.y[first]), [Stroke(linewidth=2, foreground=theme.paper), Normal()]
        told = ax.annotate(f"row {picture.row[first]}", at, BESIDE[way], textcoords="offset points", fontsize="small")
        told.set(color=theme.ink, path_effects=halo, zorder=4)
