"""One self-contained page from summaries: `render`; from labels and scores, or a model: `Report`."""

from conjac.views.report.formats import format_of
from conjac.views.report.page import LISTED, cards, render
from conjac.views.report.parts import MOST_GROUPS
from conjac.views.report.report import Report

__all__ = ["LISTED", "MOST_GROUPS", "Report", "cards", "format_of", "render"]
