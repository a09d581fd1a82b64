"""What differs between two models, or two periods, and what of it is beyond noise."""

from conjac.comparison.compare import compare
from conjac.comparison.holm import adjust_together, holm, two_sided
from conjac.comparison.means import MeanScores, compare_scores
from conjac.comparison.result import Comparison
from conjac.comparison.slopes import compare_slopes

__all__ = [
    "Comparison",
    "MeanScores",
    "adjust_together",
    "compare",
    "compare_scores",
    "compare_slopes",
    "holm",
    "two_sided",
]
