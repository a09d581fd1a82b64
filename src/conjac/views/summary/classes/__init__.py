"""All that a report of several classes shows, computed once: `summarize_classes` makes a `ClassSummary`."""

from conjac.views.summary.classes.summary import ClassSummary, summarize_classes

__all__ = ["ClassSummary", "summarize_classes"]
