"""How much room there is, in points: what does not fit is not drawn."""

from __future__ import annotations

import textwrap
from typing import Any, Literal

from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from matplotlib.transforms import ScaledTranslation

from conjac.views.charts.colours import root_of, theme_of

LINE = 1.25
"""Height of a line of text, of its size."""
WIDTH = 0.6
"""Width of a character of running text, of its size."""
SMALLEST = 6.0
"""Points, of text that can be read."""
CAPTION = "x-small"
NARROWEST = 16
"""Characters of a line that is wrapped, at least."""
LITTLE = 260.0
"""Points of width below which a title is small."""
GAP = 18.0
"""Points that a laid-out figure leaves around an Axes."""


def points(size: str | float) -> float:
    """Return a font size in points, such as that of "small" in the style that is set."""
    return float(FontProperties(size=size).get_size_in_points())


def width_of(text: str, size: float) -> float:
    """Return the width of a line of plain text, in points.

    Examples
    --------
    >>> width_of("MM", 10) > width_of("ii", 10)
    True
    """
    found: float = text_to_path.get_text_width_height_descent(text, FontProperties(size=size), ismath=False)[0]
    return found


def room_of(ax: Axes, beside: float = 0.0, beneath: float = 0.0) -> tuple[float, float]:
    """Return the width and height that an Axes will have, in points.

    Parameters
    ----------
    ax : Axes
    beside, beneath : float
        Points that its labels take away where its figure is laid out when it is drawn; elsewhere it stays as it is.
    """
    figure = root_of(ax)
    box, spec = ax.get_window_extent(), ax.get_subplotspec()
    if figure.get_layout_engine() is None or spec is None:
        return box.width * 72 / figure.dpi, box.height * 72 / figure.dpi
    whole, share, edges = figure.bbox, spec.get_position(figure), figure.subplotpars
    width = whole.width * share.width / (edges.right - edges.left) * 72 / figure.dpi
    height = whole.height * share.height / (edges.top - edges.bottom) * 72 / figure.dpi
    return max(0.0, width - beside - GAP), max(0.0, height - beneath - GAP)


def beside(ax: Axes) -> float:
    """Return the width that the names and the label of y take, in points."""
    labels = ax.get_yticklabels()
    wide = max((len(line) for label in labels for line in label.get_text().split("\n")), default=0)
    return WIDTH * points(rcParams["ytick.labelsize"]) * wide + (
        LINE * points(rcParams["axes.labelsize"]) if ax.get_ylabel() else 0.0
    )


def wrapped(ax: Axes, text: str, size: float, without: float = 0.0) -> str:
    """Return text in lines no wider than an Axes with its labels, but for so many points."""
    width, _ = room_of(ax, without)
    return textwrap.fill(text, max(NARROWEST, int(width / (WIDTH * size))))


def label_bar(bar: Colorbar, ax: Axes, text: str) -> None:
    """Write what the colours beside an Axes tell, in lines no longer than it is high."""
    _, height = room_of(ax)
    letters = max(NARROWEST, int(height / (WIDTH * points(rcParams["axes.labelsize"]))))
    bar.outline.set_visible(False)
    bar.set_label(textwrap.fill(text, letters), parse_math=False)


def entitle(ax: Axes, text: str, above: float = 0.0) -> None:
    """Write a title in lines, so many points above where it is wont to be; small where there is little room.

    Matplotlib's own wrapping sets a word a line where a title begins outside its figure, before that is laid out.
    """
    size = "medium" if room_of(ax)[0] >= LITTLE else "small"
    lines = wrapped(ax, text, points(size), beside(ax))
    ax.set_title(lines, fontsize=size, parse_math=False, pad=rcParams["axes.titlepad"] + above)


def beneath(ax: Axes, gap: float) -> dict[str, Any]:
    """Return where a legend goes that lies below an Axes, so many points under its frame."""
    below = ScaledTranslation(0, -gap / 72, root_of(ax).dpi_scale_trans)
    where = {"bbox_to_anchor": (0.5, 0), "bbox_transform": ax.transAxes + below, "borderaxespad": 0.0}
    return {"loc": "upper center", **where}


def caption(ax: Axes, text: str, side: Literal["left", "right"], without: float = 0.0) -> None:
    """Write what is to be known of a picture beneath its label of x, from one side of the Axes."""
    if text:
        ax.annotate(
            wrapped(ax, text, points(CAPTION), without),
            (float(side == "right"), 0),
            (0, -2),
            xycoords=("axes fraction", ax.xaxis.label),
            textcoords="offset points",
            ha=side,
            va="top",
            fontsize=CAPTION,
            color=theme_of(ax).muted,
            parse_math=False,
        )


def caption_height(ax: Axes, text: str, without: float = 0.0) -> float:
    """Return the height of a caption, in points."""
    size = points(CAPTION)
    return LINE * size * (1 + wrapped(ax, text, size, without).count("\n")) if text else 0.0
