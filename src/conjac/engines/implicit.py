"""The implicit function theorem: from a solved training problem to how cells move with hyper-parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conjac._typing import FloatArray, Scale
from conjac.diagnostics import as_told, explain_moved
from conjac.engines.decided import Decided, decide
from conjac.engines.speeds import Cotangents, Pushed
from conjac.engines.stationary import WAY_OUT, caution, standing_errors
from conjac.errors import InvalidInputError, NotDifferentiableError
from conjac.inference.crossing_sums import CrossingSums
from conjac.inference.drift_joint import DriftJoint
from conjac.models import Model
from conjac.motion import Again, DriftMotion
from conjac.objectives import Fitted, Lever, curvature_of, mixed
from conjac.perturbations import Hyperparameters
from conjac.readonly import ReadOnly


@dataclass(frozen=True, eq=False)
class Solved:
    """A model that follows its solved training problem.

    Attributes
    ----------
    model : Model
        Its push is along directions of what moves, by coordinates of the parameters.
    told : mapping
        What diagnostics say of training.
    way_out : str
        What to do where it is not solved.
    """

    model: Model
    told: Mapping[str, Any]
    way_out: str = WAY_OUT

    def read(self, decided: Decided, newton: float) -> dict[str, Any]:
        """Return what diagnostics say, with what a Newton step does to these cells."""
        return {
            "response_method": decided.model.response,
            **self.told,
            "newton_step": "not judged: cells have no slope here"
            if np.isnan(newton)
            else f"moves a cell by {newton:.2g} standard errors at most",
        }


def followed(
    solved: Solved, values: Mapping[str, float], unit: str, X: Any, y: Any, options: dict[str, Any]
) -> dict[str, Any]:
    """Return the fields of a Jacobian by hyper-parameters, but how it is normalised.

    Parameters
    ----------
    solved : Solved
        Pushed along each hyper-parameter, in units, and last along a Newton step.
    values : mapping of str to float
        Where hyper-parameters stand.
    unit : {"log", "raw"}
    X, y
        Rows to evaluate.
    options : dict
        As for `conjac.engines.decided.decide`.

    Raises
    ------
    NotDifferentiableError
        Scores on atoms.
    NotStationaryError
        A fit that is far from the optimum of its problem.
    """
    decided = decide(solved.model, X, y, **options)
    motion, newton = motion_along(decided, len(values), solved.way_out)
    names = tuple(values)
    read = {**solved.read(decided, newton), "values": dict(values)}
    diagnostics = explain_moved(decided.rows, as_told(decided.coordinate, decided.by_default), names, motion, read)
    diagnostics["cautions"] += caution(newton, solved.way_out)
    return {
        **decided.fields(),
        "diagnostics": ReadOnly(diagnostics),
        "parameters": names,
        "units": tuple(f"1 of log {name}" if unit == "log" else f"1 of {name}" for name in names),
        "_motion": motion,
    }


def by_levers(fitted: Fitted, model: Model, moves: Hyperparameters) -> tuple[Solved, dict[str, float]]:
    """Return a model of scikit-learn's as it follows hyper-parameters, and where these stand.

    Raises
    ------
    NotDifferentiableError
        A hyper-parameter that the optimum does not follow smoothly.
    """
    levers = chosen(fitted, moves)
    directions, solver = directions_of(fitted, levers)
    values = {name: lever.value for name, lever in levers.items()}
    if moves.unit == "raw":
        directions[:, :-1] /= list(values.values())
    return Solved(pushed(model, fitted, directions), told_of_training(fitted, solver)), values


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


def motion_along(decided: Decided, n_directions: int, way_out: str = WAY_OUT) -> tuple[DriftMotion, float]:
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
    newton = standing_errors(decided.cells, joint.motion(sums.value[:, -1:])[0], way_out)
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
    refuse_atoms(decided)
    assert decided.model.push is not None
    cotangents = Cotangents(decided.crossing, decided.rows.score, decided.model.scale, decided.scale)
    return Pushed(decided.crossing, decided.inputs, decided.model.push, cotangents, n_directions, together)


def refuse_atoms(decided: Decided) -> None:
    """Refuse scores that have no density.

    Raises
    ------
    NotDifferentiableError
        Scores on atoms.
    """
    if decided.crossing.method == "secant":
        raise NotDifferentiableError(
            "the scores of the rows to evaluate sit on atoms near the boundary, and have no density there; "
            "pass method='refit', where the model can be fitted again"
        )


def told_of_training(fitted: Fitted, solver: str) -> dict[str, Any]:
    """Return what diagnostics say of the fit."""
    problem = fitted.solution.problem
    kinks = ", with a generalised second derivative where its slope has a kink" if problem.loss.kinked else ""
    return {
        "derivative": f"implicit function theorem, by {solver}; {problem.loss.name}",
        "training_rows": len(problem.label),
        "training_parameters": problem.n_parameters,
        "held": list(fitted.held),
        "assumes": f"the fit follows the optimum of its {problem.loss.name}{kinks}; training rows are fixed",
        "model": "trained anew as what moves does, on the same training rows",
    }
