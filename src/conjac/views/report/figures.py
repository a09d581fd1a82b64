"""Every figure of a summary as SVG: painted from it, and titled with what it says."""

from __future__ import annotations

from markupsafe import Markup

from conjac.views.charts import (
    canvas,
    paint_choices,
    paint_heatmap,
    paint_lines,
    paint_reliability,
)
from conjac.views.report.comparison import comparison_figures
from conjac.views.report.drift import drift_figures
from conjac.views.summary import Summary
from conjac.views.words import UNITS

RATES = ("Precision", "Recall", "Specificity")
BANDS = "With pointwise intervals; the table holds the numbers."


def figures(summary: Summary, prefix: str) -> dict[str, Markup]:
    """Paint every figure of a summary; an id of the page begins with the prefix."""
    lines, point, coordinate = summary.lines, summary.point, summary.coordinate
    unit = f"per {lines.slope_step.size:g} {UNITS[lines.slope_step.coordinate]}"
    chosen = lines.get("value", summary.metric_title)
    best = next((one.threshold for one in summary.choices if one.asked and one.kind != "infeasible"), None)
    mark = None if best is None else (best.value, best.lower, best.upper)
    share = (-0.02, 1.02)
    painted: dict[str, Markup] = {}

    slopes = summary.jacobian
    with canvas(f"{prefix}-figure-jacobian", slopes.title, slopes.description) as drawn:
        paint_heatmap(drawn.axes, slopes)
    painted["jacobian"] = Markup(drawn.markup)

    with canvas(f"{prefix}-figure-rates", "Precision, recall and specificity along the threshold", BANDS) as drawn:
        rates = [one for name in RATES for one in lines.get("value", name)]
        paint_lines(
            drawn.axes, lines, rates, point.threshold, coordinate=coordinate, label="share of rows", range_of=share
        )
    painted["rates"] = Markup(drawn.markup)

    with canvas(f"{prefix}-figure-metric", f"{summary.metric_title} along the threshold", BANDS) as drawn:
        paint_lines(
            drawn.axes,
            lines,
            chosen,
            point.threshold,
            coordinate=coordinate,
            label=summary.metric_title,
            mark=mark,
        )
    painted["metric"] = Markup(drawn.markup)

    with canvas(f"{prefix}-figure-slope", f"Slope of {summary.metric_title} along the threshold", BANDS) as drawn:
        paint_lines(
            drawn.axes,
            lines,
            lines.get("slope"),
            point.threshold,
            coordinate=coordinate,
            label=f"change {unit}",
            around_zero=True,
        )
    painted["slope"] = Markup(drawn.markup)

    with canvas(f"{prefix}-figure-boundary", "Rows of each class at the boundary, along the threshold", BANDS) as drawn:
        paint_lines(
            drawn.axes,
            lines,
            lines.get("boundary"),
            point.threshold,
            coordinate=coordinate,
            label=f"rows {unit}",
            around_zero=True,
        )
    painted["boundary"] = Markup(drawn.markup)

    if summary.data.calibration is not None:
        with canvas(f"{prefix}-figure-reliability", "Reliability of the scores as probabilities", BANDS) as drawn:
            paint_reliability(drawn.axes, summary.data.calibration)
        painted["reliability"] = Markup(drawn.markup)

    found = [one for one in summary.choices if one.kind != "infeasible"]
    if found:
        title, height = "Recommended thresholds with their intervals", 0.9 + 0.34 * len(found)
        with canvas(f"{prefix}-figure-choices", title, BANDS, height=height) as drawn:
            paint_choices(drawn.axes, found, lines, point.threshold, coordinate=coordinate)
        painted["choices"] = Markup(drawn.markup)

    if summary.comparison is not None:
        painted |= comparison_figures(summary, summary.comparison, prefix)
    if summary.drift is not None:
        painted |= drift_figures(summary.drift, prefix)
    return painted
