"""Images of slopes by pixel: colour for magnitude, a sign where a slope is told apart from zero."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from conjac.views.charts.canvas import shorten
from conjac.views.charts.colours import colormap, root_of, theme_of
from conjac.views.charts.heatmap import scale_end
from conjac.views.charts.room import LINE, SMALLEST, WIDTH, caption, caption_height, label_bar, points, room_of
from conjac.views.charts.tiles import Tiles
from conjac.views.summary.pixels import Image, Pixels
from conjac.views.summary.ranking import first_of
from conjac.views.theme import Theme

SIGN = 5.0
"""Points that a sign needs: of smaller pixels every second or third has one."""
BAR = 56.0
"""Points that the colour bar takes, about."""
OUTLINE = 0.5
"""Where the outline of the image beneath runs, between its least and its largest value."""
HOW = "+ and − where told apart from 0; blank where a pixel does not drift"


def paint_pixels(ax: Axes, picture: Pixels) -> None:
    """Paint one image a class, or one alone, on one scale around zero."""
    theme = theme_of(ax)
    words = f"{first_of(len(picture.images), picture.left_out)} {HOW}".strip()
    width, height = room_of(ax, beside=BAR, beneath=3 * points("medium") + caption_height(ax, words, BAR))
    size = max(SMALLEST, min(points("small"), height / 20))
    tiles = Tiles.of(len(picture.images), picture.shape, (width, height), LINE * size)
    value = tiles.together([image.value for image in picture.images])
    end = scale_end(value)
    n_rows, n_columns = tiles.extent
    for row, column in tiles.corners:
        ax.add_patch(
            Rectangle(
                (column - 0.5, row - 0.5),
                picture.shape[1],
                picture.shape[0],
                facecolor=theme.rule,
                linewidth=0,
            )
        )
    mesh = ax.pcolormesh(
        np.arange(n_columns + 1) - 0.5,
        np.arange(n_rows + 1) - 0.5,
        np.ma.masked_invalid(value),
        cmap=colormap(theme.diverging),
        vmin=-end,
        vmax=end,
    )
    _signs(ax, picture, tiles, mesh.to_rgba(value), theme)
    for image, (row, column) in zip(picture.images, tiles.corners, strict=True):
        _outline(ax, image, row, column, theme)
        room = int(picture.shape[1] * tiles.side / (WIDTH * size))
        ax.text(
            column - 0.5,
            row - 0.7,
            shorten(image.name, max(3, room)),
            va="bottom",
            fontsize=size,
            color=theme.ink,
            parse_math=False,
        )
    bar = root_of(ax).colorbar(mesh, ax=ax, shrink=0.7, pad=0.02)
    label_bar(bar, ax, picture.unit)
    caption(ax, words, "left", BAR)
    ax.set(xlim=(-0.5, n_columns - 0.5), ylim=(n_rows - 0.5, -0.5), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.grid(False)


def _signs(ax: Axes, picture: Pixels, tiles: Tiles, grounds: Any, theme: Theme) -> None:
    """Mark which slopes are told apart from zero, and to which side."""
    each = math.ceil(SIGN / tiles.side)
    first = each // 2
    sign = np.zeros(tiles.extent)
    for image, (row, column) in zip(picture.images, tiles.corners, strict=True):
        some = slice(row + first, row + picture.shape[0], each), slice(column + first, column + picture.shape[1], each)
        sign[some] = np.array(image.sign)[first::each, first::each]
    for side, marker in ((1, "+"), (-1, "_")):
        rows, columns = np.nonzero(sign == side)
        colours = [theme.text_on(to_hex(grounds[row, column])) for row, column in zip(rows, columns, strict=True)]
        size = 0.45 * min(tiles.side * each, 14.0)
        ax.scatter(columns, rows, s=size**2, marker=marker, c=colours, linewidths=0.8)


def _outline(ax: Axes, image: Image, row: int, column: int, theme: Theme) -> None:
    """Draw the outline of the image beneath."""
    beneath, level = np.array(image.beneath), outline_level(image)
    if level is not None:
        x, y = (np.arange(n) + start for n, start in zip(beneath.shape[::-1], (column, row), strict=True))
        ax.contour(x, y, beneath, levels=[level], colors=[theme.muted], linewidths=1, linestyles="solid")


def outline_level(image: Image) -> float | None:
    """Return the height at which the image beneath is outlined; None where there is nothing to outline."""
    beneath = np.array(image.beneath)
    if min(beneath.shape) < 2 or not np.ptp(beneath) > 0:
        return None
    return float(beneath.min() + OUTLINE * np.ptp(beneath))
