"""``conjac report``: a page that can be mailed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from conjac._typing import ConditionOn
from conjac.cli import options as o
from conjac.cli.baseline import Against
from conjac.cli.features import drifts_of, ranked
from conjac.cli.given import read
from conjac.cli.messages import guarded, progress
from conjac.cli.metric_names import read_metric
from conjac.cli.models import read_model
from conjac.cli.moving import read_offsets, read_tuned
from conjac.cli.output import check_output
from conjac.cli.parts import Group
from conjac.cli.room import room_to_sum
from conjac.cli.rows import check, title_of
from conjac.cli.sums import load_sums, report_sums
from conjac.cli.training import read_trained, refuse_untrained
from conjac.drift import DriftRanking
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.validation import blaming, refuse_with_offsets

PAGE = Path("conjac-report.html")


@guarded
def report(
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
    metric: o.Metric = None,
    subject_to: o.SubjectTo = None,
    baseline: o.Baseline = None,
    baseline_score: o.BaselineScore = None,
    baseline_threshold: o.BaselineThreshold = None,
    wrt: o.Tuned = None,
    drift: o.Drift = None,
    unit: o.Unit = None,
    train: o.Train = None,
    condition_on: o.ConditionOn = None,
    level: o.Level = 0.95,
    title: Annotated[
        str | None,
        typer.Option("--title", help="Of the page. Default: the names of the files.", show_default=False),
    ] = None,
    strict: o.Strict = False,
    memory_limit: o.MemoryLimit = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="F",
            help="html, or json for the figures alone. Default: what the suffix of OUT tells, else html.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="OUT", help="The page, written whole or not at all.")
    ] = PAGE,
) -> None:
    """Write one self-contained HTML page: data, matrix, Jacobian, curves, thresholds to take and what each costs.

    Of several classes: which are confused with which, how well each is done, and the offsets to take. With --model,
    which of its inputs' drift would move the metric the most; with --train, what its training does. With --baseline or
    --baseline-score, what moved beyond noise from an earlier period, or from another model.
    """
    from conjac.views.report import Report, format_of
    from conjac.views.report.asked import metric_of, summary_of

    chosen = format_of(output, form)
    check_output(output, [*files, *(baseline or ()), *(file for file in (model, train) if file is not None)])
    against = Against.of(baseline, baseline_score, baseline_threshold)
    columns = score or []
    if columns:
        read_tuned(wrt, len(columns))
    scorer = read_model(model, columns, output_name=output_name, trust=trust or (), features=features)
    drifts = drifts_of(scorer, drift, unit)
    refuse_untrained(train, scorer)
    how_read: dict[str, Any] = {"label": label, "weight": weight, "by": by, "groups": groups, "strict": strict}
    rules: dict[str, Any] = {"labels": labels, "pos_label": pos_label, "coordinate": coordinate}
    bounds, named = tuple(subject_to or ()), title or title_of(files)
    whole = {"--model": model, "--score once a class": len(columns) > 1, "--baseline": baseline}
    whole["--baseline-score"] = baseline_score
    room = room_to_sum(files, [label, *columns, weight, by, groups, baseline_score], memory_limit, whole)
    if room is not None:
        _refuse_offset(offset)
        how_read |= {**rules, "score": columns[0], "threshold": threshold, "condition_on": condition_on}
        summed = load_sums(files, room, **how_read)
        _refuse_many(summed.parts, str(by))
        asked = read_metric(str(metric_of(metric, False)))
        made = report_sums(
            summed, str(by), threshold=threshold, title=named, metric=asked, subject_to=bounds, level=level
        )
        made.save(output, chosen)
        typer.echo(output)
        return
    given = read(files, score=columns, scorer=scorer, beside=against.beside, **how_read)
    several = read_tuned(wrt, given.n_scores).offsets
    if several:
        refuse_with_offsets(threshold=threshold, pos_label=pos_label)
        _refuse_of_two(train=train, baseline=baseline, baseline_score=baseline_score)
    else:
        _refuse_offset(offset)
    asked = read_metric(str(metric_of(metric, several)))
    loaded = check(given, offsets=several, **rules)
    _refuse_many(loaded.parts, str(by))
    trained = read_trained(train, given, strict)
    baselines = against.baselines(given, loaded, how_read, files)
    how: dict[str, Any] = {
        **({"offsets": read_offsets(offset, loaded.parts[0].rows.labels)} if several else {"threshold": threshold}),
        "coordinate": loaded.coordinate,
        "condition_on": cast("ConditionOn | None", condition_on),
    }
    summaries: list[Any] = []
    with progress("making the report") as told:
        for part in loaded.parts:
            with blaming(part.title):
                rankings: list[DriftRanking] = []
                effects = None
                if drifts is not None and scorer is not None:
                    rankings = ranked(part, scorer, drifts, [asked], None, told, **how)
                if trained is not None and scorer is not None:
                    effects = trained.effects(part, scorer, **how)
            own: dict[str, Any] = {} if several else {"training": effects, "baseline": baselines.get(part.group)}
            summary = summary_of(
                part.rows,
                title=named,
                metric=asked,
                subject_to=bounds,
                level=level,
                set_aside=loaded.set_aside,
                group=part.title or None,
                drift=rankings[0] if rankings else None,
                **own,
                **how,
            )
            summaries.append(summary)
        parts = [(cast("Any", part.rows), part.group) for part in loaded.parts]
        Report.of(summaries, parts, str(by), metric=asked, level=level, **how).save(output, chosen)
    typer.echo(output)


def _refuse_offset(offset: Sequence[str] | None) -> None:
    if offset:
        raise InvalidInputError("--offset: two classes are decided by their threshold here; --threshold names it")


def _refuse_many(parts: Sequence[Group], by: str) -> None:
    """Raise where no page holds so many groups."""
    from conjac.views.report import MOST_GROUPS

    if len(parts) > MOST_GROUPS:
        raise InvalidInputError(
            f"--by {by!r} makes {len(parts)} groups; a page holds {MOST_GROUPS}; "
            "conjac jacobian and tune serve any number"
        )


def _refuse_of_two(**given: Any) -> None:
    """Raise where an option was given that serves two classes alone."""
    for name, value in given.items():
        if value is not None:
            option = name.replace("_", "-")
            raise NotSupportedError(f"--{option}: that section of a report is of two classes")
