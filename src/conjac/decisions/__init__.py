"""Which threshold to take: the best, or one that meets a target, subject to constraints."""

from conjac.decisions.constraints import Constraint
from conjac.decisions.decision import Decision
from conjac.decisions.maximize import best_threshold
from conjac.decisions.solve import solve_threshold

__all__ = ["Constraint", "Decision", "best_threshold", "solve_threshold"]
