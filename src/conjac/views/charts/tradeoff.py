"""Two metrics against each other: a path whose marks say who pays, the operating point, and the Pareto front."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from conjac._typing import FloatArray
from conjac.views.charts.canvas import shorten
from conjac.views.charts.colours import narrow, theme_of
from conjac.views.charts.lines import AXIS_LABEL, name_y
from conjac.views.summary.tradeplot import Spot, TradeoffPlot, in_words
from conjac.views.theme import Theme

MARKERS = {"both improve": "^", "first pays": "<", "second pays": "s", "both worsen": "v", "unsure": "o"}
NAME, WHERE = 20, 12
MANY = 60
"""Points above which a front is a line without marks."""
PAD = 0.06
RIGHT = 0.6
"""Share of the width from which a threshold is written to the left of its point."""


def colours(theme: Theme) -> dict[str, str]:
    """Return the colour of each sign: what both gain and lose by, and who pays."""
    return {
        "both improve": theme.accent,
        "first pays": theme.series[3],
        "second pays": theme.series[4],
        "both worsen": theme.warm,
        "unsure": theme.muted,
    }


def thinned_words(shown: int, n: int) -> str:
    """Say how many there are, where not all are shown."""
    return f" ({shown:,} of {n:,} points)" if n > shown else ""


def paint_tradeoff(ax: Axes, picture: TradeoffPlot) -> None:
    """Paint the path with a mark for each sign, whiskers and values where it is written, and the front."""
    theme = theme_of(ax)
    _ends(ax, picture)
    if not (picture.path or picture.front):
        ax.text(0.5, 0.5, "no point is told", ha="center", transform=ax.transAxes, color=theme.muted)
    if picture.front:
        _front(ax, picture, theme)
    if picture.path:
        _path(ax, picture, theme)
    for k in picture.written[:: 2 if narrow(ax) else 1]:
        _write(ax, (picture.path or picture.front)[k], theme)
    if picture.point is not None:
        one = picture.point
        _whiskers(ax, [one], theme.ink, 1.2)
        ax.plot(
            [one.second.value],
            [one.first.value],
            "*",
            markersize=13,
            color=theme.ink,
            markeredgecolor=theme.paper,
            zorder=6,
            linestyle="",
            label=f"operating point, {one.where}",
        )
    ax.set_xlabel(shorten(picture.second, AXIS_LABEL), parse_math=False)
    name_y(ax, picture.first)
    ax.grid(color=theme.rule, linewidth=0.5)
    ax.set_axisbelow(True)


def places(spots: Sequence[Spot]) -> tuple[FloatArray, FloatArray]:
    """Return where spots lie: to the right, and upwards."""
    return np.array([one.second.value for one in spots]), np.array([one.first.value for one in spots])


def _path(ax: Axes, picture: TradeoffPlot, theme: Theme) -> None:
    x, y = places(picture.path)
    ax.plot(x, y, color=theme.faint, linewidth=1, zorder=2)
    _whiskers(ax, [picture.path[k] for k in picture.written], theme.faint, 0.8)
    every = -(-len(x) // MANY)
    for sign, colour in colours(theme).items():
        at = [k for k, one in enumerate(picture.path) if one.sign == sign]
        at = [k for place, k in enumerate(at) if place % every == 0]
        if at:
            ax.plot(
                x[at],
                y[at],
                MARKERS[sign],
                color=colour,
                markerfacecolor=theme.paper if sign == "unsure" else colour,
                markersize=4.5,
                zorder=4,
                label=shorten(in_words(sign, picture.first, picture.second), NAME),
            )


def _write(ax: Axes, one: Spot, theme: Theme) -> None:
    """Write where a point lies, on the side where there is room."""
    low, high = ax.get_xlim()
    right = one.second.value > low + RIGHT * (high - low)
    ax.annotate(
        shorten(one.where, WHERE),
        (one.second.value, one.first.value),
        xytext=(-6 if right else 5, -9 if right else 5),
        ha="right" if right else "left",
        textcoords="offset points",
        fontsize="small",
        color=theme.ink,
        zorder=5,
    )


def _front(ax: Axes, picture: TradeoffPlot, theme: Theme) -> None:
    x, y = places(picture.front)
    few = len(x) <= MANY
    ax.plot(
        x,
        y,
        color=theme.ink,
        linestyle="-" if not few else (0, (1, 2)),
        linewidth=1 if few else 4,
        alpha=0.7 if few else 0.3,
        marker="D" if few else "",
        markersize=4,
        markerfacecolor=theme.paper,
        zorder=3 if few else 1,
        label="Pareto front" + thinned_words(len(x), picture.n_front),
    )


def _whiskers(ax: Axes, spots: Sequence[Spot], colour: str, wide: float) -> None:
    for one in spots:
        ax.hlines(one.first.value, one.second.lower, one.second.upper, color=colour, linewidth=wide, zorder=2)
        ax.vlines(one.second.value, one.first.lower, one.first.upper, color=colour, linewidth=wide, zorder=2)


def _ends(ax: Axes, picture: TradeoffPlot) -> None:
    """Leave room around the points."""
    told = [*picture.path, *picture.front]
    x, y = places(told)
    for side, setter in ((x, ax.set_xlim), (y, ax.set_ylim)):
        finite = side[np.isfinite(side)]
        if finite.size:
            span = float(finite.max() - finite.min()) or abs(float(finite[0])) or 1.0
            setter(float(finite.min()) - PAD * span, float(finite.max()) + PAD * span)
