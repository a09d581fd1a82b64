"""What moves. A perturbation tells how fast each margin, or each row's weight, moves per unit of its parameter."""

from conjac.perturbations.decision import OFFSET_UNITS, Offsets, Threshold
from conjac.perturbations.features import Features
from conjac.perturbations.mix import SHARE_UNIT, Mix
from conjac.perturbations.parameters import Parameters
from conjac.perturbations.resolve import Perturbation, resolve
from conjac.perturbations.training import Hyperparameters, TrainingWeights
from conjac.perturbations.velocities import Velocities

__all__ = [
    "OFFSET_UNITS",
    "SHARE_UNIT",
    "Features",
    "Hyperparameters",
    "Mix",
    "Offsets",
    "Parameters",
    "Perturbation",
    "Threshold",
    "TrainingWeights",
    "Velocities",
    "resolve",
]
