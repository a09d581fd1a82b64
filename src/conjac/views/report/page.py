"""One self-contained page from summaries: figures, tables and words, all read from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from conjac._version import __version__
from conjac.views.charts.heatmap import WITH_NUMBERS
from conjac.views.report.classes import class_figures, zoomed
from conjac.views.report.figures import figures
from conjac.views.report.groups import group_figures
from conjac.views.summary import ClassSummary, Groups, Measure, Summary
from conjac.views.summary.ranking import SHOWN
from conjac.views.theme import css
from conjac.views.words import FILTERS

CARDS = 3
LISTED = 200
"""Categories in a table, at most."""
PAIRS, NAMED = 30, 5
"""Pairs of confused classes in a table, and classes in a sentence, at most."""
PAIRED = 30
"""Classes up to which a matrix and its Jacobian stand side by side."""
ON_CARDS = ("Recall of at least 0.95", "Recall of at least 0.9")


def render(summaries: Sequence[Summary | ClassSummary], groups: Groups | None = None) -> str:
    """Return a page on one set of rows, or on several groups of one set.

    Parameters
    ----------
    summaries : sequence of Summary, or of ClassSummary
        From `conjac.views.summary.summarize`, or of several classes `summarize_classes`; more than one for groups.
    groups : Groups, optional
        Groups of two classes against each other, from `conjac.views.summary.side_by_side`.

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
    sections = [(f"s{i}", one, _painted(one, f"s{i}")) for i, one in enumerate(summaries, start=1)]
    page = _environment().get_template("report.html.jinja")
    return page.render(
        sections=sections,
        first=summaries[0],
        groups=groups,
        side={} if groups is None else _beside(groups, summaries[0]),
        version=__version__,
        cards=cards,
        shown=SHOWN,
        listed=LISTED,
        worst=PAIRS,
        named=NAMED,
        paired=PAIRED,
        numbered=WITH_NUMBERS,
        zoomed=zoomed,
        themes=Markup(css()),
    )


@cache
def _environment() -> Environment:
    """Return where templates are found; kept, since compiling them takes longer than filling them."""
    environment = Environment(
        loader=PackageLoader("conjac.views", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FILTERS
    environment.tests["known"] = lambda told: math.isfinite(told.value if isinstance(told, Measure) else told)
    environment.tests["of_classes"] = lambda told: isinstance(told, ClassSummary)
    return environment


def _painted(summary: Summary | ClassSummary, prefix: str) -> dict[str, Markup]:
    return class_figures(summary, prefix) if isinstance(summary, ClassSummary) else figures(summary, prefix)


def _beside(groups: Groups, first: Summary | ClassSummary) -> dict[str, Markup]:
    assert isinstance(first, Summary), "groups of two classes"
    return group_figures(groups, first)


def cards(summary: Summary) -> list[int]:
    """Return the places of the choices to show first: what was asked for, then a high recall."""
    asked = [i for i, one in enumerate(summary.choices) if one.asked]
    others = [i for aim in ON_CARDS for i, one in enumerate(summary.choices) if one.aim == aim]
    return (asked + others)[:CARDS]
