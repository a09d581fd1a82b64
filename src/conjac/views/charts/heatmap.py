"""The Jacobian as a heat map: colour and number for magnitude, sign and arrow for direction, centred on zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import FancyArrowPatch

from conjac._typing import FloatArray
from conjac.errors import NotSupportedError
from conjac.views.charts.canvas import ACCENT, INK, MUTED, WARM, shorten
from conjac.views.summary.measure import Step, clean

DIVERGING = LinearSegmentedColormap.from_list("conjac", [WARM, "#e3b08c", "#f8f7f5", "#93b6db", ACCENT])
LABEL = 16
DARK = 0.62
"""Share of the scale beyond which text is white."""


def jacobian_heatmap(data: dict[str, Any], ax: Axes | None = None) -> Axes:
    """Draw a Jacobian with respect to one threshold or, of offsets, each column by its own class's offset.

    Parameters
    ----------
    data : dict
        From `ConfusionJacobian.to_dict`.
    ax : Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    Axes

    Raises
    ------
    NotSupportedError
        Other parameters: one heat map would not hold them.
    """
    if data["parameters"] != ["threshold"] and not _of_offsets(data):
        raise NotSupportedError("plot: draws a threshold's or offsets' Jacobian; to_frame() has this one as a table")
    if ax is None:
        import matplotlib.pyplot as plt

        size = len(data["labels"])
        _, ax = plt.subplots(figsize=(max(4.8, 1.7 * size), max(3.6, 1.2 * size)), layout="constrained")
    step = 0.1 if _of_offsets(data) else Step.at(data["coordinate"], data["threshold"]).size
    value, lower, upper = (np.array(side, dtype=np.float64) * step for side in (data["jacobian"], *data["confint"]))
    if _of_offsets(data):
        value, lower, upper = (np.einsum("ykk->yk", side) for side in (value, lower, upper))
    paint_heatmap(ax, [clean(label) for label in data["labels"]], value, lower, upper)
    what = "confusion matrix" if data["normalize"] is None else f"confusion matrix (normalize={data['normalize']!r})"
    moved = "each column's own offset" if _of_offsets(data) else data["coordinate"]
    ax.set_title(f"Change of the {what} per {step:g} of {moved}", fontsize="medium", parse_math=False)
    return ax


def _of_offsets(data: dict[str, Any]) -> bool:
    return all(name.startswith("offset[") for name in data["parameters"])


def paint_heatmap(ax: Axes, labels: Sequence[str], value: FloatArray, lower: FloatArray, upper: FloatArray) -> None:
    """Paint slopes, arrays of shape (K, K), with their limits, in the unit that they are told in."""
    size = len(labels)
    finite = np.abs(value[np.isfinite(value)])
    limit = float(finite.max()) if finite.size and finite.max() > 0 else 1.0
    edges = np.arange(size + 1) - 0.5
    ax.pcolormesh(
        edges,
        edges,
        np.ma.masked_invalid(value),
        cmap=DIVERGING,
        vmin=-limit,
        vmax=limit,
        edgecolor="white",
        linewidth=3,
    )
    for i in range(size):
        for j in range(size):
            colour = "white" if abs(value[i, j]) > DARK * limit else INK
            ax.text(j, i - 0.12, told(value[i, j]), ha="center", va="center", color=colour, fontsize="x-large")
            ax.text(
                j,
                i + 0.22,
                interval(lower[i, j], upper[i, j]),
                ha="center",
                va="center",
                color=colour,
                fontsize="medium",
            )
    if size == 2:
        for i in (0, 1):
            if np.isclose(value[i, 0], -value[i, 1]):
                _arrow(ax, i, float(value[i, 1]), limit)
    names = [shorten(label, LABEL) for label in labels]
    ax.set_xticks(range(size), [f"predicted\n{name}" for name in names])
    ax.set_yticks(range(size), [f"true\n{name}" for name in names])
    ax.set_ylim(size - 0.5, -0.5)
    ax.tick_params(length=0, labelcolor=MUTED)
    ax.spines[:].set_visible(False)
    ax.xaxis.tick_top()
    for text in (*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels()):
        text.set_parse_math(False)


def told(value: float) -> str:
    """Return a number with its sign and an arrow."""
    if not np.isfinite(value):
        return "undefined"
    if value == 0:
        return "0"
    return f"{'▲' if value > 0 else '▼'} {number(value)}"


def number(value: float) -> str:
    """Return three significant digits, signed, with a true minus."""
    if not np.isfinite(value):
        return "—"
    text = f"{value:+,.0f}" if abs(value) >= 100 else f"{value:+#.3g}".rstrip(".")
    return text.replace("-", "−")


def interval(lower: float, upper: float) -> str:
    """Return limits in brackets."""
    known = np.isfinite(lower) and np.isfinite(upper)
    return f"[{number(lower)}, {number(upper)}]" if known else "no interval"


def _arrow(ax: Axes, row: int, into_positive: float, limit: float) -> None:
    """Draw rows moving between the two cells of a true class, as wide as there are many."""
    if not np.isfinite(into_positive) or into_positive == 0:
        return
    reach = 0.11 if into_positive > 0 else -0.11
    wide = 0.8 + 2.4 * abs(into_positive) / limit
    ax.add_patch(
        FancyArrowPatch(
            (0.5 - reach, row + 0.4),
            (0.5 + reach, row + 0.4),
            arrowstyle="-|>",
            mutation_scale=7 + 2 * wide,
            linewidth=wide,
            color=INK,
        )
    )
