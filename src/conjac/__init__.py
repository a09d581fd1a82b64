"""conjac: the Jacobian of the confusion matrix."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from conjac import calculus, datasets, metrics, models
from conjac._version import __version__
from conjac.comparison import Comparison, compare
from conjac.contributions import RowContributions
from conjac.curve import ConfusionCurve
from conjac.decisions import Constraint, Decision
from conjac.drift import DriftRanking, rank_drifts
from conjac.errors import (
    ConjacError,
    ConjacWarning,
    ConvergenceError,
    DataNotFoundError,
    InexactError,
    InfeasibleError,
    InvalidInputError,
    MissingDependencyError,
    NotDifferentiableError,
    NotStationaryError,
    NotSupportedError,
    SingularJacobianError,
    UnknownMetricError,
)
from conjac.gradients import MetricGradient
from conjac.influence import InfluentialRows
from conjac.jacobian import ConfusionJacobian, confusion_jacobian
from conjac.multilabel import MultilabelCurves, MultilabelDecision
from conjac.perturbations import (
    Features,
    Hyperparameters,
    Mix,
    Offsets,
    Parameters,
    Threshold,
    TrainingWeights,
    Velocities,
)
from conjac.prevalence import bayes_offsets
from conjac.scores import ScoreJacobian, score_jacobian
from conjac.tally import Tally
from conjac.tradeoffs import pareto_front, tradeoff
from conjac.tuning import maximize, solve

if TYPE_CHECKING:
    from conjac.estimators import TunedDecisionClassifier
    from conjac.training import (
        Between,
        Surface,
        TunedHyperparameters,
        polish,
        surface,
        tune_hyperparameters,
    )
    from conjac.views.displays import (
        ComparisonDisplay,
        ConfusionDifferenceDisplay,
        ConfusionJacobianDisplay,
        ConfusionMatrixDisplay,
        DriftDisplay,
        InfluenceDisplay,
        MetricCurveDisplay,
        PixelDisplay,
        PointMapDisplay,
        SurfaceDisplay,
        TradeoffDisplay,
    )
    from conjac.views.explorer import Explorer
    from conjac.views.report import Report

LATER = {
    "TunedDecisionClassifier": "conjac.estimators",
    **dict.fromkeys(
        ("Between", "Surface", "TunedHyperparameters", "polish", "surface", "tune_hyperparameters"), "conjac.training"
    ),
    **dict.fromkeys(
        (
            "ComparisonDisplay",
            "ConfusionDifferenceDisplay",
            "ConfusionJacobianDisplay",
            "ConfusionMatrixDisplay",
            "DriftDisplay",
            "InfluenceDisplay",
            "MetricCurveDisplay",
            "PixelDisplay",
            "PointMapDisplay",
            "SurfaceDisplay",
            "TradeoffDisplay",
        ),
        "conjac.views.displays",
    ),
    "Explorer": "conjac.views.explorer",
    "Report": "conjac.views.report",
}
"""Where to find what takes longer to load than all the rest: loaded once it is asked for."""

__all__ = [
    "Between",
    "Comparison",
    "ComparisonDisplay",
    "ConfusionCurve",
    "ConfusionDifferenceDisplay",
    "ConfusionJacobian",
    "ConfusionJacobianDisplay",
    "ConfusionMatrixDisplay",
    "ConjacError",
    "ConjacWarning",
    "Constraint",
    "ConvergenceError",
    "DataNotFoundError",
    "Decision",
    "DriftDisplay",
    "DriftRanking",
    "Explorer",
    "Features",
    "Hyperparameters",
    "InexactError",
    "InfeasibleError",
    "InfluenceDisplay",
    "InfluentialRows",
    "InvalidInputError",
    "MetricCurveDisplay",
    "MetricGradient",
    "MissingDependencyError",
    "Mix",
    "MultilabelCurves",
    "MultilabelDecision",
    "NotDifferentiableError",
    "NotStationaryError",
    "NotSupportedError",
    "Offsets",
    "Parameters",
    "PixelDisplay",
    "PointMapDisplay",
    "Report",
    "RowContributions",
    "ScoreJacobian",
    "SingularJacobianError",
    "Surface",
    "SurfaceDisplay",
    "Tally",
    "Threshold",
    "TradeoffDisplay",
    "TrainingWeights",
    "TunedDecisionClassifier",
    "TunedHyperparameters",
    "UnknownMetricError",
    "Velocities",
    "__version__",
    "bayes_offsets",
    "calculus",
    "compare",
    "confusion_jacobian",
    "datasets",
    "maximize",
    "metrics",
    "models",
    "pareto_front",
    "polish",
    "rank_drifts",
    "score_jacobian",
    "solve",
    "surface",
    "tradeoff",
    "tune_hyperparameters",
]


def __getattr__(name: str) -> Any:
    """Load what stands on scikit-learn or is drawn, once it is asked for."""
    if name in LATER:
        return getattr(import_module(LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
