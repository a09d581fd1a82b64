"""``conjac jacobian``: every cell, and metrics if asked, with their derivatives and errors."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

from conjac._typing import ConditionOn, Normalize
from conjac.cli import options as o
from conjac.cli.messages import guarded, progress
from conjac.cli.metric_names import read_metric
from conjac.cli.moving import read_moving, read_offsets
from conjac.cli.output import check_output, emit
from conjac.cli.parts import Part, blaming
from conjac.cli.results import jacobian_sections
from conjac.cli.rows import load
from conjac.cli.tidy import gathered, records, tagged
from conjac.jacobian import ConfusionJacobian
from conjac.validation import ClassPredictions, refuse_with_offsets
from conjac.views.tables import choose_format


@guarded
def jacobian(
    files: o.Files,
    label: o.Label,
    score: o.Score,
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
    normalize: o.Normalize = None,
    condition_on: o.ConditionOn = None,
    level: o.Level = 0.95,
    strict: o.Strict = False,
    form: o.Format = None,
    output: o.Output = None,
) -> None:
    """Count the confusion matrix and estimate how fast each cell moves with the threshold, offsets or shares."""
    chosen = choose_format(form, output)
    check_output(output, files)
    asked = [read_metric(name) for name in metric or ()]
    moving = read_moving(wrt, len(score), offset)
    if moving.offsets:
        refuse_with_offsets(threshold=threshold, pos_label=pos_label)
    loaded = load(
        files,
        label=label,
        score=score,
        labels=labels,
        pos_label=pos_label,
        weight=weight,
        by=by,
        groups=groups,
        coordinate=coordinate,
        strict=strict,
        category=moving.category,
        offsets=moving.offsets,
    )
    offsets = read_offsets(offset, loaded.parts[0].rows.labels)
    same = {
        "coordinate": loaded.coordinate,
        "normalize": cast("Normalize | None", normalize),
        "condition_on": cast("ConditionOn | None", condition_on),
    }
    tables, values = [], []
    with progress("estimating"):
        for part in loaded.parts:
            estimate = _estimator(part, threshold, offsets)
            with blaming(part.title):
                result = estimate(mix=moving.mix(part), **same)
                sections = jacobian_sections(result, asked, level)
            _warn(part, result)
            metrics = {"metrics": records(sections["metric"])} if asked else {}
            tables.append((part, sections))
            values.append(tagged(part, {**result.to_dict(level), **metrics}))
    emit(gathered(tables), values[0] if by is None else values, output, chosen)


def _estimator(part: Part, threshold: float | None, offsets: list[float] | None) -> Callable[..., ConfusionJacobian]:
    if isinstance(part.rows, ClassPredictions):
        return partial(ConfusionJacobian.from_classes, part.rows, offsets=offsets)
    return partial(ConfusionJacobian.from_rows, part.rows, threshold=threshold)


def _warn(part: Part, result: ConfusionJacobian) -> None:
    """Say why a slope, or its interval, is missing."""
    if part.one_class:
        return
    if result.method == "undefined":
        part.say(f"the slope is nan: {result.diagnostics['reason']}")
        return
    for caution in result.diagnostics["cautions"]:
        part.say(caution)
