"""From a model's rows to the motion of the cells as features drift: by margins' derivatives, or by a recount."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from conjac._typing import BoolArray, FloatArray, Scale
from conjac.diagnostics import FIXED, as_told, explain_moved
from conjac.engines.decided import Decided
from conjac.engines.recount import Drift, recounted
from conjac.engines.speeds import Alike, Cotangents, Pulled
from conjac.errors import InvalidInputError
from conjac.inference.crossing_sums import CrossingSums
from conjac.inference.drift_joint import DriftJoint
from conjac.inputs import Kinds, lattice_of, robust_spread, spread
from conjac.models.checked import checked
from conjac.models.contract import Pull
from conjac.models.numerical import STEP, Differences
from conjac.motion import Again, DriftMotion, RecountedMotion
from conjac.perturbations import Features
from conjac.reading import as_array
from conjac.readonly import ReadOnly

LOOKED_AT = 32
"""Rows nearest to a facet on which derivatives are tried."""
SAMPLE = 2**12
"""Rows by which the steps of differences are chosen."""


@dataclass(frozen=True, eq=False)
class Drifting:
    """The columns that drift, and which rows.

    Attributes
    ----------
    places : tuple of int
    names : tuple of str
    spread : array of shape (n_features,)
        Weighted standard deviation over all rows.
    unit : array of shape (n_features,)
        What a drift of 1 is, in units of the column.
    moves : array of shape (n_samples,) or None
        Which rows drift; None for all.
    kinds : Kinds
    shape : tuple of int
        Of the features: (-1,), or that of an image whose pixels all drift.
    """

    places: tuple[int, ...]
    names: tuple[str, ...]
    spread: FloatArray
    unit: FloatArray
    moves: BoolArray | None
    kinds: Kinds
    shape: tuple[int, ...] = (-1,)

    @classmethod
    def of(cls, features: Features, decided: Decided) -> Drifting:
        """Read what is to drift.

        Raises
        ------
        InvalidInputError
            An unknown column, one of categories, no numeric column at all, or a slice that is none.
        """
        inputs = decided.inputs
        kinds = Kinds.of(inputs, [*features.categorical, *decided.model.coded(inputs.names)])
        places = kinds.numeric
        if features.columns is not None:
            places = inputs.places(features.columns)
            kinds.refuse_aside(inputs.names[place] for place in places)
            for place in places:
                _refuse_category(inputs.names[place], place, kinds)
        if not places:
            raise InvalidInputError(
                "X has no numeric column that can drift; the shares of categories move by conjac.Mix"
            )
        sd = spread(inputs, places, decided.rows.weight)
        unit = sd if features.unit == "sd" else np.ones(len(places))
        names = tuple(inputs.names[place] for place in places)
        shape = inputs.shape if inputs.is_image and features.columns is None else (-1,)
        return cls(places, names, sd, unit, _moving(features.where, decided), kinds, shape)

    @property
    def left_out(self) -> dict[str, str]:
        """Why columns do not drift, by name; pixels that are the same in all images stand still in their place."""
        still = np.flatnonzero(self.unit == 0) if self.shape != (-1,) else ()
        return self.kinds.aside | {self.names[place]: "one value in all images" for place in still}


class Derivative(NamedTuple):
    """How margins move with inputs, or why that is not known."""

    pull: Pull | None
    told: str
    scale: Scale = "score"


def drifted(decided: Decided, features: Features, report: Callable[[float], None] | None = None) -> dict[str, Any]:
    """Return the fields of a Jacobian, but how it is normalised.

    Parameters
    ----------
    decided : Decided
    features : Features
    report : callable, optional
        Is told the share of a recount that is done.
    """
    drifting = Drifting.of(features, decided)
    if features.step is None:
        derivative = _derivative(decided, drifting)
    else:
        derivative = Derivative(None, f"not used: a recount at {features.step:g} units was asked for")
    motion: DriftMotion | RecountedMotion
    if derivative.pull is not None:
        motion = _tangent(decided, drifting, derivative.pull, derivative.scale)
    else:
        moving = np.where(drifting.unit > 0, drifting.unit, np.nan)
        steps = [None] * len(moving) if features.step is None else (features.step * moving).tolist()
        drifts = [
            Drift(place, name, unit, lattice_of(decided.inputs.column(place)), step)
            for place, name, unit, step in zip(drifting.places, drifting.names, drifting.unit, steps, strict=True)
        ]
        motion = recounted(
            decided.predict,
            decided.inputs,
            decided.outcomes,
            drifts,
            drifting.moves,
            decided.condition_on,
            report,
            drifting.shape,
        )
    read = {
        "response_method": decided.model.response,
        "derivative": derivative.told,
        "spread": dict(zip(drifting.names, drifting.spread.tolist(), strict=True)),
        "rows_that_drift": len(decided.rows.true) if drifting.moves is None else int(drifting.moves.sum()),
        "categories": list(drifting.kinds.categories),
        "left_out": drifting.left_out,
        "assumes": "measurements drift, and labels and all else stay; sensitivity, not importance",
        "model": FIXED,
    }
    told = as_told(decided.coordinate, decided.by_default)
    return {
        **decided.fields(),
        "diagnostics": ReadOnly(explain_moved(decided.rows, told, drifting.names, motion, read)),
        "parameters": drifting.names,
        "units": tuple("1 sd" if features.unit == "sd" else f"1 of {name}" for name in drifting.names),
        "_motion": motion,
    }


def _tangent(decided: Decided, drifting: Drifting, pull: Pull, scale: Scale) -> DriftMotion:
    crossing, rows = decided.crossing, decided.rows
    cotangents = Cotangents(crossing, rows.score, scale, decided.scale)
    pulled = Pulled(crossing, decided.inputs, pull, cotangents, drifting.places, drifting.unit, drifting.moves)
    shared = pulled.shared()
    if shared is None:
        sums = CrossingSums.of(crossing, rows.weight, rows.block, pulled)
    else:
        sums = CrossingSums.of(crossing, rows.weight, rows.block, Alike.of(pulled)).times(shared)
    return DriftMotion(DriftJoint(decided.cells, sums), Again(replace(pulled).of_one), drifting.shape)


def _derivative(decided: Decided, drifting: Drifting) -> Derivative:
    """Return the derivative that serves: the model's own where it is right, else differences where they are smooth."""
    model = decided.model
    if model.stepwise:
        return Derivative(None, f"none: {model.derivative or 'the scores are steps'}")
    if decided.crossing.method != "tangent" and np.isfinite(decided.crossing.value).all():
        return Derivative(None, "not used: scores sit on atoms near the boundary, and have no density there")
    rows = decided.nearest(LOOKED_AT)
    if not len(rows):
        pull = model.pull or _differences(decided, drifting).pull
        return Derivative(pull, "not looked at: no row is near the boundary", decided.scale)
    few = decided.inputs.take(rows)
    if model.pull is not None:
        model = checked(model, few)
        if model.pull is not None:
            return Derivative(model.pull, model.derivative, model.scale)
    differences = _differences(decided, drifting)
    if differences.smooth(few):
        how = f"central differences over {STEP} sd; {model.derivative or 'none of its own'}"
        return Derivative(differences.pull, how, decided.scale)
    return Derivative(None, f"none: {model.derivative or 'the scores are steps, or rougher than differences resolve'}")


