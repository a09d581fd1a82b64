"""The explorer with the model at hand: inputs drift, hyper-parameters move, and the rows are scored again."""

from conjac.views.explorer.live.sheets import Sheets, sheets_of
from conjac.views.explorer.live.source import Answers, Source

__all__ = ["Answers", "Sheets", "Source", "sheets_of"]
