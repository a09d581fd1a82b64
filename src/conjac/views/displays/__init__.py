"""Displays, in scikit-learn's habits: compute once, plot as often as asked."""

from conjac.views.displays.comparisons import ComparisonDisplay, ConfusionDifferenceDisplay
from conjac.views.displays.curves import MetricCurveDisplay
from conjac.views.displays.display import Display
from conjac.views.displays.heatmaps import ConfusionJacobianDisplay, ConfusionMatrixDisplay
from conjac.views.displays.pixels import PixelDisplay
from conjac.views.displays.point_map import PointMapDisplay
from conjac.views.displays.rankings import DriftDisplay, InfluenceDisplay
from conjac.views.displays.surfaces import SurfaceDisplay
from conjac.views.displays.tradeoffs import TradeoffDisplay

__all__ = [
    "ComparisonDisplay",
    "ConfusionDifferenceDisplay",
    "ConfusionJacobianDisplay",
    "ConfusionMatrixDisplay",
    "Display",
    "DriftDisplay",
    "InfluenceDisplay",
    "MetricCurveDisplay",
    "PixelDisplay",
    "PointMapDisplay",
    "SurfaceDisplay",
    "TradeoffDisplay",
]
