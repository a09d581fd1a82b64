"""From rows and what a rule makes of them to the motion of the cells with the shares of categories."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from conjac._typing import ConditionOn, IntArray
from conjac.diagnostics import as_told, explain_mix
from conjac.engines.outcomes import Outcomes
from conjac.errors import InvalidInputError
from conjac.inputs import Inputs
from conjac.motion import MixMotion
from conjac.perturbations import SHARE_UNIT, Mix
from conjac.readonly import ReadOnly, locked
from conjac.rules import ArgmaxRule
from conjac.validation import ClassPredictions, Predictions, check_vector
from conjac.validation.arguments import refuse_missing, scalar

MOST_CATEGORIES = 1000
"""More are most likely numbers that were meant to be grouped."""


def mixed(
    rows: Predictions | ClassPredictions,
    outcomes: Outcomes,
    mix: Mix,
    coordinate: str,
    condition_on: ConditionOn | None,
) -> dict[str, Any]:
    """Return what of a Jacobian depends on what moves: motion, parameters, units and diagnostics.

    Parameters
    ----------
    rows : Predictions or ClassPredictions
    outcomes : Outcomes
        Of the same rows, under the rule.
    mix : Mix
    coordinate : str
        What to say of the coordinate in diagnostics.
    condition_on : {"class", None}

    Raises
    ------
    InvalidInputError
        Categories that are not one a row, are missing, or are one or too many.
    """
    names, index = categories(rows, mix)
    motion = MixMotion(outcomes.by_category(index, len(names), condition_on))
    return {
        "diagnostics": ReadOnly(explain_mix(rows, coordinate, names, motion)),
        "parameters": tuple(f"share[{name}]" for name in names),
        "units": (SHARE_UNIT,) * len(names),
        "_motion": motion,
    }


def mixed_classes(
    rows: ClassPredictions, rule: ArgmaxRule, mix: Mix, condition_on: ConditionOn | None, by_default: bool
) -> dict[str, Any]:
    """Return the fields of a `conjac.ConfusionJacobian` by a mix, of several classes; see `mixed`."""
    outcomes = Outcomes.of(rows, rule.predict(rows.score), rule.n_columns)
    return {
        "labels": rows.labels,
        "threshold": np.nan,
        "offsets": locked(rule.offsets),
        "coordinate": rule.scale,
        "_outcomes": outcomes,
        **mixed(rows, outcomes, mix, as_told(rule.scale, by_default), condition_on),
    }


def of_column(mix: Mix, X: Any) -> Mix:
    """Return a mix that names a column of X as that of the column's values; any other as it is.

    Raises
    ------
    InvalidInputError
        A name that is no column of X.
    """
    if not isinstance(mix.by, str) or mix.by == "class":
        return mix
    inputs = Inputs.of(X)
    return replace(mix, by=inputs.column(inputs.place(mix.by)), name=mix.name or mix.by)


def categories(rows: Predictions | ClassPredictions, mix: Mix) -> tuple[list[Any], IntArray]:
    """Return the categories, sorted, and the place of each row's among them."""
    if isinstance(mix.by, str):
        if mix.by == "class":
            return list(rows.labels), rows.true
        raise InvalidInputError(
            f"Mix({mix.by!r}) names a column, and arrays have none; pass the column's values, one a row: "
            f"Mix(values, name={mix.by!r})"
        )
    argument = f"Mix({mix.name or 'values'})"
    values = check_vector(mix.by, argument)
    refuse_missing(values, argument)
    if len(values) != len(rows.true):
        raise InvalidInputError(f"{argument} has {len(values)} rows and y_true has {len(rows.true)}")
    try:
        found, index = np.unique(values, return_inverse=True)
    except TypeError:
        raise InvalidInputError(f"{argument} mixes types that cannot be sorted; make the categories one type") from None
    if not 1 < len(found) <= MOST_CATEGORIES:
        raise InvalidInputError(
            f"{argument} holds {len(found)} categories; expected 2 to {MOST_CATEGORIES}: "
            f"{'the share of all rows cannot move' if len(found) == 1 else 'group rare ones, or cut numbers into bins'}"
        )
    return [scalar(name) for name in found], index
