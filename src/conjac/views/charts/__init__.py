"""Painters on Matplotlib: each receives finished figures and an Axes, and computes nothing.

`jacobian_heatmap` is for notebooks, in whatever style is set there; the others paint on a `canvas`, which becomes the
SVG of a page.
"""

from conjac.views.charts.calibration import paint_reliability
from conjac.views.charts.canvas import Canvas, canvas
from conjac.views.charts.choices import paint_choices
from conjac.views.charts.drift import SHOWN, paint_drift
from conjac.views.charts.heatmap import jacobian_heatmap, paint_heatmap
from conjac.views.charts.lines import paint_lines

__all__ = [
    "SHOWN",
    "Canvas",
    "canvas",
    "jacobian_heatmap",
    "paint_choices",
    "paint_drift",
    "paint_heatmap",
    "paint_lines",
    "paint_reliability",
]
