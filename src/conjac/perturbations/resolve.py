"""From what is asked for to a perturbation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from conjac.errors import InvalidInputError
from conjac.perturbations.decision import Offsets, Threshold
from conjac.perturbations.features import Features
from conjac.perturbations.mix import Mix
from conjac.perturbations.parameters import Parameters
from conjac.perturbations.training import Hyperparameters, TrainingWeights
from conjac.perturbations.velocities import Velocities

Perturbation: TypeAlias = (
    Threshold | Offsets | Mix | Velocities | Features | Parameters | Hyperparameters | TrainingWeights
)

NAMED: dict[str, Callable[[], Perturbation]] = {
    "threshold": Threshold,
    "offsets": Offsets,
    "features": Features,
    "parameters": Parameters,
    "hyperparameters": Hyperparameters,
    "training_weights": TrainingWeights,
}


def resolve(wrt: Any, n_columns: int = 1) -> Perturbation:
    """Return the perturbation that ``wrt`` names; None is the threshold of two classes, and the offsets of more.

    Parameters
    ----------
    wrt : str, perturbation or None
    n_columns : int
        Scores a row.

    Raises
    ------
    InvalidInputError
        An unknown name.
    """
    if isinstance(wrt, Perturbation):
        return wrt
    if wrt is None:
        return Offsets() if n_columns > 2 else Threshold()
    if isinstance(wrt, str) and wrt in NAMED:
        return NAMED[wrt]()
    if isinstance(wrt, str) and wrt == "mix":
        raise InvalidInputError("wrt='mix': of what? Pass conjac.Mix('class'), or conjac.Mix(values) with each row's")
    if isinstance(wrt, str) and wrt == "velocities":
        raise InvalidInputError("wrt='velocities': which? Pass conjac.Velocities({\"age\": derivatives_of_the_scores})")
    raise InvalidInputError(
        f"wrt={wrt!r}: expected {', '.join(map(repr, NAMED))}, a conjac.Mix, a conjac.Velocities or None"
    )
