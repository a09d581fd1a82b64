"""A figure over two things at once: `SurfaceDisplay`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from conjac.training.surfaces import Surface
from conjac.views.displays.display import Display, themed
from conjac.views.summary.surfaceplot import SurfacePlot

if TYPE_CHECKING:
    from matplotlib.axes import Axes


BELOW = 36.0
"""Points from the frame to the legend: labels are between."""


class SurfaceDisplay(Display[SurfacePlot]):
    """A cell or a metric over two things at once: from above on Matplotlib, in three dimensions on Plotly.

    Parameters
    ----------
    picture : Picture
        The figures that are drawn, as plain types: made by `of`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 4000)
    >>> X = rng.normal(size=(4000, 2)) + y[:, None]
    >>> over = {"threshold": [0.5, 1.0, 1.5], "drift[x0]": [0.0, 1.0]}
    >>> display = cj.SurfaceDisplay.of(cj.surface(lambda X: X.sum(axis=1), X, y, over))
    >>> display.picture.title
    'F1 over threshold and drift[x0]'
    """

    size = (6.8, 4.8)

    @classmethod
    def of(cls, surface: Surface, arrows: bool = False) -> Self:
        """Take a surface; nothing is drawn yet.

        Parameters
        ----------
        surface : Surface
            What is drawn.
        arrows : bool
            Draw the gradient, at even distances: uphill, and as long as the figure would change over the width and the
            height of the picture.

        Returns
        -------
        Display
            With its ``picture``.
        """
        return cls(SurfacePlot.of(surface, arrows))

    def plotly_flat(self, theme: str = "light") -> Any:
        """Draw from above on Plotly, where a browser has no WebGL.

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
        from conjac.views.interactive.surface import surface_flat

        return surface_flat(self.picture, themed(theme))

    def _place(self, ax: Axes) -> dict[str, Any]:
        """Below the axes: the surface has no room of its own."""
        from conjac.views.charts.colours import narrow
        from conjac.views.charts.room import beneath

        return {**beneath(ax, BELOW), "ncols": 1 if narrow(ax) else 3}

    def _paint(self, ax: Axes) -> None:
        from conjac.views.charts.surface import paint_surface

        paint_surface(ax, self.picture)

    def _figure(self, theme: Any) -> Any:
        from conjac.views.interactive.surface import surface

        return surface(self.picture, theme)
