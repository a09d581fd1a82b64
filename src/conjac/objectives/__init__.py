"""What a fitted classifier minimised: its training problem, and what the optimum follows."""

from conjac.objectives.curvature import Curvature, Factored, MatrixFree, curvature_of
from conjac.objectives.fitted import Fitted
from conjac.objectives.levers import Lever, mixed
from conjac.objectives.linear import Design, LinearProblem

__all__ = [
    "Curvature",
    "Design",
    "Factored",
    "Fitted",
    "Lever",
    "LinearProblem",
    "MatrixFree",
    "curvature_of",
    "mixed",
]
