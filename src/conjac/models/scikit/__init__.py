"""scikit-learn: scores and derivatives of its classifiers, by rules for each of its classes.

`part` is the table, and the door that a rule comes in by (`serve`); each other file holds the rules of its name.
"""

from conjac.models.scikit import (
    calibrated,
    classifiers,
    compose,
    ensembles,
    features,
    gaussian_process,
    kernels,
    networks,
    scaling,
    steps,
)
from conjac.models.scikit.adapter import ScikitLearn

__all__ = [
    "ScikitLearn",
    "calibrated",
    "classifiers",
    "compose",
    "ensembles",
    "features",
    "gaussian_process",
    "kernels",
    "networks",
    "scaling",
    "steps",
]
