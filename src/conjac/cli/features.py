"""The drift of a model's inputs: ``--wrt features``, numbers by their drift and categories by their shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from conjac.cli.models import Scorer, read_names
from conjac.cli.moving import Moving
from conjac.cli.parts import Part, estimated
from conjac.cli.results import Sections, jacobian_sections, metric_columns
from conjac.cli.tidy import Columns, joined
from conjac.errors import InvalidInputError
from conjac.inputs import Inputs
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric
from conjac.perturbations import Features, Mix


def read_drifts(moving: Moving, scorer: Scorer | None, drift: str | None, unit: str | None) -> Features | None:
    """Return the inputs that drift, as ``--drift`` and ``--unit`` tell; None where something else moves.

    Raises
    ------
    InvalidInputError
        Features without a model, or options of features where something else moves.
    """
    if not isinstance(moving.perturbation, Features):
        for option, value in {"--drift": drift, "--unit": unit}.items():
            if value is not None:
                raise InvalidInputError(
                    f"{option} {value!r} is of inputs that drift; add --wrt features, or leave it out"
                )
        return None
    if scorer is None:
        raise InvalidInputError(
            "--wrt features: scores do not tell what inputs do to them; give --model FILE in place of --score"
        )
    columns = None if drift is None else read_names(drift, "--drift")
    if unit not in (None, "sd", "raw"):
        raise InvalidInputError(f"--unit {unit!r}: expected sd or raw")
    return Features(columns, unit="raw" if unit == "raw" else "sd")


def drifted(part: Part, scorer: Scorer, features: Features, **how: Any) -> ConfusionJacobian:
    """Return the Jacobian by the numbers among the inputs that drift.

    Parameters
    ----------
    part : Part
        Rows that the model scored.
    scorer : Scorer
    features : Features
    **how
        As for `conjac.ConfusionJacobian.from_estimator`.

    Raises
    ------
    InvalidInputError
        None of the inputs that drift is of numbers, or one is not there.
    """
    inputs = _inputs(part)
    if features.columns is not None:
        numbers = [name for name in features.columns if not _is_category(inputs, name)]
        if not numbers:
            raise InvalidInputError(
                f"--drift names categories alone, {', '.join(features.columns)}, whose shares move; --wrt mix:COL "
                "tells what that does"
            )
        features = replace(features, columns=numbers)
    return ConfusionJacobian.from_estimator(
        scorer.spelling(part.rows.labels),
        inputs.native,
        part.columns.label,
        wrt=features,
        labels=part.rows.labels,
        sample_weight=part.columns.weight,
        groups=part.columns.groups,
        **how,
    )


def shared(part: Part, features: Features, **how: Any) -> list[tuple[str, ConfusionJacobian]]:
    """Return the Jacobian by the shares of each category among the inputs, by name; warn of those that have none.

    Parameters
    ----------
    part : Part
    features : Features
    **how
        As for `conjac.cli.parts.estimated`.
    """
    inputs, found = _inputs(part), []
    for name in inputs.names if features.columns is None else features.columns:
        if not _is_category(inputs, name):
            continue
        mix = Mix(inputs.column(inputs.place(name)), name=name)
        try:
            found.append((name, estimated(part, mix, **how)))
        except InvalidInputError as error:
            part.say(f"the shares of {name!r} are left out: {error}")
    return found


def drift_sections(
    result: ConfusionJacobian,
    shares: Sequence[tuple[str, ConfusionJacobian]],
    metrics: Sequence[str | Metric],
    level: float,
) -> Sections:
    """Return the metrics by the inputs that drift, the steepest first; by the shares of categories; and the cells."""
    asked = metrics or ("recall" if result.offsets is None else "f1_macro",)
    sections = {"metric": joined(_steepest(metric_columns(result, metric, level)) for metric in asked)}
    if shares:
        told = [(name, metric_columns(one, metric, level)) for name, one in shares for metric in asked]
        sections["share"] = joined({"column": [name] * len(one["metric"]), **one} for name, one in told)
    return {**sections, **jacobian_sections(result, (), level)}


def _steepest(columns: Columns) -> Columns:
    """Return a metric's rows, those of the largest slopes first and of none last."""
    order = np.argsort(-np.abs(np.asarray(columns["gradient"], dtype=np.float64)), kind="stable")
    return {name: [values[place] for place in order] for name, values in columns.items()}


def _inputs(part: Part) -> Inputs:
    assert part.inputs is not None
    return part.inputs


def _is_category(inputs: Inputs, name: str) -> bool:
    return inputs.column(inputs.place(name)).dtype.kind in "OUSb"
