"""The explorer with the model at hand: inputs drift, hyper-parameters move, and the rows are scored again."""

from conjac.views.explorer.live.source import Source, ThresholdSheets

__all__ = ["Source", "ThresholdSheets"]
