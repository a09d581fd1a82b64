"""The cells of many classes: colour alone, the diagonal left grey, groups outlined."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from conjac._typing import BoolArray
from conjac.views.charts.canvas import shorten
from conjac.views.charts.colours import colormap, root_of, theme_of
from conjac.views.charts.heatmap import outline, scale_end
from conjac.views.charts.room import label_bar
from conjac.views.summary.heatmap import HeatMap
from conjac.views.theme import Scale, Theme

LABEL = 12
SHORT, SIZE = 2, 8.8
"""Characters up to which labels of columns stand upright, and their points."""
SQUARE = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5), (-0.5, -0.5)])
CODES = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]


def paint_confusions(ax: Axes, picture: HeatMap) -> None:
    """Paint cells of many classes; those of one colour are one path, so that a page stays small."""
    theme = theme_of(ax)
    shade = np.array(picture.shade)
    n_rows, n_columns = shade.shape
    limit = scale_end(shade)
    colours = _colours(picture, theme)
    step = np.floor(np.nan_to_num(shade / limit if not picture.around_zero else (shade / limit + 1) / 2) * len(colours))
    step = np.clip(step, 0, len(colours) - 1).astype(int)
    usual = len(colours) // 2 if picture.around_zero else 0
    ax.add_patch(Rectangle((-0.5, -0.5), n_columns, n_rows, facecolor=colours[usual], edgecolor="none"))
    for place, colour in enumerate(colours):
        if place != usual:
            _fill(ax, np.isfinite(shade) & (step == place), colour, theme)
    _fill(ax, ~np.isfinite(shade), theme.faint, theme)
    outline(ax, picture, theme)
    norm = Normalize(-limit if picture.around_zero else 0, limit)
    bar = root_of(ax).colorbar(ScalarMappable(norm, colormap(colours)), ax=ax, shrink=0.6, pad=0.02, aspect=28)
    if not (shade < 0).any():
        bar.ax.set_ylim(0, limit)
    label_bar(bar, ax, picture.shaded_by)
    _name(ax, picture, theme)


def _colours(picture: HeatMap, theme: Theme) -> Scale:
    return theme.diverging if picture.around_zero else theme.sequential


def _fill(ax: Axes, cells: BoolArray, colour: str, theme: Theme) -> None:
    """Fill cells with one colour, as one path."""
    if cells.any():
        corners = (np.argwhere(cells)[:, None, ::-1] + SQUARE).reshape(-1, 2)
        path = Path(corners, CODES * int(cells.sum()))
        ax.add_patch(PathPatch(path, facecolor=colour, edgecolor=theme.paper, linewidth=0.4))


def _name(ax: Axes, picture: HeatMap, theme: Theme) -> None:
    columns, rows = ([shorten(name, LABEL) for name in names] for names in (picture.columns, picture.rows))
    turned = 90 if max(map(len, columns)) > SHORT else 0
    ax.set_xticks(range(len(columns)), columns, rotation=turned, fontsize=SIZE)
    ax.set_yticks(range(len(rows)), rows, fontsize=SIZE)
    ax.set(
        xlim=(-0.5, len(columns) - 0.5),
        ylim=(len(rows) - 0.5, -0.5),
        xlabel=picture.column_axis,
        ylabel=picture.row_axis,
        aspect="equal",
    )
    ax.xaxis.set_label_position("top")
    ax.xaxis.tick_top()
    ax.tick_params(length=0, labelcolor=theme.muted)
    ax.spines[:].set_visible(False)
    for text in (*ax.get_xticklabels(), *ax.get_yticklabels()):
        text.set_parse_math(False)
