"""The offsets of several classes: the best of a metric under constraints, those that meet targets, what is paid."""

from conjac.decisions.offsets.front import OffsetFront
from conjac.decisions.offsets.maximize import best_offsets
from conjac.decisions.offsets.path import OffsetPath
from conjac.decisions.offsets.problem import Problem
from conjac.decisions.offsets.solve import solve_offsets
from conjac.decisions.offsets.trace import traced

__all__ = ["OffsetFront", "OffsetPath", "Problem", "best_offsets", "solve_offsets", "traced"]
