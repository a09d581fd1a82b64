"""Through training: what hyper-parameters do to a confusion matrix, beside what else moves it."""

from conjac.training.surfaces import Between, Surface, surface

__all__ = ["Between", "Surface", "surface"]
