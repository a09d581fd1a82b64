"""What each evaluated row adds to a slope, and which rows flip next: `RowContributions`."""

from conjac.contributions.attributed import Attributed
from conjac.contributions.result import RowContributions

__all__ = ["Attributed", "RowContributions"]
