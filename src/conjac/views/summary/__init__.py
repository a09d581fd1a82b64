"""All that a report shows, computed once: `summarize` makes a `Summary`, and every view only reads it.

Of several classes `summarize_classes` makes a `ClassSummary`.
"""

from conjac.views.summary.classes import ClassSummary, summarize_classes
from conjac.views.summary.measure import Measure, Step
from conjac.views.summary.summary import Summary, summarize

__all__ = ["ClassSummary", "Measure", "Step", "Summary", "summarize", "summarize_classes"]
