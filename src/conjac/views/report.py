"""One self-contained page from summaries: figures, tables and words, all read from them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from conjac._version import __version__
from conjac.views.charts import (
    SHOWN,
    canvas,
    paint_choices,
    paint_drift,
    paint_heatmap,
    paint_lines,
    paint_reliability,
)
from conjac.views.summary import Measure, Summary
from conjac.views.summary.drift import SHARE, Category, Drift, Number
from conjac.views.words import FILTERS, UNITS

CARDS = 3
LISTED = 200
"""Categories in a table, at most."""
ON_CARDS = ("Recall of at least 0.95", "Recall of at least 0.9")
RATES = ("Precision", "Recall", "Specificity")


def render(summaries: Sequence[Summary]) -> str:
    """Return a page on one set of rows, or on several groups of one set.

    Parameters
    ----------
    summaries : sequence of Summary
        From `conjac.views.summary.summarize`; more than one for groups.

    Returns
    -------
    str
        HTML that needs nothing outside itself, and runs no script.

    Examples
    --------
    >>> from conjac.validation import check_predictions
    >>> from conjac.views.summary import summarize
    >>> rows = check_predictions([0, 0, 1, 0, 1, 1], [0.1, 0.3, 0.35, 0.6, 0.8, 0.9])
    >>> render([summarize(rows, title="Six rows")])[:15]
    '<!doctype html>'
    """
    environment = Environment(
        loader=PackageLoader("conjac.views", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FILTERS
    environment.tests["known"] = lambda told: math.isfinite(told.value if isinstance(told, Measure) else told)
    sections = [(f"s{i}", one, figures(one, f"s{i}")) for i, one in enumerate(summaries, start=1)]
    page = environment.get_template("report.html.jinja")
    return page.render(
        sections=sections, first=summaries[0], version=__version__, cards=cards, shown=SHOWN, listed=LISTED
    )


def cards(summary: Summary) -> list[int]:
    """Return the places of the choices to show first: what was asked for, then a high recall."""
    asked = [i for i, one in enumerate(summary.choices) if one.asked]
    others = [i for aim in ON_CARDS for i, one in enumerate(summary.choices) if one.aim == aim]
    return (asked + others)[:CARDS]


def figures(summary: Summary, prefix: str) -> dict[str, Markup]:
    """Paint every figure of a summary; an id of the page begins with the prefix."""
    lines, point, coordinate = summary.lines, summary.point, summary.coordinate
    unit = f"per {lines.slope_step.size:g} {UNITS[lines.slope_step.coordinate]}"
    chosen = lines.get("value", summary.metric_title)
    best = next((one.threshold for one in summary.choices if one.asked and one.kind != "infeasible"), None)
    mark = None if best is None else (best.value, best.lower, best.upper)
    share = (-0.02, 1.02)
    painted: dict[str, Markup] = {}

    title = f"Change of each cell of the confusion matrix, per {point.step.size:g} {UNITS[coordinate]}"
    with canvas(
        f"{prefix}-figure-jacobian", title, "A heat map centred on zero; the table holds its numbers."
    ) as drawn:
        slopes = [(cell.slope.value, cell.slope.lower, cell.slope.upper) for cell in summary.point.cells]
        value, lower, upper = np.array(slopes).T.reshape(3, 2, 2)
        paint_heatmap(drawn.axes, summary.labels, value, lower, upper)
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

    if summary.drift is not None:
        painted |= drift_figures(summary.drift, prefix)
    return painted


def drift_figures(drift: Drift, prefix: str) -> dict[str, Markup]:
    """Paint the numbers that drift, and the categories whose shares move: never one ranking."""
    rankings: dict[str, tuple[Sequence[Number | Category], str]] = {
        "numbers": (drift.numbers, "1 sd" if drift.unit == "sd" else "1"),
        "categories": (drift.categories, f"{SHARE:g} of share"),
    }
    painted = {}
    for name, (ranking, unit) in rankings.items():
        if ranking:
            title, height = f"{drift.metric_title} by a drift of {unit}: {name}", 1.0 + 0.22 * min(len(ranking), SHOWN)
            with canvas(f"{prefix}-figure-{name}", title, BANDS, height=height) as drawn:
                paint_drift(drawn.axes, ranking[:SHOWN], label=f"change per {unit}")
            painted[name] = Markup(drawn.markup)
    return painted


BANDS = "With pointwise intervals; the table holds the numbers."
