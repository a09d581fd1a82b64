"""Networks whose training objective is given, as they follow its rows: by all directions, or each figure by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.density.fixed import FixedWeights
from conjac.density.velocity import Known
from conjac.diagnostics import as_told, explain_parameters
from conjac.engines.decided import decide, order_of
from conjac.engines.implicit import Solved, refuse_atoms
from conjac.engines.networks import WAY_OUT, Trained
from conjac.engines.parameters import Entries, pulled_motion
from conjac.engines.stationary import caution, standing_errors
from conjac.engines.weights import Reweighted, are_few, reweighted
from conjac.errors import InvalidInputError
from conjac.inference.crossing_sums import CrossingSums
from conjac.inference.drift_joint import DriftJoint
from conjac.models import oriented, scored
from conjac.models.networks import rows_of
from conjac.motion import AdjointMotion, Again
from conjac.motion.weighted import Changes
from conjac.objectives import AdjointEffects, NetworkEffects, Products, Whole
from conjac.readonly import ReadOnly

HELD = 2**22
"""Numbers of the Jacobians of rows by all parameters that are held at a time."""
TO_FIRST_ORDER = "; rows left out or relabelled are told to first order, their leverage as it is"


def network_reweighted(network: Trained, X: Any, y: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a Jacobian by the weights of a network's training rows, but how it is normalised.

    Parameters
    ----------
    network : Trained
    X, y, options
        As for `conjac.engines.decided.decide`.

    Raises
    ------
    As `by_directions` and `one_by_one`.
    """
    other = likeliest_other(network, y, options)
    if are_few(len(other), network.problem.n_parameters):
        return reweighted(by_directions(network, other), X, y, options)
    return one_by_one(network, other, X, y, options)


def by_directions(network: Trained, other: AnyArray) -> Reweighted:
    """Return a network as it follows its training rows, by the directions that these can cause.

    Parameters
    ----------
    network : Trained
    other : array of shape (n_rows,)
        As from `likeliest_other`.

    Raises
    ------
    SingularJacobianError
        Parameters that are no minimum, or that its rows do not determine.
    """
    problem = network.problem
    effects = NetworkEffects(problem, Whole.of(problem), other)

    def push(X: Any) -> FloatArray:
        rows = rows_of(X)
        step = max(1, HELD // problem.n_parameters)
        parts = [network.parametric.rows(rows[start : start + step]) for start in range(0, len(rows), step)]
        return np.concatenate([part @ effects.basis for part in parts])

    solved = Solved(replace(network.model, push=push), network.told(effects.curvature.told, TO_FIRST_ORDER), WAY_OUT)
    changes = Changes(network.training.y, other, effects.removed, effects.relabelled)
    return Reweighted(solved, effects.newton, effects.weight, changes)


def one_by_one(network: Trained, other: AnyArray, X: Any, y: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a Jacobian by training rows where parameters are many, but how it is normalised.

    Parameters
    ----------
    network, other
        As for `by_directions`.
    X, y, options
        As for `conjac.engines.decided.decide`.

    Raises
    ------
    NotDifferentiableError
        Scores on atoms.
    NotStationaryError
        A network that is far from the optimum of its objective.
    """
    decided = decide(network.model, X, y, **options)
    refuse_atoms(decided)
    assert decided.model.parametric is not None
    entries = Entries(decided, decided.crossing, decided.model.parametric(()))
    fixed = FixedWeights.of(decided.crossing, decided.rows.weight)
    curvature, n_rows = Products(network.problem), len(other)
    effects = AdjointEffects(network.problem, curvature, other)
    pulled = replace(
        pulled_motion(decided, entries, fixed),
        n_parameters=3 * n_rows,
        pull=Again(lambda each: effects.of(entries.pull(each)).ravel()),
        push=None,
    )
    sums = CrossingSums.of_fixed(fixed, None, None, Known(entries.push(curvature.newton())))
    off = standing_errors(decided.cells, DriftJoint(decided.cells, sums).motion(sums.value)[0], WAY_OUT)
    solved = Solved(network.model, network.told(curvature.told, TO_FIRST_ORDER), WAY_OUT)
    told = as_told(decided.coordinate, decided.by_default)
    read = {**solved.read(decided, off), "errors": "by influential_rows(metric, errors=True)"}
    diagnostics = explain_parameters(decided.rows, told, decided.crossing, decided.cells, read)
    diagnostics["cautions"] += caution(off, WAY_OUT)
    return {
        **decided.fields(),
        "diagnostics": ReadOnly(diagnostics),
        "parameters": tuple(f"weight[{row}]" for row in range(n_rows)),
        "units": ("1 of weight",) * n_rows,
        "_motion": AdjointMotion(pulled, network.training.y, other),
    }


def likeliest_other(network: Trained, y: Any, options: Mapping[str, Any]) -> Any:
    """Return the label that the network finds likeliest after each training row's own, array of shape (n_rows,).

    Parameters
    ----------
    network : Trained
    y, options
        As for `conjac.engines.decided.decide`: for the order of the labels.

    Raises
    ------
    InvalidInputError
        Training rows with a label that is none of these.
    """
    labels = np.asarray(order_of(network.model, y, options.get("labels"), options.get("pos_label")))
    own = network.training.y
    unknown = np.unique(own[~np.isin(own, labels)])
    if len(unknown):
        raise InvalidInputError(
            f"training_data: y holds {unknown.tolist()[0]!r}, and the labels of the rows to evaluate are "
            f"{labels.tolist()}; pass labels= with all of them"
        )
    _, score = oriented(network.model, labels.tolist(), scored(network.model, network.training.X))
    if score.ndim == 1:
        return np.where(own == labels[0], labels[1], labels[0])
    likely = np.where(own[:, None] == labels, -np.inf, score.astype(np.float64))
    return labels[likely.argmax(axis=1)]
