"""What a curve tells: matrices, slopes and metrics at thresholds, each with its error, and trade-offs along them."""

from conjac.figures.along import Figures

__all__ = ["Figures"]
