"""The drift of a model's inputs: ``--wrt features``, numbers by their drift and categories by their shares."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from conjac._typing import Normalize
from conjac.cli.models import Scorer, read_names
from conjac.cli.moving import Moving
from conjac.cli.parts import Part
from conjac.cli.results import Sections, jacobian_sections
from conjac.cli.tidy import joined, records
from conjac.drift import DriftRanking, rank_drifts
from conjac.errors import ConjacWarning, InvalidInputError
from conjac.metrics import Metric
from conjac.perturbations import Features
from conjac.progress import Told
from conjac.validation import check_normalize


def read_drifts(moving: Moving, scorer: Scorer | None, drift: str | None, unit: str | None) -> Features | None:
    """Return the inputs that drift, as ``--drift`` and ``--unit`` tell; None where something else moves.

    Raises
    ------
    InvalidInputError
        Features without a model, or options of features where something else moves.
    """
    if not isinstance(moving.perturbation, Features):
        _refuse(drift, unit, "--wrt features")
        return None
    if scorer is None:
        raise InvalidInputError(
            "--wrt features: scores do not tell what inputs do to them; give --model FILE in place of --score"
        )
    return _features(drift, unit)


def drifts_of(scorer: Scorer | None, drift: str | None, unit: str | None) -> Features | None:
    """Return the inputs that drift wherever a model scores; None without one.

    Raises
    ------
    InvalidInputError
        Options of features without a model.
    """
    if scorer is None:
        _refuse(drift, unit, "--model FILE")
        return None
    return _features(drift, unit)


def _refuse(drift: str | None, unit: str | None, lacking: str) -> None:
    for option, value in {"--drift": drift, "--unit": unit}.items():
        if value is not None:
            raise InvalidInputError(f"{option} {value!r} is of inputs that drift; add {lacking}, or leave it out")


def _features(drift: str | None, unit: str | None) -> Features:
    columns = None if drift is None else read_names(drift, "--drift")
    if unit not in (None, "sd", "raw"):
        raise InvalidInputError(f"--unit {unit!r}: expected sd or raw")
    return Features(columns, unit="raw" if unit == "raw" else "sd")


def ranked(
    part: Part,
    scorer: Scorer,
    features: Features,
    metrics: Sequence[str | Metric],
    normalize: Normalize | None,
    report: Told,
    **how: Any,
) -> list[DriftRanking]:
    """Rank the inputs of a part's rows by what their drift does to each metric; of rows of one class, none.

    Parameters
    ----------
    part : Part
        Rows that the model scored.
    scorer : Scorer
    features : Features
    metrics : sequence of str or Metric
        Where there are none, recall; of several classes, f1_macro.
    normalize : str or None
        Of the cells.
    report : callable
        Is told the share of a recount that is done.
    **how
        As for `conjac.rank_drifts`.
    """
    check_normalize(normalize)
    if part.one_class:
        part.say("the drift of inputs is left out")
        return []
    assert part.inputs is not None
    model = scorer.spelling(part.rows.labels)
    asked = metrics or ("recall" if len(part.rows.labels) == 2 else "f1_macro",)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConjacWarning)  # said below, with the group's name
        first = rank_drifts(
            replace(model, columns=model.columns or part.inputs.names),
            part.inputs.native,
            part.columns.label,
            asked[0],
            columns=features.columns,
            unit=features.unit,
            progress=report,
            labels=part.rows.labels,
            sample_weight=part.columns.weight,
            groups=part.columns.groups,
            **how,
        )
    J = first.jacobian
    if J is None:
        return [replace(first, metric=metric) for metric in asked]
    for caution in J.diagnostics["cautions"]:
        part.say(caution)
    J = replace(J, normalize=normalize)
    return [replace(first, metric=metric, told=J.of(metric), jacobian=J) for metric in asked]


def drift_sections(rankings: Sequence[DriftRanking], level: float) -> Sections:
    """Return the metrics by the inputs that drift, by the shares of categories, and the cells."""
    sections = {}
    if numbers := [one.to_columns("numeric", level) for one in rankings if one.jacobian is not None]:
        sections["metric"] = joined({**columns, "level": [level] * len(columns["metric"])} for columns in numbers)
    shares = [(one, one.to_columns("categories", level)) for one in rankings if one.shares]
    if shares:
        sections["share"] = joined(
            {"metric": [str(getattr(one.metric, "name", one.metric))] * len(columns["column"]), **columns}
            for one, columns in shares
        )
    for one in rankings[:1]:
        if one.jacobian is not None:
            sections |= jacobian_sections(one.jacobian, (), level)
    return sections


def drift_value(rankings: Sequence[DriftRanking], sections: Sections, level: float) -> dict[str, Any]:
    """Return what JSON holds: the Jacobian of the cells, and both tables."""
    cells = [one.jacobian.to_dict(level) for one in rankings[:1] if one.jacobian is not None]
    tables = {f"{name}s": records(sections[name]) if name in sections else [] for name in ("metric", "share")}
    return {**(cells[0] if cells else {}), **tables}
