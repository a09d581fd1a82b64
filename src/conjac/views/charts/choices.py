"""Where the recommended thresholds lie, each with its interval, beside the operating point."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from conjac.views.charts.canvas import shorten
from conjac.views.charts.colours import theme_of
from conjac.views.charts.lines import lay_out
from conjac.views.summary.choices import Choice
from conjac.views.summary.lines import Lines

LABEL = 54


def paint_choices(ax: Axes, choices: Sequence[Choice], lines: Lines, point: float, *, coordinate: str) -> None:
    """Paint each choice's threshold and interval; a target is a filled dot, an optimum an open one."""
    theme = theme_of(ax)
    x = np.array(lines.threshold)
    lay_out(ax, lines.axis, coordinate, x)
    ax.axvline(point, color=theme.ink, linewidth=0.9, label="operating point")
    for row, one in enumerate(choices):
        told = one.threshold
        if np.isfinite([told.lower, told.upper]).all():
            ax.hlines(
                row + 0.17, *np.clip([told.lower, told.upper], x[0], x[-1]), color=theme.accent, linewidth=2, alpha=0.55
            )
        if np.isfinite(told.value):
            face = theme.accent if one.kind == "target" else theme.paper
            ax.plot(
                [np.clip(told.value, x[0], x[-1])],
                [row + 0.17],
                "o",
                markersize=5.5,
                markerfacecolor=face,
                markeredgecolor=theme.accent,
            )
        ax.text(
            0, row - 0.24, shorten(one.aim, LABEL), transform=ax.get_yaxis_transform(), va="center", fontsize="small"
        )
    ax.set_ylim(len(choices) - 0.5, -0.65)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x", color=theme.rule, linewidth=0.5)
    ax.set_axisbelow(True)
