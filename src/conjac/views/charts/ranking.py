"""What several things do to one figure: a ranking, each with its interval, on both sides of zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from conjac._typing import FloatArray
from conjac.views.charts.canvas import shorten
from conjac.views.charts.colours import theme_of
from conjac.views.charts.room import LINE, SMALLEST, WIDTH, caption, caption_height, points, room_of, wrapped
from conjac.views.charts.whiskers import paint_whiskers
from conjac.views.summary.ranking import Bar, Ranking, first_of

NAME = 28
PAD = 0.06
LEAST, TAKEN = 8, 0.4
"""Characters of a name, at least, and the share of the width that names may take."""
TICK = 8
"""Characters that a number beneath the axis needs."""
AROUND = 32.0
"""Points that a title and a legend take, about."""
FURTHEST = 2.5
"""Whiskers may reach so many times as far as the steepest slope, or as the middle one; further ones end in an arrow."""
NO_INTERVAL = "no interval"


def paint_ranking(ax: Axes, picture: Ranking) -> None:
    """Paint each change with its interval, the first at the top; a name with a note has an asterisk.

    Names stay large enough to be read: where there is no room for all bars, the first are painted, and it says so.
    """
    theme = theme_of(ax)
    if not picture.bars:
        _nothing(ax, picture)
        return
    bars, size, beneath = _that_fit(ax, picture)
    value, lower, upper = np.array([(one.change.value, one.change.lower, one.change.upper) for one in bars]).T
    ends = ends_of(value, lower, upper)
    ax.axvline(0, color=theme.muted, linewidth=0.9)
    paint_whiskers(ax, lower, upper, ends)
    for row in np.flatnonzero(~np.isfinite(value)).tolist():
        ax.text(0, row, " undefined", va="center", color=theme.muted, fontsize="small")
    for words, (marker, filled) in looks(picture).items():
        face = theme.accent if filled else theme.paper
        rows = [row for row, one in enumerate(bars) if words_of(one, picture) == words]
        if rows:
            ax.plot(value[rows], rows, marker, color=theme.accent, markerfacecolor=face, markersize=5.5, label=words)
    ax.set(xlim=ends, ylim=(len(bars) - 0.5, -0.5))
    ax.set_xlabel(picture.unit)
    caption(ax, beneath, "right")
    room, _ = room_of(ax)
    most = max(LEAST, min(NAME, int(TAKEN * room / (WIDTH * size))))
    ax.set_yticks(
        range(len(bars)), [shorten(one.name, most) + (" *" if one.note else "") for one in bars], fontsize=size
    )
    for text in (ax.xaxis.label, *ax.get_yticklabels()):
        text.set_parse_math(False)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    left = (1 - TAKEN) * room / (WIDTH * points(rcParams["xtick.labelsize"]))
    ax.xaxis.set_major_locator(MaxNLocator(max(2, min(5, int(left / TICK)))))
    ax.grid(axis="x", color=theme.rule, linewidth=0.5)
    ax.hlines(range(len(bars)), 0, np.nan_to_num(value), color=theme.faint, linewidth=0.8, zorder=1)
    ax.set_axisbelow(True)


def looks(picture: Ranking) -> dict[str, tuple[str, bool]]:
    """Return the marker of each kind of bar, and whether it is filled, by what it is called."""
    apart, alike = picture.words
    return {apart: ("o", True), alike: ("o", False), NO_INTERVAL: ("X", False)}


def words_of(one: Bar, picture: Ranking) -> str | None:
    """Say what a mark stands for; nothing of an undefined change."""
    if not np.isfinite(one.change.value):
        return None
    if not np.isfinite(one.change.lower):
        return NO_INTERVAL
    return picture.words[0 if one.told_apart else 1]


def _that_fit(ax: Axes, picture: Ranking) -> tuple[Sequence[Bar], float, str]:
    """Return the bars that there is room for, the size of their names, and what is written beneath them."""
    size = points(rcParams["ytick.labelsize"])

    def beneath(shown: int) -> str:
        return f"{first_of(shown, len(picture.bars) - shown + picture.left_out)} {picture.caption}".strip()

    labels = LINE * (size + points(rcParams["axes.labelsize"])) + caption_height(ax, beneath(1))
    _, height = room_of(ax, beneath=labels + AROUND)
    n = max(1, min(len(picture.bars), int(height / (LINE * SMALLEST))))
    return picture.bars[:n], max(SMALLEST, min(size, height / n / LINE)), beneath(n)


def _nothing(ax: Axes, picture: Ranking) -> None:
    """Say that there is nothing to paint."""
    ax.set_axis_off()
    words = wrapped(ax, picture.description, points("small"))
    ax.text(0.5, 0.5, words, ha="center", va="center", transform=ax.transAxes, fontsize="small", parse_math=False)


def ends_of(value: FloatArray, lower: FloatArray, upper: FloatArray) -> tuple[float, float]:
    """Return where the axis ends: beyond zero and the last whisker, or where whiskers are cut off."""
    steepest, reach = (np.nan_to_num(np.abs(sides)) for sides in (value, np.fmax(-lower, upper)))
    furthest = max(FURTHEST * steepest.max(), np.quantile(reach, 0.5, method="lower"))
    reached = np.concatenate([np.clip(np.nan_to_num(part), -furthest, furthest) for part in (value, lower, upper)])
    low, high = min(0.0, reached.min()), max(0.0, reached.max())
    pad = PAD * (high - low) or 1.0
    return low - pad, high + pad
