"""From a solved training problem to the motion of the cells as the weights of its training rows move."""

from __future__ import annotations

from typing import Any

import numpy as np

from conjac.density.velocity import Velocity
from conjac.diagnostics import as_told, explain_moved
from conjac.engines.decided import decide
from conjac.engines.implicit import pushed, speeds, told_of_training
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


def reweighted(fitted: Fitted, model: Model, X: Any, y: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a Jacobian, but how it is normalised.

    Parameters
    ----------
    fitted : Fitted
    model : Model
        The same classifier, as functions.
    X, y
        Rows to evaluate.
    options : dict
        As for `conjac.engines.decided.decide`.

    Raises
    ------
    NotSupportedError
        More parameters, or rows, than one factorisation serves.
    """
    problem = fitted.solution.problem
    n_rows, n = len(problem.label), problem.n_parameters
    if n > LARGEST or n_rows * n > MOST:
        raise NotSupportedError(
            f"training_weights of {n_rows} rows and {n} parameters: at most {LARGEST} parameters, and {MOST} of both "
            "multiplied; reduce the columns, or pass fewer rows and fit on those"
        )
    effects = RowEffects(problem, Factored.of(problem))
    decided = decide(pushed(model, fitted, effects.basis), X, y, **options)
    crossing, rows, moving = decided.crossing, decided.rows, speeds(decided, effects.basis.shape[1], together=True)
    velocity = Velocity.of(crossing, rows.weight, moving)
    sums = CrossingSums.of_velocity(crossing, rows.weight, rows.block, moving, velocity)
    joint = DriftJoint(decided.cells, sums)
    off = standing_errors(decided.cells, joint.motion(sums.value @ effects.newton[:, None])[0])
    outcomes = decided.outcomes
    place = outcomes.true.astype(np.intp) * outcomes.n_columns + outcomes.predicted
    motion = WeightedMotion(
        Directions(joint, moving, velocity, place, rows.weight, rows.block),
        effects.coordinates(effects.pulls),
        _changes(fitted, effects),
    )
    read = told_of_training(decided, fitted, effects.curvature.told, off)
    told = as_told(decided.coordinate, decided.by_default)
    diagnostics = explain_moved(rows, told, ["a training row"], motion, read)
    diagnostics["cautions"] += caution(off)
    return {
        **decided.fields(),
        "diagnostics": ReadOnly(diagnostics),
        "parameters": tuple(f"weight[{row}]" for row in range(n_rows)),
        "units": ("1 of weight",) * n_rows,
        "_motion": motion,
    }


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
