"""Lines with bands over the thresholds, and the operating point."""

from __future__ import annotations

from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from scipy.special import expit, logit

from conjac._typing import BoolArray, FloatArray
from conjac.views.charts.canvas import shorten
from conjac.views.charts.colours import root_of, theme_of
from conjac.views.summary.lineplot import LinePlot

DASHES: Any = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)), (0, (3, 3)), (0, (1, 2.5)))
"""One for each colour of a theme's series."""
BAND, MARKED = 0.16, 0.07
MARGIN = 0.05
LABEL, AXIS_LABEL = 24, 42
CHARACTERS, SHORTEST = 13, 14
"""Of an axis's label: to the inch, and in a line at least."""
TICKS = (1e-8, 1e-6, 1e-4, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.999999)
SPARSE, MOST = (*TICKS[:3], 0.01, 0.5, 0.99, *TICKS[-2:]), 8
AXES = {
    "probability": "threshold (probability)",
    "logit": "threshold (log-odds)",
    "percentile": "share of rows alerted",
    "score": "threshold (score)",
}


def paint_lines(ax: Axes, picture: LinePlot) -> None:
    """Paint lines with their pointwise bands, each in a colour and a dash of its own."""
    theme = theme_of(ax)
    x = np.array(picture.threshold)
    lay_out(ax, picture.axis, picture.coordinate, x)
    mark, point = picture.mark, picture.point
    if np.isfinite([mark.lower, mark.upper]).all():
        ax.axvspan(*np.clip([mark.lower, mark.upper], x[0], x[-1]), color=theme.accent, alpha=MARKED, linewidth=0)
    if x[0] <= mark.value <= x[-1]:
        ax.axvline(mark.value, color=theme.accent, linewidth=0.9, linestyle=(0, (4, 2)), label="recommended")
    if picture.around_zero:
        ax.axhline(0, color=theme.faint, linewidth=0.8)
    for one, colour, style in zip(picture.series, theme.series, DASHES, strict=False):
        ax.fill_between(x, np.array(one.lower), np.array(one.upper), color=colour, alpha=BAND, linewidth=0, gid="band")
        ax.plot(x, np.array(one.value), color=colour, linestyle=style, label=shorten(one.name, LABEL))
    if x[0] <= point <= x[-1]:
        ax.axvline(point, color=theme.ink, linewidth=0.9, label="operating point", zorder=1)
    ends_of_y(ax, picture, central(ax, x))
    name_y(ax, picture.label)
    ax.grid(axis="y", color=theme.rule, linewidth=0.5)
    ax.set_axisbelow(True)


def name_y(ax: Axes, label: str) -> None:
    """Write what goes upwards, in as many lines as the height asks for."""
    room = int(CHARACTERS * ax.get_position().height * root_of(ax).get_figheight())
    ax.set_ylabel(fill(shorten(label, AXIS_LABEL), max(room, SHORTEST)), parse_math=False)


def lay_out(ax: Axes, axis: str, coordinate: str, x: FloatArray) -> None:
    """Set the axis of thresholds: linear, or in log-odds with probabilities written on it."""
    ax.set_xlabel(AXES[coordinate])
    if axis != "logit":
        if x[-1] > x[0]:
            ax.set_xlim(x[0], x[-1])
        ax.xaxis.set_major_locator(MaxNLocator(6))
        return
    ax.set_xscale("function", functions=(log_odds, expit))
    ax.set_xlim(x[0], x[-1])
    ax.xaxis.set_major_locator(FixedLocator(ticks_inside(x)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:.6g}"))


def ticks_inside(x: FloatArray) -> list[float]:
    """Return which probabilities are written on an axis in log-odds."""
    inside = [tick for tick in TICKS if x[0] <= tick <= x[-1]]
    return [tick for tick in SPARSE if tick in inside] if len(inside) > MOST else inside


def log_odds(x: FloatArray) -> FloatArray:
    """Return where probabilities lie on an axis in log-odds; 0 and 1 at its far ends."""
    return np.asarray(logit(np.clip(x, 1e-9, 1 - 1e-9)))


def central(ax: Axes, x: FloatArray) -> BoolArray:
    """Tell which thresholds lie in the middle nine tenths of the axis, where lines are not at their ends."""
    place = ax.transAxes.inverted().transform(ax.transData.transform(np.column_stack([x, np.zeros_like(x)])))[:, 0]
    return np.asarray((place > MARGIN) & (place < 1 - MARGIN))


def ends_of_y(ax: Axes, picture: LinePlot, middle: BoolArray) -> None:
    """Set the vertical ends, so that a spike at one end of a line does not flatten the rest."""
    drawn = np.array([one.value for one in picture.series])[:, middle]
    bands = np.array([side for one in picture.series for side in (one.lower, one.upper)])[:, middle]
    finite = drawn[np.isfinite(drawn)]
    if not finite.size:
        ax.text(0.5, 0.5, "undefined on these rows", ha="center", transform=ax.transAxes, color=theme_of(ax).muted)
        ax.set_yticks([])
        return
    if picture.ends is not None:
        ax.set_ylim(*picture.ends)
        return
    low, high = finite.min(), finite.max()
    if np.isfinite(bands).any():
        low, high = min(low, np.nanquantile(bands, 0.01)), max(high, np.nanquantile(bands, 0.99))
    if picture.around_zero:
        low, high = min(low, 0), max(high, 0)
    pad = 0.06 * (high - low) or 1.0
    ax.set_ylim(low - pad, high + pad)
