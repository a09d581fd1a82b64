"""Displays, in scikit-learn's habits: compute once, plot as often as asked."""

from conjac.views.displays.comparisons import ComparisonDisplay, ConfusionDifferenceDisplay
from conjac.views.displays.display import Display
from conjac.views.displays.heatmaps import ConfusionJacobianDisplay, ConfusionMatrixDisplay
from conjac.views.displays.pixels import PixelDisplay
from conjac.views.displays.rankings import DriftDisplay, InfluenceDisplay

__all__ = [
    "ComparisonDisplay",
    "ConfusionDifferenceDisplay",
    "ConfusionJacobianDisplay",
    "ConfusionMatrixDisplay",
    "Display",
    "DriftDisplay",
    "InfluenceDisplay",
    "PixelDisplay",
]
