"""A figure and its gradient over a grid of two things, the data of a surface plot."""

from conjac.training.surfaces.result import BestNode, Surface, SurfacePoint
from conjac.training.surfaces.spans import Between
from conjac.training.surfaces.surface import surface

__all__ = ["BestNode", "Between", "Surface", "SurfacePoint", "surface"]
