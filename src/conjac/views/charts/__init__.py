"""Painters on Matplotlib: each receives finished figures and an Axes, and computes nothing.

They paint in the theme that suits the Axes: that of a notebook, in whatever style is set there, or of a `canvas`, which
becomes the SVG of a page.
"""

from conjac.views.charts.calibration import paint_reliability
from conjac.views.charts.canvas import Canvas, canvas, drawn
from conjac.views.charts.choices import paint_choices
from conjac.views.charts.confusions import paint_confusions
from conjac.views.charts.dots import paint_dots
from conjac.views.charts.heatmap import paint_heatmap
from conjac.views.charts.lines import paint_lines
from conjac.views.charts.pixels import paint_pixels
from conjac.views.charts.profile import paint_profile
from conjac.views.charts.ranking import paint_ranking
from conjac.views.charts.surface import paint_surface
from conjac.views.charts.tradeoff import paint_tradeoff

__all__ = [
    "Canvas",
    "canvas",
    "drawn",
    "paint_choices",
    "paint_confusions",
    "paint_dots",
    "paint_heatmap",
    "paint_lines",
    "paint_pixels",
    "paint_profile",
    "paint_ranking",
    "paint_reliability",
    "paint_surface",
    "paint_tradeoff",
]
