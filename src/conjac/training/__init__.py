"""Through training: a fit at its optimum, surfaces over hyper-parameters, and hyper-parameters tuned by gradients."""

from conjac.training.effects import TrainingEffects, training_effects
from conjac.training.polishing import polish
from conjac.training.surfaces import Between, Surface, surface
from conjac.training.tune import tune_hyperparameters
from conjac.training.tuned import TunedHyperparameters, Visit

__all__ = [
    "Between",
    "Surface",
    "TrainingEffects",
    "TunedHyperparameters",
    "Visit",
    "polish",
    "surface",
    "training_effects",
    "tune_hyperparameters",
]
