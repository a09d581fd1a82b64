"""The theme that suits an Axes, in whatever style it is, and its scales as Matplotlib's."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_hex, to_rgba
from matplotlib.figure import Figure

from conjac.views.theme import LIGHT, Scale, Theme, theme_on

NARROW = 3.0
"""Width of an Axes, in inches, below which less is written on it."""


def theme_of(ax: Axes) -> Theme:
    """Return the light or the dark theme, by what lies behind an Axes; the light one where nothing does.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> theme_of(Figure(facecolor="black").add_subplot(facecolor="none")).name
    'dark'
    """
    for face in (ax.get_facecolor(), root_of(ax).get_facecolor()):
        if to_rgba(face)[3] > 0:
            return theme_on(to_hex(face))
    return LIGHT


def root_of(ax: Axes) -> Figure:
    """Return the figure that an Axes is drawn in."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def narrow(ax: Axes) -> bool:
    """Tell whether an Axes has room for little."""
    return bool(ax.get_position().width * root_of(ax).get_figwidth() < NARROW)


def colormap(scale: Scale) -> ListedColormap:
    """Return a scale of a theme; what is undefined is left blank."""
    return ListedColormap(list(scale))
