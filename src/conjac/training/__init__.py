"""Through training: hyper-parameters tuned by what they do to the cells."""

from conjac.training.tune import tune_hyperparameters
from conjac.training.tuned import TunedHyperparameters, Visit

__all__ = ["TunedHyperparameters", "Visit", "tune_hyperparameters"]
