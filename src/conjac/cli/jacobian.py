"""``conjac jacobian``: every cell, and metrics if asked, with their derivatives and errors."""

from __future__ import annotations

from typing import Any, cast

from conjac._typing import ConditionOn, Normalize
from conjac.cli import options as o
from conjac.cli.features import drift_sections, drift_value, ranked, read_drifts
from conjac.cli.given import read
from conjac.cli.messages import guarded, progress
from conjac.cli.metric_names import read_metric
from conjac.cli.models import read_model
from conjac.cli.moving import Moving, read_moving, read_offsets
from conjac.cli.output import check_output, emit
from conjac.cli.parts import Group, Loaded, Part, Summed, Sums, estimated
from conjac.cli.results import jacobian_sections
from conjac.cli.room import room_to_sum
from conjac.cli.rows import check
from conjac.cli.sums import load_sums
from conjac.cli.tidy import gathered, records, tagged
from conjac.jacobian import ConfusionJacobian
from conjac.validation import blaming, refuse_with_offsets
from conjac.views.tables import choose_format

SOME = 2
"""Scores a row of a model that was not asked yet: as many as both a threshold and offsets may have."""


@guarded
def jacobian(
    files: o.Files,
    label: o.Label,
    score: o.ScoreOrModel = None,
    model: o.Model = None,
    output_name: o.OutputName = None,
    trust: o.Trust = None,
    features: o.Inputs = None,
    labels: o.Labels = None,
    pos_label: o.PosLabel = None,
    weight: o.Weight = None,
    by: o.By = None,
    groups: o.Groups = None,
    threshold: o.Threshold = None,
    offset: o.Offset = None,
    coordinate: o.Coordinate = None,
    metric: o.Metrics = None,
    wrt: o.Wrt = None,
    drift: o.Drift = None,
    unit: o.Unit = None,
    normalize: o.Normalize = None,
    condition_on: o.ConditionOn = None,
    level: o.Level = 0.95,
    strict: o.Strict = False,
    memory_limit: o.MemoryLimit = None,
    form: o.Format = None,
    output: o.Output = None,
) -> None:
    """Count the confusion matrix and tell how fast each cell moves with the threshold, offsets, inputs or shares."""
    chosen = choose_format(form, output)
    check_output(output, files if model is None else [*files, model])
    asked = [read_metric(name) for name in metric or ()]
    columns = score or []
    moving = read_moving(wrt, len(columns) or SOME, offset)
    scorer = read_model(model, columns, output_name=output_name, trust=trust or (), features=features)
    drifts = read_drifts(moving, scorer, drift, unit)
    named: dict[str, Any] = {"label": label, "weight": weight, "by": by, "groups": groups, "strict": strict}
    rules: dict[str, Any] = {"labels": labels, "pos_label": pos_label, "coordinate": coordinate}
    whole = {"--model": model, "--score once a class": len(columns) > 1, f"--wrt {wrt}": wrt not in (None, "threshold")}
    room = room_to_sum(files, [label, *columns, weight, by, groups, moving.category], memory_limit, whole)
    loaded: Loaded | Summed
    if room is None:
        given = read(files, score=columns, category=moving.category, scorer=scorer, **named)
        if scorer is not None:
            moving = read_moving(wrt, given.n_scores, offset)
        if moving.offsets:
            refuse_with_offsets(threshold=threshold, pos_label=pos_label)
        loaded = check(given, offsets=moving.offsets, **rules)
    else:
        loaded = load_sums(
            files, room, score=columns[0], threshold=threshold, condition_on=condition_on, **named, **rules
        )
    offsets = read_offsets(offset, loaded.parts[0].labels)
    same = {
        **({"offsets": offsets} if moving.offsets else {"threshold": threshold}),
        "coordinate": loaded.coordinate,
        "condition_on": cast("ConditionOn | None", condition_on),
    }
    divided = cast("Normalize | None", normalize)
    tables, values = [], []
    with progress("estimating") as told:
        for part in loaded.parts:
            with blaming(part.title):
                if drifts is not None and scorer is not None and isinstance(part, Part):
                    rankings = ranked(part, scorer, drifts, asked, divided, told, **same)
                    sections = drift_sections(rankings, level)
                    value = drift_value(rankings, sections, level)
                else:
                    result = _estimated(part, moving, normalize=divided, **same)
                    result = result if scorer is None else scorer.noted(result)
                    sections = jacobian_sections(result, asked, level)
                    metrics = {"metrics": records(sections["metric"])} if asked else {}
                    value = {**result.to_dict(level), **metrics}
                    _warn(part, result)
            tables.append((part, sections))
            values.append(tagged(part, value))
    emit(gathered(tables), values[0] if by is None else values, output, chosen)


def _estimated(part: Part | Sums, moving: Moving, **how: Any) -> ConfusionJacobian:
    """Return the Jacobian of rows, or of sums of them, which have a threshold alone."""
    if isinstance(part, Part):
        return estimated(part, moving.mix(part), **how)
    found: ConfusionJacobian = ConfusionJacobian.from_curve(
        part.curve, threshold=how["threshold"], normalize=how["normalize"]
    )
    return found


def _warn(part: Group, result: ConfusionJacobian) -> None:
    """Say why a slope, or its interval, is missing."""
    if part.one_class:
        return
    if result.method == "undefined":
        part.say(f"the slope is nan: {result.diagnostics['reason']}")
        return
    for caution in result.diagnostics["cautions"]:
        part.say(caution)
