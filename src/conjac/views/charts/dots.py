"""One figure of each of several things on a common axis, each with its interval, and a line to compare with."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from conjac._typing import FloatArray
from conjac.views.charts.canvas import shorten
from conjac.views.charts.colours import theme_of
from conjac.views.charts.whiskers import paint_whiskers
from conjac.views.summary.dots import Dot, Dots

NAME, UNIT = 22, 48
PAD = 0.05
FURTHEST = 4.0
"""Whiskers may reach so many times as far as the middle one; further ones end in an arrow."""
LOOKS = {
    "": ("o", True),
    "differs beyond noise": ("o", True),
    "within noise": ("o", False),
    "no interval": ("X", False),
}
"""Marker of a figure, and whether it is filled."""


def paint_dots(ax: Axes, picture: Dots) -> None:
    """Paint each figure with its interval, from the top down; a name with a note has an asterisk."""
    theme = theme_of(ax)
    dots = picture.dots
    sides = [(one.figure.value, one.figure.lower, one.figure.upper) for one in dots]
    value, lower, upper = np.array(sides, dtype=np.float64).reshape(-1, 3).T
    ends = _ends(value, lower, upper, picture.reference)
    if np.isfinite(picture.reference):
        ax.axvline(
            picture.reference, color=theme.muted, linewidth=1, linestyle=(0, (4, 2)), label=picture.reference_name
        )
    paint_whiskers(ax, lower, upper, ends)
    for words, (marker, filled) in LOOKS.items():
        rows = [row for row, one in enumerate(dots) if _words(one) == words]
        if rows:
            face = theme.accent if filled else theme.paper
            name = words or "_nolegend_"
            ax.plot(value[rows], rows, marker, color=theme.accent, markerfacecolor=face, markersize=5.5, label=name)
    for row in np.flatnonzero(~np.isfinite(value)).tolist():
        ax.text(
            0.01, row, "undefined", va="center", color=theme.muted, fontsize="small", transform=ax.get_yaxis_transform()
        )
    ax.set(xlim=ends, ylim=(max(len(dots), 1) - 0.5, -0.5))
    ax.set_xlabel(shorten(picture.unit, UNIT), parse_math=False)
    names = [shorten(one.name, NAME) + (" *" if one.note else "") for one in dots]
    ax.set_yticks(range(len(dots)), names, parse_math=False)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.grid(axis="x", color=theme.rule, linewidth=0.5)
    ax.set_axisbelow(True)


def _words(one: Dot) -> str | None:
    """Say what a mark stands for; nothing of an undefined figure."""
    if not np.isfinite(one.figure.value):
        return None
    if not np.isfinite(one.figure.lower):
        return "no interval"
    return {None: "", True: "differs beyond noise", False: "within noise"}[one.told_apart]


def _ends(value: FloatArray, lower: FloatArray, upper: FloatArray, reference: float) -> tuple[float, float]:
    """Return where the axis ends: past every figure and the whiskers, but those far longer than the others."""
    known = np.concatenate([value, [reference]])
    known = known[np.isfinite(known)]
    if not known.size:
        return 0.0, 1.0
    middle = float(np.median(known))
    limits = np.concatenate([lower, upper])
    reach = np.fmax(middle - lower, upper - middle)
    reach = reach[np.isfinite(reach)]
    typical = float(np.quantile(reach, 0.5, method="lower")) if reach.size else 0.0
    furthest = max(FURTHEST * typical, np.abs(known - middle).max())
    reached = np.concatenate([known, np.clip(limits, middle - furthest, middle + furthest)])
    low, high = np.nanmin(reached), np.nanmax(reached)
    pad = PAD * (high - low) or 0.5
    return float(low - pad), float(high + pad)
