"""conjac: the Jacobian of the confusion matrix."""

from conjac import metrics
from conjac._version import __version__
from conjac.curve import ConfusionCurve
from conjac.decisions import Constraint, Decision
from conjac.errors import (
    ConjacError,
    ConjacWarning,
    InexactError,
    InfeasibleError,
    InvalidInputError,
    MissingDependencyError,
    NotSupportedError,
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
    "Decision",
    "InexactError",
    "InfeasibleError",
    "InvalidInputError",
    "MissingDependencyError",
    "NotSupportedError",
    "Tally",
    "Threshold",
    "UnknownMetricError",
    "__version__",
    "confusion_jacobian",
    "metrics",
]
