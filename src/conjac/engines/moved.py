"""From a model, its rows and what moves, be it inputs or training, to the motion of the cells."""

from __future__ import annotations

from typing import Any, TypeAlias

from conjac.engines.decided import decide
from conjac.engines.features import drifted
from conjac.engines.implicit import by_levers, followed
from conjac.engines.network_rows import network_reweighted
from conjac.engines.networks import network_by_levers, trained
from conjac.engines.parameters import parametrized
from conjac.engines.refits import refitted
from conjac.engines.velocities import SHARED
from conjac.engines.weights import by_rows, reweighted
from conjac.errors import InvalidInputError, NotDifferentiableError, NotSupportedError
from conjac.models import Model, Objective
from conjac.objectives import Fitted
from conjac.perturbations import Features, Hyperparameters, Parameters, TrainingWeights
from conjac.validation import check_training

ByModel: TypeAlias = Features | Parameters | Hyperparameters | TrainingWeights
"""What needs the model, and not its scores alone."""


def moved(
    estimator: Any,
    model: Model,
    X: Any,
    y: Any,
    moves: ByModel,
    training_data: Any = None,
    objective: Objective | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Return the fields of a Jacobian, but how it is normalised.

    Parameters
    ----------
    estimator : fitted classifier
    model : Model
        The same, as functions.
    X, y
        Rows to evaluate.
    moves : Features, Parameters, Hyperparameters or TrainingWeights
    training_data : tuple, optional
        What the estimator was fitted on: see `conjac.validation.check_training`.
    objective : Objective, optional
        What a network was trained to minimise.
    **options
        As for `conjac.engines.decided.decide`; and ``random_state``, from which the seeds of refits are drawn.

    Raises
    ------
    InvalidInputError
        Training rows that are missing, or of no use.
    """
    random_state = options.pop("random_state", None)
    if options.pop("assume_calibrated", False):
        raise NotSupportedError(SHARED)
    if isinstance(moves, Features | Parameters):
        if training_data is not None or objective is not None:
            raise InvalidInputError(f"training_data: {moves.name} do not pass through training; leave it out")
        decided = decide(model, X, y, **options)
        return drifted(decided, moves) if isinstance(moves, Features) else parametrized(decided, moves)
    training = check_training(training_data)
    if objective is not None or model.columnwise:
        network = trained(model, objective, training)
        if isinstance(moves, TrainingWeights):
            return network_reweighted(network, X, y, options)
        solved, values = network_by_levers(network, moves)
        return followed(solved, values, moves.unit, X, y, options)
    if isinstance(moves, TrainingWeights):
        return reweighted(by_rows(Fitted.of(estimator, training), model), X, y, options)
    why = "a refit was asked for"
    if moves.method != "refit" and moves.step is None:
        try:
            solved, values = by_levers(Fitted.of(estimator, training), model, moves)
            return followed(solved, values, moves.unit, X, y, options)
        except NotDifferentiableError as error:
            if moves.method == "implicit":
                raise
            why = str(error)
    return refitted(estimator, decide(model, X, y, **options), moves, training, random_state, why)
