"""Which input's drift would move a metric the most: numbers, and categories in a table of their own."""

from conjac.drift.rank import rank_drifts
from conjac.drift.ranking import DriftRanking

__all__ = ["DriftRanking", "rank_drifts"]
