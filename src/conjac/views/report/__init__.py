"""One self-contained page from summaries: `render`."""

from conjac.views.report.page import LISTED, cards, render

__all__ = ["LISTED", "cards", "render"]
