"""``conjac report``: a page that can be mailed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from conjac._typing import ConditionOn
from conjac.cli import options as o
from conjac.cli.features import drifts_of, ranked
from conjac.cli.given import read
from conjac.cli.messages import guarded, progress
from conjac.cli.metric_names import read_metric
from conjac.cli.models import read_model
from conjac.cli.moving import read_offsets, read_tuned
from conjac.cli.output import check_output, write_text
from conjac.cli.parts import blaming
from conjac.cli.rows import check
from conjac.drift import DriftRanking
from conjac.errors import InvalidInputError
from conjac.validation import refuse_with_offsets
from conjac.views.tables import to_json

PAGE = Path("conjac-report.html")
SUFFIXES = {".html": "html", ".htm": "html", ".json": "json"}
MOST_GROUPS = 50


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
    wrt: o.Tuned = None,
    drift: o.Drift = None,
    unit: o.Unit = None,
    condition_on: o.ConditionOn = None,
    level: o.Level = 0.95,
    title: Annotated[
        str | None,
        typer.Option("--title", help="Of the page. Default: the names of the files.", show_default=False),
    ] = None,
    strict: o.Strict = False,
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
    which of its inputs' drift would move the metric the most.
    """
    from conjac.views.report import render
    from conjac.views.summary import summarize, summarize_classes

    chosen = form or SUFFIXES.get(output.suffix.lower())
    if chosen is None:
        raise InvalidInputError(
            f"-o {output}: the suffix tells no format; expected one of {', '.join(SUFFIXES)}, or pass --format"
        )
    if chosen not in ("html", "json"):
        raise InvalidInputError(f"format {chosen!r}: a report is html or json; conjac jacobian and tune write tables")
    check_output(output, files if model is None else [*files, model])
    columns = score or []
    if columns:
        read_tuned(wrt, len(columns))
    scorer = read_model(model, columns, output_name=output_name, trust=trust or (), features=features)
    drifts = drifts_of(scorer, drift, unit)
    given = read(files, label=label, score=columns, weight=weight, by=by, groups=groups, strict=strict, scorer=scorer)
    several = read_tuned(wrt, given.n_scores).offsets
    if several:
        refuse_with_offsets(threshold=threshold, pos_label=pos_label)
    elif offset:
        raise InvalidInputError("--offset: two classes are decided by their threshold here; --threshold names it")
    asked = read_metric(metric or ("f1_macro" if several else "f1"))
    loaded = check(given, labels=labels, pos_label=pos_label, coordinate=coordinate, offsets=several)
    if len(loaded.parts) > MOST_GROUPS:
        raise InvalidInputError(
            f"--by {by!r} makes {len(loaded.parts)} groups; a page holds {MOST_GROUPS}; "
            "conjac jacobian and tune serve any number"
        )
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
                if drifts is not None and scorer is not None:
                    rankings = ranked(part, scorer, drifts, [asked], None, told, **how)
            summary = (summarize_classes if several else summarize)(
                cast("Any", part.rows),
                title=title or _title(files),
                metric=asked,
                subject_to=tuple(subject_to or ()),
                level=level,
                set_aside=loaded.set_aside,
                group=part.title or None,
                drift=rankings[0] if rankings else None,
                **how,
            )
            summaries.append(summary)
        plain: Any = [one.to_dict() for one in summaries] if by is not None else summaries[0].to_dict()
        write_text(output, to_json(plain) if chosen == "json" else render(summaries))
    typer.echo(output)


def _title(files: Sequence[str]) -> str:
    names = [Path(file).name for file in files]
    return names[0] if len(names) == 1 else f"{len(names)} files: {', '.join(names[:3])}{', ...' if names[3:] else ''}"
