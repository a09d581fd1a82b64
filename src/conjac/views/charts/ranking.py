"""What several things do to one figure: a ranking, each with its interval, on both sides of zero."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from conjac._typing import FloatArray
from conjac.views.charts.canvas import shorten
from conjac.views.charts.colours import theme_of
from conjac.views.charts.whiskers import paint_whiskers
from conjac.views.summary.ranking import Bar, Ranking

NAME = 28
PAD = 0.06
FURTHEST = 2.5
"""Whiskers may reach so many times as far as the steepest slope, or as the middle one; further ones end in an arrow."""
LOOKS = {"told apart from 0": ("o", True), "not told apart from 0": ("o", False), "no interval": ("X", False)}
"""Marker of a slope, and whether it is filled."""


def paint_ranking(ax: Axes, picture: Ranking) -> None:
    """Paint each change with its interval, the strongest at the top; a name with a note has an asterisk."""
    theme = theme_of(ax)
    bars = picture.bars
    value, lower, upper = np.array([(one.change.value, one.change.lower, one.change.upper) for one in bars]).T
    ends = _ends(value, lower, upper)
    ax.axvline(0, color=theme.muted, linewidth=0.9)
    paint_whiskers(ax, lower, upper, ends)
    for row in np.flatnonzero(~np.isfinite(value)).tolist():
        ax.text(0, row, " undefined", va="center", color=theme.muted, fontsize="small")
    for words, (marker, filled) in LOOKS.items():
        face = theme.accent if filled else theme.paper
        rows = [row for row, one in enumerate(bars) if _words(one) == words]
        if rows:
            ax.plot(value[rows], rows, marker, color=theme.accent, markerfacecolor=face, markersize=5.5, label=words)
    ax.set(xlim=ends, ylim=(len(bars) - 0.5, -0.5), xlabel=picture.unit)
    ax.set_yticks(range(len(bars)), [shorten(one.name, NAME) + (" *" if one.note else "") for one in bars])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.grid(axis="x", color=theme.rule, linewidth=0.5)
    ax.hlines(range(len(bars)), 0, np.nan_to_num(value), color=theme.faint, linewidth=0.8, zorder=1)
    ax.set_axisbelow(True)


def _words(one: Bar) -> str | None:
    """Say what a mark stands for; nothing of an undefined slope."""
    if not np.isfinite(one.change.value):
        return None
    if not np.isfinite(one.change.lower):
        return "no interval"
    apart = bool(one.change.sign) if one.told_apart is None else one.told_apart
    return "told apart from 0" if apart else "not told apart from 0"


def _ends(value: FloatArray, lower: FloatArray, upper: FloatArray) -> tuple[float, float]:
    """Return where the axis ends: beyond zero and the last whisker, or where whiskers are cut off."""
    steepest, reach = (np.nan_to_num(np.abs(sides)) for sides in (value, np.fmax(-lower, upper)))
    furthest = max(FURTHEST * steepest.max(), np.quantile(reach, 0.5, method="lower"))
    reached = np.concatenate([np.clip(np.nan_to_num(part), -furthest, furthest) for part in (value, lower, upper)])
    low, high = min(0.0, reached.min()), max(0.0, reached.max())
    pad = PAD * (high - low) or 1.0
    return low - pad, high + pad
