"""The implicit function theorem: from a solved training problem to how cells move with hyper-parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from conjac._typing import FloatArray, Scale
from conjac.diagnostics import as_told, explain_moved
from conjac.engines.decided import Decided, decide
from conjac.engines.speeds import Cotangents, Pushed
from conjac.engines.stationary import caution, standing_errors
from conjac.errors import InvalidInputError, NotDifferentiableError
from conjac.inference.crossing_sums import CrossingSums
from conjac.inference.drift_joint import DriftJoint
from conjac.models import Model
from conjac.motion import Again, DriftMotion
from conjac.objectives import Fitted, Lever, curvature_of, mixed
from conjac.perturbations import Hyperparameters
from conjac.readonly import ReadOnly


def followed(
    fitted: Fitted, model: Model, X: Any, y: Any, moves: Hyperparameters, options: dict[str, Any]
) -> dict[str, Any]:
    """Return the fields of a Jacobian, but how it is normalised.

    Parameters
    ----------
    fitted : Fitted
    model : Model
        The same classifier, as functions.
    X, y
        Rows to evaluate.
    moves : Hyperparameters
    options : dict
        As for `conjac.engines.decided.decide`.

    Raises
    ------
    NotDifferentiableError
        A hyper-parameter that the optimum does not follow smoothly, or scores on atoms.
    NotStationaryError
        A fit that is far from the optimum of its problem.
    """
    levers = chosen(fitted, moves)
    directions, solver = directions_of(fitted, levers)
    values = np.array([lever.value for lever in levers.values()])
    if moves.unit == "raw":
        directions[:, :-1] /= values
    decided = decide(pushed(model, fitted, directions), X, y, **options)
    motion, newton = motion_along(decided, len(values))
    read = {
        **told_of_training(decided, fitted, solver, newton),
        "values": dict(zip(levers, values.tolist(), strict=True)),
    }
    names = tuple(levers)
    diagnostics = explain_moved(decided.rows, as_told(decided.coordinate, decided.by_default), names, motion, read)
    diagnostics["cautions"] += caution(newton)
    return {
        **decided.fields(),
        "diagnostics": ReadOnly(diagnostics),
        "parameters": names,
        "units": tuple(f"1 of log {name}" if moves.unit == "log" else f"1 of {name}" for name in names),
        "_motion": motion,
    }


def directions_of(fitted: Fitted, levers: Mapping[str, Lever]) -> tuple[FloatArray, str]:
    """Return how parameters move with the logarithms of levers, and last by a Newton step; and how that was solved.

    Returns
    -------
    array of shape (n_parameters, n_levers + 1), str
    """
    problem = fitted.solution.problem
    right = [mixed(problem, lever).ravel() for lever in levers.values()]
    curvature = curvature_of(problem, len(right) + 1)
    return -curvature.solve(np.stack([*right, problem.gradient.ravel()], axis=1)), curvature.told


def motion_along(decided: Decided, n_directions: int) -> tuple[DriftMotion, float]:
    """Return the motion of the cells along directions of the parameters, beside which the last is a Newton step.

    Returns
    -------
    DriftMotion, float
        And by how many of its standard errors the Newton step moves a cell, at most.

    Raises
    ------
    NotDifferentiableError
        Scores on atoms.
    NotStationaryError
        A fit that is far from the optimum of its problem.
    """
    moving = speeds(decided, n_directions + 1)
    sums = CrossingSums.of(decided.crossing, decided.rows.weight, decided.rows.block, moving)
    joint = DriftJoint(decided.cells, sums)
    newton = standing_errors(decided.cells, joint.motion(sums.value[:, -1:])[0])
    return DriftMotion(replace(joint, sums=sums.part(slice(-1))), Again(replace(moving).of_one)), newton


def chosen(fitted: Fitted, moves: Hyperparameters) -> dict[str, Lever]:
    """Return the levers that are named; all but the penalties of columns where none is.

    Raises
    ------
    NotDifferentiableError
        A name that is none of them.
    InvalidInputError
        No lever at all.
    """
    if not moves.names:
        own = dict(fitted.solution.levers)
        if not own:
            raise InvalidInputError("Hyperparameters(): the training problem has none; name those to refit with")
        return own
    found = {}
    for name in moves.names:
        lever = fitted.lever(name)
        if lever is None:
            some = ", ".join([*fitted.solution.levers, *list(fitted.levers)[-1:]])
            raise NotDifferentiableError(
                f"Hyperparameters({name!r}): the optimum of {type(fitted.estimator).__name__} follows {some} smoothly, "
                "and nothing else; pass method='refit' for others"
            )
        found[name] = lever
    return found


def pushed(model: Model, fitted: Fitted, directions: FloatArray) -> Model:
    """Return the model with what directions of its parameters do to its scores."""
    scale: Scale = "logit" if model.response == "predict_proba" else "score"
    return replace(model, scale=scale, push=lambda X: fitted.push(X, directions, model.response))


def speeds(decided: Decided, n_directions: int, together: bool = False) -> Pushed:
    """Return how fast the rows near facets move along each direction.

    Raises
    ------
    NotDifferentiableError
        Scores on atoms.
    """
    if decided.crossing.method == "secant":
        raise NotDifferentiableError(
            "the scores of the rows to evaluate sit on atoms near the boundary, and have no density there; "
            "pass method='refit'"
        )
    assert decided.model.push is not None
    cotangents = Cotangents(decided.crossing, decided.rows.score, decided.model.scale, decided.scale)
    return Pushed(decided.crossing, decided.inputs, decided.model.push, cotangents, n_directions, together)


def told_of_training(decided: Decided, fitted: Fitted, solver: str, newton: float) -> dict[str, Any]:
    """Return what diagnostics say of the fit."""
    problem = fitted.solution.problem
    kinks = ", with a generalised second derivative where its slope has a kink" if problem.loss.kinked else ""
    return {
        "response_method": decided.model.response,
        "derivative": f"implicit function theorem, by {solver}; {problem.loss.name}",
        "training_rows": len(problem.label),
        "training_parameters": problem.n_parameters,
        "newton_step": "not judged: cells have no slope here"
        if np.isnan(newton)
        else f"moves a cell by {newton:.2g} standard errors at most",
        "held": list(fitted.held),
        "assumes": f"the fit follows the optimum of its {problem.loss.name}{kinks}; training rows are fixed",
        "model": "trained anew as what moves does, on the same training rows",
    }
