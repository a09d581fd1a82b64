"""Several figures of several things: a mark and a whisker each."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from conjac.views.charts.canvas import shorten
from conjac.views.charts.colours import theme_of
from conjac.views.summary.profile import Profile

NAME = 20
PAD = 0.04
APART = 0.34
"""Of a row: between the marks of two series."""
MARKS = (("o", True), ("s", False), ("^", True), ("D", False))
"""Marker of a series, and whether it is filled."""


def paint_profile(ax: Axes, picture: Profile) -> None:
    """Paint each figure with its interval, a row a thing; a series has its marker as well as its colour."""
    theme = theme_of(ax)
    n = len(picture.series)
    reached = [0.0] if not picture.names else []
    for place, (what, values) in enumerate(picture.series):
        value, lower, upper = np.array([(one.value, one.lower, one.upper) for one in values]).reshape(-1, 3).T
        row = np.arange(len(values)) + APART * (place - (n - 1) / 2)
        colour = theme.series[place % len(theme.series)]
        marker, filled = MARKS[place % len(MARKS)]
        known = np.isfinite(lower) & np.isfinite(upper)
        ax.hlines(row[known], lower[known], upper[known], color=colour, linewidth=1.6, alpha=0.55)
        ax.plot(
            value,
            row,
            marker,
            color=colour,
            markerfacecolor=colour if filled else theme.paper,
            markersize=4.5,
            label=what,
        )
        found = np.concatenate([value, lower, upper])
        reached += found[np.isfinite(found)].tolist()
    low, high = (min(reached), max(reached)) if reached else (0.0, 1.0)
    pad = PAD * (high - low) or PAD
    ax.set(xlim=(low - pad, high + pad), ylim=(max(len(picture.names), 1) - 0.5, -0.5), xlabel=picture.unit)
    ax.set_yticks(range(len(picture.names)), [shorten(name, NAME) for name in picture.names])
    for text in ax.get_yticklabels():
        text.set_parse_math(False)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.grid(axis="both", color=theme.rule, linewidth=0.5)
    ax.set_axisbelow(True)
