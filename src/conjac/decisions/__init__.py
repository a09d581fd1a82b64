"""Which threshold to take: the best, or one that meets a target; and what is given up along the way."""

from conjac.decisions.constraints import Constraint
from conjac.decisions.cost_curve import CostCurve, cost_curve
from conjac.decisions.decision import Decision
from conjac.decisions.decision_curve import DecisionCurve, decision_curve
from conjac.decisions.front import Front
from conjac.decisions.maximize import best_threshold
from conjac.decisions.solve import solve_threshold
from conjac.decisions.tradeoff import Tradeoff, tradeoff

__all__ = [
    "Constraint",
    "CostCurve",
    "Decision",
    "DecisionCurve",
    "Front",
    "Tradeoff",
    "best_threshold",
    "cost_curve",
    "decision_curve",
    "solve_threshold",
    "tradeoff",
]
