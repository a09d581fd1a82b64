"""Intervals as horizontal whiskers, one a row; those that pass the ends of the axis end in an arrow."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from conjac._typing import FloatArray
from conjac.views.charts.colours import theme_of


def paint_whiskers(ax: Axes, lower: FloatArray, upper: FloatArray, ends: tuple[float, float]) -> None:
    """Paint an interval in each row, from the top down; none where a limit is unknown.

    Parameters
    ----------
    ax : Axes
    lower, upper : array of shape (n_rows,)
    ends : tuple of float
        Of the axis.
    """
    theme = theme_of(ax)
    for row, (low, high) in enumerate(zip(lower, upper, strict=True)):
        if np.isfinite([low, high]).all():
            ax.hlines(row, *np.clip([low, high], *ends), color=theme.accent, linewidth=2, alpha=0.55)
            for beyond, end, marker in ((low < ends[0], ends[0], "<"), (high > ends[1], ends[1], ">")):
                if beyond:
                    ax.plot([end], [row], marker, color=theme.accent, markersize=5, clip_on=False)
