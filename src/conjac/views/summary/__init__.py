"""All that a report shows, computed once: `summarize` makes a `Summary`, and every view only reads it.

Of several classes `summarize_classes` makes a `ClassSummary`.
"""

from conjac.views.summary.baseline import Baseline
from conjac.views.summary.classes import ClassSummary, summarize_classes
from conjac.views.summary.groups import Groups, side_by_side
from conjac.views.summary.measure import Measure, Step
from conjac.views.summary.summary import Summary, summarize, summarize_sums

__all__ = [
    "Baseline",
    "ClassSummary",
    "Groups",
    "Measure",
    "Step",
    "Summary",
    "side_by_side",
    "summarize",
    "summarize_classes",
    "summarize_sums",
]
