"""``conjac report`` and ``conjac demo``: a page that can be mailed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Annotated, Any, cast

import typer

from conjac._typing import ConditionOn
from conjac.cli import options as o
from conjac.cli.messages import guarded, progress
from conjac.cli.metric_names import read_metric
from conjac.cli.moving import read_tuned
from conjac.cli.output import check_output, written
from conjac.cli.rows import load
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.validation import Predictions, check_predictions
from conjac.views.tables import to_json, write_csv

PAGE = Path("conjac-report.html")
DEMO = Path("conjac-demo")
SUFFIXES = {".html": "html", ".htm": "html", ".json": "json"}
MOST_GROUPS = 50


@guarded
def report(
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
    metric: o.Metric = None,
    subject_to: o.SubjectTo = None,
    wrt: o.Tuned = None,
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
    """Write one self-contained HTML page: data, matrix, Jacobian, curves, thresholds to take and what each costs."""
    from conjac.views.report import render
    from conjac.views.summary import summarize

    chosen = form or SUFFIXES.get(output.suffix.lower())
    if chosen is None:
        raise InvalidInputError(
            f"-o {output}: the suffix tells no format; expected one of {', '.join(SUFFIXES)}, or pass --format"
        )
    if chosen not in ("html", "json"):
        raise InvalidInputError(f"format {chosen!r}: a report is html or json; conjac jacobian and tune write tables")
    check_output(output, files)
    if read_tuned(wrt, len(score)).offsets:
        raise NotSupportedError(
            f"--score was given {len(score)} times: a report is of two classes; conjac jacobian and conjac tune serve "
            "several, or report a column that tells one class from the rest"
        )
    asked = read_metric(metric or "f1")
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
    if len(loaded.parts) > MOST_GROUPS:
        raise InvalidInputError(
            f"--by {by!r} makes {len(loaded.parts)} groups; a page holds {MOST_GROUPS}; "
            "conjac jacobian and tune serve any number"
        )
    with progress("making the report"):
        summaries = [
            summarize(
                cast("Predictions", part.rows),
                title=title or _title(files),
                threshold=threshold,
                coordinate=loaded.coordinate,
                metric=asked,
                subject_to=tuple(subject_to or ()),
                condition_on=cast("ConditionOn | None", condition_on),
                level=level,
                set_aside=loaded.set_aside,
                group=part.title or None,
            )
            for part in loaded.parts
        ]
        told: Any = [one.to_dict() for one in summaries] if by is not None else summaries[0].to_dict()
        _write_text(output, to_json(told) if chosen == "json" else render(summaries))
    typer.echo(output)


@guarded
def demo(
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Folder of the report and of its scores.")
    ] = DEMO,
) -> None:
    """Make a report on data that scikit-learn bundles, and say what to try next."""
    from conjac.views.demo import demo_scores
    from conjac.views.report import render
    from conjac.views.summary import summarize

    if output.exists() and not output.is_dir():
        raise InvalidInputError(f"-o {output}: is there and is not a folder; name another")
    check_output(output)
    with progress("scoring and making the report"):
        data = demo_scores()
        rows = check_predictions(data["y_true"], data["y_score"], pos_label=data.get("pos_label"))
        page = render([summarize(rows, title=data["title"])])
        output.mkdir(exist_ok=True)
        scores, target = output / "scores.csv", output / "report.html"
        with written(scores) as part:
            write_csv({"label": data["y_true"].tolist(), "score": data["y_score"].tolist()}, part)
        _write_text(target, page)
    given = f"{quote(str(scores))} --label label --score score"
    typer.echo(
        f"report  {target}\nscores  {scores}\n\nTry next:\n"
        f"  conjac report {given} --threshold 0.4 -o {quote(str(output / 'again.html'))}\n"
        f"  conjac jacobian {given} --metric f1\n"
        f"  conjac tune {given} --subject-to 'recall >= .9'"
    )


def _write_text(path: Path, text: str) -> None:
    with written(path) as part:
        part.write_text(text, encoding="utf-8", newline="")


def _title(files: Sequence[str]) -> str:
    names = [Path(file).name for file in files]
    return names[0] if len(names) == 1 else f"{len(names)} files: {', '.join(names[:3])}{', ...' if names[3:] else ''}"
