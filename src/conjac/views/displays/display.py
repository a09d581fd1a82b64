"""What all displays share: a picture, computed once, drawn on Matplotlib or Plotly as often as asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from conjac.errors import InvalidInputError
from conjac.views.summary.picture import Picture
from conjac.views.theme import DARK, LIGHT, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

P = TypeVar("P", bound=Picture)
TITLE = 90
"""Characters of a title."""


def themed(name: str) -> Theme:
    """Return a theme by its name, "light" or "dark".

    Raises
    ------
    InvalidInputError
        Another theme.
    """
    themes = {"light": LIGHT, "dark": DARK}
    if name not in themes:
        raise InvalidInputError(f"theme={name!r}: expected one of {', '.join(themes)}")
    return themes[name]


class Display(ABC, Generic[P]):
    """A picture, and the ways to draw it.

    ``from_estimator`` and ``from_predictions`` compute and draw at once, as scikit-learn's displays do; ``of`` computes
    alone. Nothing is computed when it is drawn.

    Attributes
    ----------
    picture : Picture
        The figures that are drawn, as plain types.
    ax_, figure_ : matplotlib Axes and Figure
        Of the last `plot`.
    """

    size: ClassVar[tuple[float, float]] = (6.4, 4.2)

    def __init__(self, picture: P) -> None:
        self.picture = picture

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw on Matplotlib, in the style that is set.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw, such as one of a grid; a new figure if not given.

        Returns
        -------
        Display
            Itself, with ``ax_`` and ``figure_``.
        """
        from conjac.views.charts.canvas import shorten
        from conjac.views.charts.colours import narrow, root_of
        from conjac.views.charts.room import entitle

        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(figsize=self._size(), layout="constrained")
        self._paint(ax)
        entitle(ax, shorten(self.picture.title, TITLE))
        if ax.get_legend_handles_labels()[0]:
            look = {"edgecolor": "none", "framealpha": 0.7, "fontsize": "x-small" if narrow(ax) else "small"}
            for text in ax.legend(**look | self._place(ax)).get_texts():
                text.set_parse_math(False)
        self.ax_, self.figure_ = ax, root_of(ax)
        return self

    def plotly(self, theme: str = "light") -> Any:
        """Draw on Plotly.

        Parameters
        ----------
        theme : {"light", "dark"}
            Colours of a light page, or of a dark one.

        Returns
        -------
        plotly.graph_objects.Figure
            To show, or to write.

        Raises
        ------
        InvalidInputError
            Another theme.
        """
        return self._figure(themed(theme))

    def to_frame(self, backend: str = "pandas") -> Any:
        """Return the table behind the picture as a tidy frame.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}
            Which library's frame.

        Returns
        -------
        frame
            A row for each mark of the picture.

        Raises
        ------
        InvalidInputError
            An unknown backend.
        MissingDependencyError
            The backend is not installed.
        """
        return self.picture.to_frame(backend)

    def to_dict(self) -> dict[str, Any]:
        """Return the picture as plain types, ready for JSON; nan becomes None.

        Returns
        -------
        dict of str to Any
            All that is drawn, as lists and numbers.
        """
        return self.picture.to_dict()

    def __repr__(self) -> str:
        """Show what is drawn."""
        return f"{type(self).__name__}({self.picture.title})"

    def _size(self) -> tuple[float, float]:
        """Return the width and height of a new figure, in inches."""
        return self.size

    def _place(self, ax: Axes) -> dict[str, Any]:
        """Return where the legend goes, as arguments of its own; by default inside, where it hides the least."""
        del ax
        return {"loc": "best"}

    @abstractmethod
    def _paint(self, ax: Axes) -> None:
        """Paint on Matplotlib."""

    @abstractmethod
    def _figure(self, theme: Any) -> Any:
        """Return a Plotly figure in a theme."""

    ax_: Axes
    figure_: Figure
