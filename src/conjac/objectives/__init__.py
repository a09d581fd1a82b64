"""What a fitted classifier minimised: its training problem, and what the optimum follows."""

from conjac.objectives.curvature import Curvature, Factored, MatrixFree, curvature_of
from conjac.objectives.fitted import Fitted
from conjac.objectives.levers import Lever, mixed
from conjac.objectives.linear import Design, LinearProblem
from conjac.objectives.network import NetworkProblem
from conjac.objectives.network_rows import AdjointEffects, NetworkEffects
from conjac.objectives.products import Products, Whole
from conjac.objectives.rows import RowEffects

__all__ = [
    "AdjointEffects",
    "Curvature",
    "Design",
    "Factored",
    "Fitted",
    "Lever",
    "LinearProblem",
    "MatrixFree",
    "NetworkEffects",
    "NetworkProblem",
    "Products",
    "RowEffects",
    "Whole",
    "curvature_of",
    "mixed",
]
