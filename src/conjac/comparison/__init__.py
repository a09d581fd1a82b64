"""What differs between two models, or two periods, and what of it is beyond noise."""

from conjac.comparison.compare import compare
from conjac.comparison.result import Comparison

__all__ = ["Comparison", "compare"]