def _differences(decided: Decided, drifting: Drifting) -> Differences:
    """Return differences over steps that few rows far off do not widen."""
    some = decided.inputs.take(slice(0, None, max(1, decided.inputs.n_rows // SAMPLE)))
    robust = np.array([robust_spread(some.column(place)) for place in drifting.places])
    return Differences(decided.compared, drifting.places, STEP * np.where(robust > 0, robust, drifting.spread))


def _refuse_category(name: str, place: int, kinds: Kinds) -> None:
    if place not in kinds.numeric:
        raise InvalidInputError(
            f"column {name!r} holds categories, which do not drift: their shares move, by wrt=conjac.Mix({name!r})"
        )


def _moving(where: Any, decided: Decided) -> BoolArray | None:
    """Return which rows drift.

    Raises
    ------
    InvalidInputError
        Neither a truth value a row nor a label.
    """
    if where is None:
        return None
    labels, true = decided.rows.labels, decided.rows.true
    told = as_array(where(decided.inputs.native) if callable(where) else where, "where")
    if told.ndim == 0 and told.item() in labels:
        return np.asarray(true == labels.index(told.item()))
    if told.shape != true.shape or told.dtype.kind != "b":
        raise InvalidInputError(
            f"Features(where=...) is of shape {told.shape} and holds {told.dtype} values; expected a truth value a "
            f"row, shape {true.shape}, a function of X that returns these, or one of the labels {list(labels)}"
        )
    if not told.any():
        raise InvalidInputError("Features(where=...) names no row; none would drift")
    return told
