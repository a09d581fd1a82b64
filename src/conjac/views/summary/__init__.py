"""All that a report shows, computed once: `summarize` makes a `Summary`, and every view only reads it."""

from conjac.views.summary.baseline import Baseline
from conjac.views.summary.measure import Measure, Step
from conjac.views.summary.summary import Summary, summarize

__all__ = ["Baseline", "Measure", "Step", "Summary", "summarize"]
