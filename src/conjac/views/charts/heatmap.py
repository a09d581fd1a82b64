"""Cells as a heat map: colour and number for magnitude, sign and arrow for direction."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch, Rectangle

from conjac._typing import FloatArray
from conjac.views.charts.canvas import shorten
from conjac.views.charts.colours import colormap, root_of, theme_of
from conjac.views.summary.heatmap import HeatMap
from conjac.views.theme import Theme

LABEL, MANY_LABEL = 16, 12
WITH_INTERVALS, WITH_NUMBERS = 5, 12
"""Columns up to which a cell has room for its interval, and for its number."""
ROOM = 0.9
"""Inches a column from which more columns have room for intervals too."""
PLAIN_SIGN = 0.04
"""Share of the scale from which a cell without a number has its sign."""


def paint_heatmap(ax: Axes, picture: HeatMap) -> None:
    """Paint cells, with their intervals where there is room, else with their numbers, else with their signs."""
    theme = theme_of(ax)
    value, shade = np.array(picture.value), np.array(picture.shade)
    lower, upper = np.array(picture.lower), np.array(picture.upper)
    limit = scale_end(shade)
    mesh = _mesh(ax, picture, shade, limit, theme)
    n_rows, n_columns = value.shape
    most = scale_end(value)
    roomy = n_columns <= WITH_INTERVALS or ax.get_position().width * root_of(ax).get_figwidth() >= ROOM * n_columns
    grounds: Any = mesh.to_rgba(shade)
    for i, j in np.ndindex(n_rows, n_columns):
        figure, limits = float(value[i, j]), (float(lower[i, j]), float(upper[i, j]))
        colour = theme.text_on(to_hex(grounds[i, j])) if np.isfinite(shade[i, j]) else theme.ink
        if roomy:
            text = told(figure) if picture.around_zero else counted(figure)
            one_line = n_rows > 2 * WITH_INTERVALS
            size = "medium" if one_line else "large" if max(n_rows, n_columns) > 2 else "x-large"
            ax.text(j, i - (0 if one_line else 0.12), text, ha="center", va="center", color=colour, fontsize=size)
            if not one_line:
                whisker = interval(*limits, signed=picture.around_zero)
                ax.text(j, i + 0.24, whisker, ha="center", va="center", color=colour, fontsize="small")
        elif n_columns <= WITH_NUMBERS:
            text = to_scale(figure, most) if picture.around_zero else counted(figure)
            ax.text(j, i, text, ha="center", va="center", color=colour, fontsize="small")
        elif picture.around_zero and abs(shade[i, j]) > PLAIN_SIGN * limit:
            sign = "+" if shade[i, j] > 0 else "−"
            ax.text(j, i, sign, ha="center", va="center", color=colour, fontsize="small")
    if picture.exchanged:
        for row, (_, into_second) in enumerate(value):
            _arrow(ax, row, float(into_second), limit, theme)
    outline(ax, picture, theme)
    if n_columns > WITH_NUMBERS:
        bar = root_of(ax).colorbar(mesh, ax=ax, shrink=0.7, pad=0.02)
        bar.outline.set_visible(False)
        bar.set_label(picture.shaded_by)
    _name(ax, picture, theme)


def outline(ax: Axes, picture: HeatMap, theme: Theme) -> None:
    """Draw the squares on the diagonal that are set apart."""
    for first, last in picture.outlined:
        size = last - first + 1
        square = Rectangle((first - 0.5, first - 0.5), size, size, fill=False, edgecolor=theme.ink, linewidth=1.2)
        ax.add_patch(square)


def scale_end(shade: FloatArray) -> float:
    """Return where the colours end: at the largest figure, either way from zero."""
    finite = np.abs(shade[np.isfinite(shade)])
    return float(finite.max()) if finite.size and finite.max() > 0 else 1.0


def told(value: float) -> str:
    """Return a number with its sign and an arrow."""
    if not np.isfinite(value):
        return "undefined"
    if value == 0:
        return "0"
    return f"{'▲' if value > 0 else '▼'} {number(value)}"


def number(value: float, *, signed: bool = True) -> str:
    """Return three significant digits, with a true minus."""
    if not np.isfinite(value):
        return "—"
    sign = "+" if signed else ""
    text = f"{value:{sign},.0f}" if abs(value) >= 100 else f"{value:{sign}#.3g}".rstrip(".")
    return text.replace("-", "−")


def to_scale(value: float, largest: float) -> str:
    """Return a number to the decimals that tell three digits of the largest, so that columns of them stay narrow."""
    if not np.isfinite(value):
        return "—"
    text = f"{value:+,.{max(0, 2 - int(np.floor(np.log10(largest))))}f}".replace("-", "−")
    return text if text.strip("+−0.") else "0"


def counted(value: float) -> str:
    """Return a number of rows, or a share."""
    return f"{value:,.0f}" if value == round(value) else number(value, signed=False)


def interval(lower: float, upper: float, *, signed: bool = True) -> str:
    """Return limits in brackets."""
    known = np.isfinite(lower) and np.isfinite(upper)
    return f"[{number(lower, signed=signed)}, {number(upper, signed=signed)}]" if known else "no interval"


def _mesh(ax: Axes, picture: HeatMap, shade: FloatArray, limit: float, theme: Theme) -> QuadMesh:
    n_rows, n_columns = shade.shape
    return ax.pcolormesh(
        np.arange(n_columns + 1) - 0.5,
        np.arange(n_rows + 1) - 0.5,
        np.ma.masked_invalid(shade),
        cmap=colormap(theme.diverging if picture.around_zero else theme.sequential),
        vmin=-limit if picture.around_zero else 0,
        vmax=limit,
        edgecolor=theme.paper,
        linewidth=3 if n_columns <= WITH_INTERVALS else 0.6,
    )


def _name(ax: Axes, picture: HeatMap, theme: Theme) -> None:
    """Write what rows and columns are; of a matrix also on each of few."""
    few = max(len(picture.rows), len(picture.columns)) <= WITH_INTERVALS and picture.row_axis == "true"
    room = LABEL if len(picture.columns) <= WITH_INTERVALS else MANY_LABEL
    columns, rows = ([shorten(name, room) for name in names] for names in (picture.columns, picture.rows))
    if few:
        columns = [f"{picture.column_axis}\n{name}" for name in columns]
        rows = [f"{picture.row_axis}\n{name}" for name in rows]
    upright = not few and max(map(len, columns)) * len(columns) > 40
    ax.set_xticks(range(len(columns)), columns, rotation=90 if upright else 0)
    ax.set_yticks(range(len(rows)), rows)
    if not few and picture.row_axis == "true":
        ax.set(xlabel=picture.column_axis, ylabel=picture.row_axis)
        ax.xaxis.set_label_position("top")
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.tick_params(length=0, labelcolor=theme.muted)
    ax.spines[:].set_visible(False)
    ax.grid(False)
    ax.xaxis.tick_top()
    ax.tick_params(axis="x", length=0)
    for text in (*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels()):
        text.set_parse_math(False)


def _arrow(ax: Axes, row: int, into_second: float, limit: float, theme: Theme) -> None:
    """Draw rows moving between the two cells of a true class, as wide as there are many."""
    if not np.isfinite(into_second) or into_second == 0:
        return
    reach = 0.11 if into_second > 0 else -0.11
    wide = 0.8 + 2.4 * abs(into_second) / limit
    ax.add_patch(
        FancyArrowPatch(
            (0.5 - reach, row + 0.4),
            (0.5 + reach, row + 0.4),
            arrowstyle="-|>",
            mutation_scale=7 + 2 * wide,
            linewidth=wide,
            color=theme.ink,
        )
    )
