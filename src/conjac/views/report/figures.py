"""Every figure of a summary as SVG: painted from it, and titled with what it says."""

from __future__ import annotations

import math

from markupsafe import Markup

from conjac.views.charts import (
    canvas,
    drawn,
    paint_choices,
    paint_heatmap,
    paint_lines,
    paint_reliability,
)
from conjac.views.report.comparison import comparison_figures
from conjac.views.report.drift import drift_figures
from conjac.views.report.training import training_figures
from conjac.views.summary import Measure, Summary
from conjac.views.summary.lineplot import UNITS
from conjac.views.summary.lines import BANDS

RATES = ("Precision", "Recall", "Specificity")
SHARE, FROM_0_TO_1 = "share of rows", (-0.02, 1.02)
OF_RATES = "Precision, recall and specificity along the threshold"
AT_BOUNDARY = "Rows of each class at the boundary, along the threshold"


def figures(summary: Summary, prefix: str) -> dict[str, Markup]:
    """Paint every figure of a summary; an id of the page begins with the prefix."""
    lines, point, coordinate = summary.lines, summary.point, summary.coordinate
    unit = f"per {lines.slope_step.size:g} {UNITS[lines.slope_step.coordinate]}"
    chosen = lines.get("value", summary.metric_title)
    best = next((one.threshold for one in summary.choices if one.asked and one.kind != "infeasible"), None)
    zero, change = {"around_zero": True}, f"change {unit}"
    painted: dict[str, Markup] = {}

    painted["jacobian"] = drawn(f"{prefix}-figure-jacobian", summary.jacobian, paint_heatmap)

    rates = tuple(one for name in RATES for one in lines.get("value", name))
    metric = summary.metric_title
    for name, picture in (
        (
            "rates",
            lines.picture(rates, OF_RATES, SHARE, ends=FROM_0_TO_1),
        ),
        ("metric", lines.picture(chosen, f"{metric} along the threshold", metric, mark=best or Measure(math.nan))),
        (
            "slope",
            lines.picture(lines.get("slope"), f"Slope of {metric} along the threshold", change, **zero),
        ),
        ("boundary", lines.picture(lines.get("boundary"), AT_BOUNDARY, f"rows {unit}", **zero)),
    ):
        painted[name] = drawn(f"{prefix}-figure-{name}", picture, paint_lines)

    if summary.data.calibration is not None:
        with canvas(f"{prefix}-figure-reliability", "Reliability of the scores as probabilities", BANDS) as made:
            paint_reliability(made.axes, summary.data.calibration)
        painted["reliability"] = Markup(made.markup)

    found = [one for one in summary.choices if one.kind != "infeasible"]
    if found:
        title, height = "Recommended thresholds with their intervals", 0.9 + 0.34 * len(found)
        with canvas(f"{prefix}-figure-choices", title, BANDS, height=height) as made:
            paint_choices(made.axes, found, lines, point.threshold, coordinate=coordinate)
        painted["choices"] = Markup(made.markup)

    if summary.comparison is not None:
        painted |= comparison_figures(summary, summary.comparison, prefix)
    if summary.drift is not None:
        painted |= drift_figures(summary.drift, prefix)
    if summary.training is not None:
        painted |= training_figures(summary.training, prefix, summary.level)
    return painted
