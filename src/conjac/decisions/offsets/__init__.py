"""The offsets of several classes: the best of a metric under constraints, or those that meet targets."""

from conjac.decisions.offsets.maximize import best_offsets
from conjac.decisions.offsets.problem import Problem
from conjac.decisions.offsets.solve import solve_offsets

__all__ = ["Problem", "best_offsets", "solve_offsets"]
