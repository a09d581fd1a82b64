"""What an explorer with a model at hand lets move: drifts of its inputs, and its hyper-parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conjac._typing import FloatArray
from conjac.engines.decided import Decided
from conjac.engines.features import Drifting
from conjac.errors import ConjacError, InvalidInputError
from conjac.models.settings import Setting, movable
from conjac.objectives import Fitted
from conjac.perturbations import Features
from conjac.reading import as_number
from conjac.validation import TrainingData
from conjac.views.explorer.live.rescored import Drift
from conjac.views.summary.measure import clean
from conjac.views.summary.scene import Move

FAR = 3.0
"""Standard deviations that a column may drift."""
TIMES = 100.0
"""How far a positive hyper-parameter may go, as a factor."""
MOST = 200
"""Columns that are offered, the strongest first."""
LOOKED_AT = 2000
"""Rows by whose derivatives columns are put in order."""


def drift_moves(decided: Decided, drift: Any) -> tuple[dict[str, Drift], list[Move]]:
    """Return the columns that may drift, by the names of their moves; the strongest first where that is known.

    Parameters
    ----------
    decided : Decided
    drift : True, name or sequence of names
        True for all columns of numbers.

    Raises
    ------
    InvalidInputError
        A column that there is not, or that holds no numbers.
    """
    try:
        drifting = Drifting.of(Features(None if drift is True else drift), decided)
    except InvalidInputError:
        if drift is True:  # none was asked for by name
            return {}, []
        raise
    order = np.argsort(-_strength(decided, drifting), kind="stable")[: MOST if drift is True else None]
    drifts, moves = dict[str, Drift](), list[Move]()
    for k in order:
        name, sd = drifting.names[k], float(drifting.spread[k])
        if sd > 0:
            drifts[f"drift[{name}]"] = Drift(drifting.places[k], sd)
            moves.append(Move(f"drift[{name}]", clean(name), "drift", -FAR, FAR, 0.0, "sd"))
    return drifts, moves


def _strength(decided: Decided, drifting: Drifting) -> FloatArray:
    """Return how far a drift of each column moves rows near the boundary, on average; 1 where that is unknown."""
    model, inputs = decided.model, decided.inputs
    if model.pull is None or len(decided.rows.labels) > 2:
        return np.ones(len(drifting.places))
    few = inputs.take(decided.nearest(LOOKED_AT)).native
    pulled = np.asarray(model.pull(few, np.ones(1)))
    return np.asarray(np.abs(pulled[:, list(drifting.places)]).mean(axis=0) * drifting.spread)


def hyper_moves(estimator: Any, training: TrainingData, asked: Any) -> tuple[dict[str, Setting], list[Move]]:
    """Return the hyper-parameters that may move, by their names.

    Parameters
    ----------
    estimator : fitted classifier
    training : TrainingData
    asked : None, name, sequence of names, or mapping of names to (low, high)
        By default those that the training problem follows smoothly; else every number that shapes the model.

    Raises
    ------
    InvalidInputError
        An estimator that has none, a name that is none, or bounds that do not hold where it stands.
    """
    if not hasattr(estimator, "get_params") or not hasattr(estimator, "fit"):
        raise InvalidInputError(
            f"training_data: a {type(estimator).__name__} cannot be fitted again, as its hyper-parameters would ask; "
            "leave it out, or pass the classifier itself"
        )
    spans: Mapping[str, Any]
    if isinstance(asked, Mapping):
        spans = asked
    else:
        names = _usual(estimator, training) if asked is None else [asked] if isinstance(asked, str) else list(asked)
        spans = dict.fromkeys(names)
    settings = {name: Setting.of(name, estimator, training.y) for name in spans}
    return settings, [_move(name, settings[name], span) for name, span in spans.items()]


def _usual(estimator: Any, training: TrainingData) -> list[str]:
    try:
        return list(Fitted.of(estimator, training).solution.levers)
    except ConjacError:  # not smooth, not known, or not solved: every number then
        return list(movable(estimator))


def _move(name: str, setting: Setting, span: Any) -> Move:
    value = float(setting.value)
    low, high = _span(value, setting.whole) if span is None else _read(name, span, value)
    return Move(name, clean(name), "hyper", low, high, value, "", low > 0 and not setting.whole, setting.whole)


def _span(value: float, whole: bool) -> tuple[float, float]:
    if whole:
        return (min(1.0, value), max(4 * value, 10.0))
    return (value / TIMES, value * TIMES) if value > 0 else (min(value, 0.0), 1.0)


def _read(name: str, span: Any, value: float) -> tuple[float, float]:
    if not (isinstance(span, tuple | list) and len(span) == 2):
        raise InvalidInputError(f"hyperparameters[{name!r}]={span!r}: expected (low, high)")
    low, high = (float(as_number(side, f"hyperparameters[{name!r}]")) for side in span)
    if not (np.isfinite([low, high]).all() and low < high and low <= value <= high):
        raise InvalidInputError(
            f"hyperparameters[{name!r}]=({low:g}, {high:g}): expected finite numbers about {value:g}, where it stands"
        )
    return low, high
