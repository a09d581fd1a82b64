"""Pairs of models fitted anew on either side of a hyper-parameter."""

from __future__ import annotations

from typing import Any

from conjac.engines.decided import Decided
from conjac.errors import NotSupportedError
from conjac.perturbations import Hyperparameters
from conjac.validation import TrainingData


def refitted(
    estimator: Any, decided: Decided, moves: Hyperparameters, training: TrainingData, random_state: Any
) -> dict[str, Any]:
    """Return the fields of a Jacobian, but how it is normalised."""
    del estimator, decided, moves, training, random_state
    raise NotSupportedError("refits: not yet")
