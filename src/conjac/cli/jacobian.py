"""``conjac jacobian``: every cell, and metrics if asked, with their derivatives and errors."""

from __future__ import annotations

from typing import Any, cast

from conjac import perturbations
from conjac._typing import ConditionOn, Normalize
from conjac.cli import options as o
from conjac.cli.messages import guarded, progress
from conjac.cli.metric_names import read_metric
from conjac.cli.output import check_output, emit
from conjac.cli.results import grouped, joined, metric_row, tagged
from conjac.cli.rows import Part, load
from conjac.jacobian import ConfusionJacobian
from conjac.views.tables import Section, choose_format


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
    """Count the confusion matrix and estimate how fast each cell moves with the threshold."""
    chosen = choose_format(form, output)
    check_output(output, files)
    asked = [read_metric(name) for name in metric or ()]
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
    )
    perturbations.refuse_offsets(wrt)
    cells, metrics, values = [], [], []
    with progress("estimating"):
        for part in loaded.parts:
            result = ConfusionJacobian.from_rows(
                part.rows,
                threshold=threshold,
                coordinate=loaded.coordinate,
                normalize=cast("Normalize | None", normalize),
                condition_on=cast("ConditionOn | None", condition_on),
            )
            _warn(part, result)
            value: dict[str, Any] = result.to_dict(level)
            cells.append(grouped(part, result.to_columns(level)))
            if asked:
                rows = [metric_row(result, one, level) for one in asked]
                metrics.append(grouped(part, joined({name: [v] for name, v in row.items()} for row in rows)))
                value["metrics"] = rows
            values.append(tagged(part, value))
    sections = [Section("cell", joined(cells))]
    if metrics:
        sections.append(Section("metric", joined(metrics)))
    emit(sections, values[0] if by is None else values, output, chosen)


def _warn(part: Part, result: ConfusionJacobian) -> None:
    """Say why a slope, or its interval, is missing."""
    if part.one_class:
        return
    if result.method == "undefined":
        part.say(f"the slope is nan: {result.diagnostics['reason']}")
        return
    for caution in result.diagnostics["cautions"]:
        part.say(caution)
