"""The figures of several classes: matrix and Jacobian, groups of classes, and each class's rates."""

from __future__ import annotations

from markupsafe import Markup

from conjac.views.charts import canvas, drawn, paint_confusions, paint_heatmap, paint_profile, paint_reliability
from conjac.views.charts.heatmap import WITH_INTERVALS, WITH_NUMBERS
from conjac.views.report.drift import drift_figures
from conjac.views.summary import ClassSummary
from conjac.views.summary.classes.confused import Group
from conjac.views.summary.heatmap import HeatMap

ZOOMED = 4
"""Groups of classes that have a figure."""
NARROW = 4.8
CELL, DENSE_CELL = 1.18, 0.16
TALL, LOW, ROW = 0.6, 0.33, 0.27
"""In inches: widths of a cell with its interval and of one without a number; heights of one with its interval, of one
with its number, and of a row of dots."""


def class_figures(summary: ClassSummary, prefix: str) -> dict[str, Markup]:
    """Paint every figure of a summary of several classes; an id of the page begins with the prefix."""
    painted = {
        "matrix": _matrix(summary.matrix, f"{prefix}-figure-matrix"),
        "jacobian": _matrix(summary.jacobian, f"{prefix}-figure-jacobian"),
    }
    rates = summary.rates
    height = 1.1 + ROW * len(rates.names)
    painted["rates"] = drawn(f"{prefix}-figure-rates", rates, paint_profile, height=height)

    for place, group in enumerate(zoomed(summary)):
        name = f"zoom{place}"
        painted[name] = _zoom(group.matrix, f"{prefix}-figure-{name}")

    if summary.data.calibration is not None:
        title = "Reliability of the predicted class’s probability"
        with canvas(f"{prefix}-figure-reliability", title, "With pointwise intervals.") as made:
            paint_reliability(made.axes, summary.data.calibration)
            made.axes.set(xlabel="mean probability of the bin", ylabel="share that is right")
        painted["reliability"] = Markup(made.markup)

    if summary.drift is not None:
        painted |= drift_figures(summary.drift, prefix)
    return painted


def zoomed(summary: ClassSummary) -> tuple[Group, ...]:
    """Return the groups that have a figure: none where the whole matrix has its intervals."""
    return summary.groups[:ZOOMED] if len(summary.labels) > WITH_INTERVALS else ()


def _matrix(picture: HeatMap, name: str) -> Markup:
    """Paint cells with their numbers where there is room, and by colour alone where there is not."""
    n = len(picture.rows)
    many = n > WITH_NUMBERS
    width = max(NARROW, 1.3 + DENSE_CELL * n) if many else NARROW
    height = width - 0.3 if many else 1.0 + n * (TALL if n <= WITH_INTERVALS else LOW)
    return drawn(name, picture, paint_confusions if many else paint_heatmap, width=width, height=height)


def _zoom(picture: HeatMap, name: str) -> Markup:
    """Paint the cells of a few classes with their intervals."""
    n = len(picture.rows)
    return drawn(name, picture, paint_heatmap, width=max(NARROW, CELL * n), height=1.0 + TALL * n)
