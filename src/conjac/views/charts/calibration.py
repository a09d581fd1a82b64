"""Reliability: what was observed against what the scores said, bin by bin."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from conjac.views.charts.colours import theme_of
from conjac.views.summary.calibration import Calibration

ROOM = 1.05


def paint_reliability(ax: Axes, calibration: Calibration) -> None:
    """Paint each bin's observed share, with its interval, over its mean score; the diagonal is calibration."""
    theme = theme_of(ax)
    bins = calibration.bins
    mean = [one.mean_score for one in bins]
    observed = [one.observed.value for one in bins]
    end = min(1.0, ROOM * max(max(mean), *(one.observed.upper for one in bins))) or 1.0
    ax.plot([0, end], [0, end], color=theme.faint, linewidth=1, linestyle=(0, (4, 2)), label="calibrated")
    ax.vlines(
        mean,
        [one.observed.lower for one in bins],
        [one.observed.upper for one in bins],
        color=theme.accent,
        linewidth=1.2,
    )
    ax.plot(mean, observed, color=theme.accent, marker="o", markersize=4, linewidth=1.2, label="observed")
    ax.set(
        xlim=(-0.01 * end, end * 1.02),
        ylim=(-0.02 * end, end * 1.02),
        xlabel="mean score of the bin",
        ylabel="share of positives",
    )
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.yaxis.set_major_locator(MaxNLocator(5))
    ax.grid(axis="y", color=theme.rule, linewidth=0.5)
