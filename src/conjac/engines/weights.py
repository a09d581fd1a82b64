"""From a solved training problem to the motion of the cells as the weights of its training rows move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac._typing import FloatArray
from conjac.density.velocity import Velocity
from conjac.diagnostics import as_told, explain_moved
from conjac.engines.decided import decide
from conjac.engines.implicit import Solved, pushed, speeds, told_of_training
from conjac.engines.stationary import caution, standing_errors
from conjac.errors import NotSupportedError
from conjac.inference.crossing_sums import CrossingSums
from conjac.inference.directions import Directions
from conjac.inference.drift_joint import DriftJoint
from conjac.models import Model
from conjac.motion import WeightedMotion
from conjac.motion.weighted import Changes
from conjac.objectives import Factored, Fitted, RowEffects
from conjac.objectives.curvature import LARGEST
from conjac.readonly import ReadOnly

MOST = 2**28
"""Numbers that coordinates of the rows may take."""


@dataclass(frozen=True, eq=False)
class Reweighted:
    """A model that follows its solved training problem as training rows change, by coordinates of the parameters.

    Attributes
    ----------
    solved : Solved
        Pushed along each coordinate.
    newton : array of shape (n_coordinates,)
        Where one Newton step of the training problem lies.
    weight : array of shape (n_rows, n_coordinates)
        Where a unit of each row's weight lies.
    changes : Changes
    """

    solved: Solved
    newton: FloatArray
    weight: FloatArray
    changes: Changes


def reweighted(moving: Reweighted, X: Any, y: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a Jacobian by the weights of training rows, but how it is normalised.

    Parameters
    ----------
    moving : Reweighted
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
    solved, n_rows = moving.solved, len(moving.weight)
    decided = decide(solved.model, X, y, **options)
    crossing, rows, along = decided.crossing, decided.rows, speeds(decided, len(moving.newton), together=True)
    velocity = Velocity.of(crossing, rows.weight, along)
    sums = CrossingSums.of_velocity(crossing, rows.weight, rows.block, along, velocity)
    joint = DriftJoint(decided.cells, sums)
    off = standing_errors(decided.cells, joint.motion(sums.value @ moving.newton[:, None])[0], solved.way_out)
    outcomes = decided.outcomes
    place = outcomes.true.astype(np.intp) * outcomes.n_columns + outcomes.predicted
    directions = Directions(joint, along, velocity, place, rows.weight, rows.block)
    motion = WeightedMotion(directions, moving.weight, moving.changes)
    told = as_told(decided.coordinate, decided.by_default)
    diagnostics = explain_moved(rows, told, ["a training row"], motion, solved.read(decided, off))
    diagnostics["cautions"] += caution(off, solved.way_out)
    return {
        **decided.fields(),
        "diagnostics": ReadOnly(diagnostics),
        "parameters": tuple(f"weight[{row}]" for row in range(n_rows)),
        "units": ("1 of weight",) * n_rows,
        "_motion": motion,
    }


def by_rows(fitted: Fitted, model: Model) -> Reweighted:
    """Return a model of scikit-learn's as it follows its training rows.

    Raises
    ------
    NotSupportedError
        More parameters, or rows, than one factorisation serves.
    """
    problem = fitted.solution.problem
    n_rows, n = len(problem.label), problem.n_parameters
    if not are_few(n_rows, n):
        raise NotSupportedError(
            f"training_weights of {n_rows} rows and {n} parameters: at most {LARGEST} parameters, and {MOST} of both "
            "multiplied; reduce the columns, or pass fewer rows and fit on those"
        )
    effects = RowEffects(problem, Factored.of(problem))
    solved = Solved(pushed(model, fitted, effects.basis), told_of_training(fitted, effects.curvature.told))
    return Reweighted(solved, effects.newton, effects.coordinates(effects.pulls), _changes(fitted, effects))


def are_few(n_rows: int, n_parameters: int) -> bool:
    """Tell whether the directions that rows can cause are held."""
    return n_parameters <= LARGEST and n_rows * n_parameters <= MOST


def _changes(fitted: Fitted, effects: RowEffects) -> Changes:
    problem, classes = effects.problem, fitted.estimator.classes_
    likely = problem.predictors.copy() if len(classes) > 2 else np.hstack([-problem.predictors, problem.predictors])
    likely[np.arange(len(likely)), problem.label] = -np.inf
    other = likely.argmax(axis=1)
    return Changes(
        label=classes[problem.label],
        other=classes[other],
        removed=lambda: effects.coordinates(effects.removed()),
        relabelled=lambda: effects.coordinates(effects.relabelled(other)),
    )
