"""Cells as a heat map: colour and number for magnitude, sign and arrow for direction."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch, Rectangle

from conjac._typing import FloatArray
from conjac.views.charts.canvas import shorten
from conjac.views.charts.colours import colormap, root_of, theme_of
from conjac.views.charts.fit import Line, first_that_fits
from conjac.views.charts.room import LINE, SMALLEST, WIDTH, beside, label_bar, points, room_of
from conjac.views.summary.heatmap import HeatMap
from conjac.views.theme import Theme

LABEL, MANY_LABEL = 16, 12
LEAST = 3
"""Characters of a name, however little room there is."""
TAKEN = 0.3
"""Share of a picture that the names of rows may take, and of columns."""
BAR = 64.0
"""Points that a colour bar takes, about."""
WITH_INTERVALS, WITH_NUMBERS = 5, 12
"""Columns up to which a cell may hold its interval, and its number, where there is room."""
FEW = 9.95
"""Rows below which limits are told to a tenth of one."""
PLAIN_SIGN = 0.04
"""Share of the scale from which a cell without a number has its sign."""


def paint_heatmap(ax: Axes, picture: HeatMap) -> None:
    """Paint cells, with their intervals where there is room, else with their numbers, else with their signs."""
    theme = theme_of(ax)
    value, shade = np.array(picture.value), np.array(picture.shade)
    limit = scale_end(shade)
    mesh = _mesh(ax, picture, shade, limit, theme)
    _name(ax, picture, theme)
    lines = first_that_fits(_with_numbers(picture), _cell(ax, picture))
    with_bar = not lines
    if with_bar:
        lines = first_that_fits([(_signs(picture, limit),)], _cell(ax, picture, BAR))
    grounds: Any = mesh.to_rgba(shade)
    for i, j in np.ndindex(value.shape):
        colour = theme.text_on(to_hex(grounds[i, j])) if np.isfinite(shade[i, j]) else theme.ink
        for line in lines:
            if line.texts[i][j]:
                text = ax.text(j, i + line.below, line.texts[i][j], ha="center", va="center", color=colour)
                text.set(fontsize=line.size, parse_math=False)
    if picture.exchanged:
        for row, (_, into_second) in enumerate(value):
            _arrow(ax, row, float(into_second), limit, theme.text_on(to_hex(grounds[row, 0])))
    outline(ax, picture, theme)
    if with_bar:
        bar = root_of(ax).colorbar(mesh, ax=ax, shrink=0.7, pad=0.02)
        label_bar(bar, ax, picture.shaded_by)


def _with_numbers(picture: HeatMap) -> Iterator[tuple[Line, ...]]:
    """Yield what may be written in the cells, what tells the most first."""
    n_rows, n_columns = len(picture.rows), len(picture.columns)
    signed, small = picture.around_zero, points("small")
    if n_columns <= WITH_INTERVALS:
        big = points("medium" if n_rows > 2 * WITH_INTERVALS else "large" if max(n_rows, n_columns) > 2 else "x-large")
        arrows = [[told(v) if signed else counted(v) for v in row] for row in picture.value]
        if n_rows <= 2 * WITH_INTERVALS:
            limits = [
                [limits_of(picture, low, high) for low, high in zip(*row, strict=True)]
                for row in zip(picture.lower, picture.upper, strict=True)
            ]
            yield Line(arrows, big, -0.12), Line(limits, small, 0.24)
        yield (Line(arrows, big),)
    if n_columns <= WITH_NUMBERS:
        most = scale_end(np.array(picture.value))
        yield (Line([[to_scale(v, most) if signed else counted(v) for v in row] for row in picture.value], small),)


def _signs(picture: HeatMap, limit: float) -> Line:
    """Return the signs of the cells that are told by colour alone; of shares, which have none, nothing."""
    signed = picture.around_zero
    signs = [
        [("+" if v > 0 else "−") if signed and abs(v) > PLAIN_SIGN * limit else "" for v in row]
        for row in picture.shade
    ]
    return Line(signs, points("small"))


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
    if not np.isfinite(value):
        return "undefined"
    return f"{value:,.0f}" if value == round(value) else number(value, signed=False)


def interval(lower: float, upper: float, *, signed: bool = True) -> str:
    """Return limits in brackets."""
    known = np.isfinite(lower) and np.isfinite(upper)
    return f"[{number(lower, signed=signed)}, {number(upper, signed=signed)}]" if known else "no interval"


def limits_of(picture: HeatMap, lower: float, upper: float) -> str:
    """Return a cell's limits in brackets; of rows to the row, or to a tenth of one where there are few."""
    if picture.unit == "rows" and not picture.around_zero and np.isfinite(lower) and np.isfinite(upper):
        return f"[{', '.join(f'{side:,.{int(side < FEW)}f}' for side in (lower, upper))}]"
    return interval(lower, upper, signed=picture.around_zero)


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
    """Write what rows and columns are, as far as there is room; of a matrix also on each of few."""
    of_classes, n_rows, n_columns = picture.row_axis == "true", len(picture.rows), len(picture.columns)
    size = points(rcParams["xtick.labelsize"])
    width, height = (side / (WIDTH * size) for side in room_of(ax))  # in letters
    most = LABEL if n_columns <= WITH_INTERVALS else MANY_LABEL
    rows = [shorten(name, max(LEAST, min(most, int(TAKEN * width)))) for name in picture.rows]
    bar = 0.0 if n_columns <= WITH_NUMBERS else BAR
    column = (width - max(map(len, rows)) - bar / (WIDTH * size)) / n_columns
    few = of_classes and max(n_rows, n_columns) <= WITH_INTERVALS and len(picture.column_axis) < column
    upright = not few and min(most, max(map(len, picture.columns))) > column
    most = max(LEAST, min(most, int(TAKEN * height if upright else column)))
    columns = [shorten(name, most) for name in picture.columns]
    if few:
        columns = [f"{picture.column_axis}\n{name}" for name in columns]
        rows = [f"{picture.row_axis}\n{name}" for name in rows]
    elif of_classes:
        ax.set(xlabel=picture.column_axis, ylabel=picture.row_axis)
        ax.xaxis.set_label_position("top")
    ax.set_xticks(range(n_columns), columns, rotation=90 if upright else 0)
    ax.set_yticks(range(n_rows), rows)
    ax.set_ylim(n_rows - 0.5, -0.5)
    ax.tick_params(length=0, labelcolor=theme.muted)
    ax.spines[:].set_visible(False)
    ax.grid(False)
    ax.xaxis.tick_top()
    ax.tick_params(axis="x", length=0)
    across, down = _cell(ax, picture, bar)
    for axis, names, room in ((ax.xaxis, columns, across if upright else np.inf), (ax.yaxis, rows, down / (1 + few))):
        each = max(1, math.ceil(LINE * SMALLEST / max(room, 0.1)))  # every second, where there is no room for all
        axis.set_ticks(range(0, len(names), each), names[::each], fontsize=min(size, each * room / LINE))
        for text in axis.get_ticklabels():
            text.set_parse_math(False)


def _cell(ax: Axes, picture: HeatMap, bar: float = 0.0) -> tuple[float, float]:
    """Return the width and height that a cell will have, in points, once names and a colour bar have taken theirs."""
    size, labels = points(rcParams["xtick.labelsize"]), ax.get_xticklabels()
    long = max(len(label.get_text()) for label in labels)
    above = WIDTH * size * long if labels[0].get_rotation() else LINE * size * (1 + labels[0].get_text().count("\n"))
    above += LINE * (points(rcParams["axes.labelsize"]) * bool(ax.get_xlabel()) + 2 * points("medium"))
    width, height = room_of(ax, beside(ax) + bar, above)
    return width / len(picture.columns), height / len(picture.rows)


def _arrow(ax: Axes, row: int, into_second: float, limit: float, colour: str) -> None:
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
            color=colour,
        )
    )
