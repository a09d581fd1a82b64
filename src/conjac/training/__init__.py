"""Through training: a fit brought to its optimum, and what hyper-parameters do beside what else moves cells."""

from conjac.training.polish import polish
from conjac.training.surfaces import Between, Surface, surface

__all__ = ["Between", "Surface", "polish", "surface"]
