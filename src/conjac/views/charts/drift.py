"""What a drift of each input does to a metric: a ranking, each with its interval, on both sides of zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from conjac._typing import FloatArray
from conjac.views.charts.canvas import ACCENT, FAINT, MUTED, RULE, shorten
from conjac.views.summary.drift import Category, Number

SHOWN = 20
"""Inputs in a figure, at most."""
NAME = 28
PAD = 0.06
FURTHEST = 2.5
"""Whiskers may reach so many times as far as the steepest slope; further ones end in an arrow."""
LOOKS = {"told apart from 0": ("o", ACCENT), "not told apart from 0": ("o", "white"), "no interval": ("X", "white")}


def paint_drift(ax: Axes, ranking: Sequence[Number | Category], *, label: str) -> None:
    """Paint each input's change of the metric with its interval, the largest at the top.

    Parameters
    ----------
    ax : Axes
    ranking : sequence of Number or Category
        At most `SHOWN`; a name with a note has an asterisk.
    label : str
        Of the horizontal axis.
    """
    value, lower, upper = np.array([(one.change.value, one.change.lower, one.change.upper) for one in ranking]).T
    ends = _ends(value, lower, upper)
    ax.axvline(0, color=MUTED, linewidth=0.9)
    for row, (one, low, high) in enumerate(zip(ranking, lower, upper, strict=True)):
        if np.isfinite([low, high]).all():
            ax.hlines(row, *np.clip([low, high], *ends), color=ACCENT, linewidth=2, alpha=0.55)
            for beyond, end, marker in ((low < ends[0], ends[0], "<"), (high > ends[1], ends[1], ">")):
                if beyond:
                    ax.plot([end], [row], marker, color=ACCENT, markersize=5, clip_on=False)
        if not np.isfinite(one.change.value):
            ax.text(0, row, " undefined", va="center", color=MUTED, fontsize="small")
    for words, (marker, face) in LOOKS.items():
        rows = [row for row, one in enumerate(ranking) if _words(one) == words]
        if rows:
            ax.plot(value[rows], rows, marker, color=ACCENT, markerfacecolor=face, markersize=5.5, label=words)
    ax.set(xlim=ends, ylim=(len(ranking) - 0.5, -0.5), xlabel=label)
    ax.set_yticks(range(len(ranking)), [shorten(one.name, NAME) + (" *" if one.note else "") for one in ranking])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.grid(axis="x", color=RULE, linewidth=0.5)
    ax.hlines(range(len(ranking)), 0, np.nan_to_num(value), color=FAINT, linewidth=0.8, zorder=1)
    ax.set_axisbelow(True)
    if any(_words(one) for one in ranking):
        ax.figure.legend(loc="outside upper left", ncols=3, handletextpad=0.3, columnspacing=1.2, borderaxespad=0)


def _words(one: Number | Category) -> str | None:
    """Say what a mark stands for; nothing of an undefined slope."""
    if not np.isfinite(one.change.value):
        return None
    if not np.isfinite(one.change.lower):
        return "no interval"
    return "told apart from 0" if one.change.sign else "not told apart from 0"


def _ends(value: FloatArray, lower: FloatArray, upper: FloatArray) -> tuple[float, float]:
    """Return where the axis ends: beyond zero and the last whisker, or where whiskers are cut off."""
    furthest = FURTHEST * np.nan_to_num(np.abs(value)).max()
    reached = np.concatenate([np.clip(np.nan_to_num(part), -furthest, furthest) for part in (value, lower, upper)])
    low, high = min(0.0, reached.min()), max(0.0, reached.max())
    pad = PAD * (high - low) or 1.0
    return low - pad, high + pad
