"""conjac: the Jacobian of the confusion matrix."""

from conjac import calculus, metrics
from conjac._version import __version__
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
from conjac.jacobian import ConfusionJacobian, confusion_jacobian
from conjac.perturbations import Threshold
from conjac.tally import Tally

__all__ = [
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
    "NotDifferentiableError",
    "NotSupportedError",
    "SingularJacobianError",
    "Tally",
    "Threshold",
    "UnknownMetricError",
    "__version__",
    "calculus",
    "confusion_jacobian",
    "metrics",
]
