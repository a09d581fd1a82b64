"""conjac: the Jacobian of the confusion matrix."""

from conjac import calculus, metrics
from conjac._version import __version__
from conjac.comparison import Comparison, compare
from conjac.curve import ConfusionCurve
from conjac.decisions import Constraint, Decision
from conjac.errors import (
    ConjacError,
    ConjacWarning,
    ConvergenceError,
    InexactError,
    InfeasibleError,
    InvalidInputError,
    MissingDependencyError,
    NotDifferentiableError,
    NotSupportedError,
    SingularJacobianError,
    UnknownMetricError,
)
from conjac.estimators import TunedDecisionClassifier
from conjac.jacobian import ConfusionJacobian, confusion_jacobian
from conjac.perturbations import Mix, Offsets, Threshold
from conjac.prevalence import bayes_offsets
from conjac.tally import Tally
from conjac.tradeoffs import pareto_front, tradeoff
from conjac.tuning import maximize, solve

__all__ = [
    "Comparison",
    "ConfusionCurve",
    "ConfusionJacobian",
    "ConjacError",
    "ConjacWarning",
    "Constraint",
    "ConvergenceError",
    "Decision",
    "InexactError",
    "InfeasibleError",
    "InvalidInputError",
    "MissingDependencyError",
    "Mix",
    "NotDifferentiableError",
    "NotSupportedError",
    "Offsets",
    "SingularJacobianError",
    "Tally",
    "Threshold",
    "TunedDecisionClassifier",
    "UnknownMetricError",
    "__version__",
    "bayes_offsets",
    "calculus",
    "compare",
    "confusion_jacobian",
    "maximize",
    "metrics",
    "pareto_front",
    "solve",
    "tradeoff",
]
