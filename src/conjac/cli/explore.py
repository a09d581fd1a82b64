"""``conjac explore``: a page on which the threshold, or an offset, is moved and every figure follows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from conjac._typing import ConditionOn
from conjac.cli import options as o
from conjac.cli.features import drifts_of
from conjac.cli.given import read
from conjac.cli.messages import guarded, progress, say
from conjac.cli.metric_names import read_metric
from conjac.cli.models import read_model, read_names
from conjac.cli.moving import read_offsets, read_tuned
from conjac.cli.output import check_output
from conjac.cli.rows import check, title_of
from conjac.cli.training import read_trained, refuse_untrained
from conjac.errors import InvalidInputError
from conjac.validation import refuse_with_offsets

PAGE = Path("conjac-explorer.html")


@guarded
def explore(
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
    condition_on: o.ConditionOn = None,
    level: o.Level = 0.95,
    place_by: Annotated[
        str | None,
        typer.Option(
            "--place-by",
            metavar="A,B",
            help="Columns that place rows on the point map. Default: the inputs of a --model; of several classes, the "
            "scores.",
            show_default=False,
        ),
    ] = None,
    title: Annotated[
        str | None,
        typer.Option("--title", help="Of the page. Default: the names of the files.", show_default=False),
    ] = None,
    strict: o.Strict = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help=f"The page, written whole or not at all. Default: {PAGE}.",
            show_default=False,
        ),
    ] = None,
    served: Annotated[
        bool,
        typer.Option(
            "--serve",
            help="Serve the page on this machine alone instead, until Ctrl-C: the inputs of a --model then drift, and "
            "rows are scored again.",
        ),
    ] = False,
    drift: Annotated[
        str | None,
        typer.Option(
            "--drift",
            metavar="A,B",
            help="With --serve: which inputs may drift. Default: every number.",
            show_default=False,
        ),
    ] = None,
    train: Annotated[
        str | None,
        typer.Option(
            "--train",
            metavar="FILE",
            help="With --serve: the rows that a skops --model was fitted on, with the same columns; its "
            "hyper-parameters then move, and it is fitted anew.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", metavar="N", help="With --serve. Default: one that is free.", show_default=False),
    ] = None,
    opened: Annotated[bool, typer.Option("--open", help="With --serve: open the page in the browser.")] = False,
) -> None:
    """Write one HTML file on which the threshold is moved and every figure follows, without a network.

    The threshold of two classes, or the offset of one of several: matrix, Jacobian, metrics with their intervals,
    exchange rates, curves, a trade-off map, a surface and rows as points; a state can be mailed as a link.
    """
    from conjac.cli.live import refuse_unserved, source_of
    from conjac.views.explorer import Explorer
    from conjac.views.explorer.pictured import Pictured
    from conjac.views.explorer.staged import Asked, scene_of
    from conjac.views.report import MOST_GROUPS
    from conjac.views.report.asked import metric_of
    from conjac.views.summary.scene import Recipe

    refuse_unserved(served, output, drift=drift, train=train, port=port, open=opened)
    page = output or PAGE
    if page.suffix not in (".html", ".htm"):
        raise InvalidInputError(f"-o {page}: an explorer is a page; name a file that ends in .html")
    if not served:
        check_output(page, [*files, *([model] if model is not None else [])])
    columns = score or []
    if columns:
        read_tuned(wrt, len(columns))
    scorer = read_model(model, columns, output_name=output_name, trust=trust or (), features=features)
    drifts = drifts_of(scorer, drift, None)
    refuse_untrained(train, scorer)
    if scorer is not None and place_by is not None:
        raise InvalidInputError("--place-by: rows are placed by the inputs of the --model; leave one of them out")
    placed = [] if place_by is None else read_names(place_by, "--place-by")
    how_read: dict[str, Any] = {"label": label, "weight": weight, "by": by, "groups": groups, "strict": strict}
    given = read(files, score=columns, scorer=scorer, placed=placed, **how_read)
    several = read_tuned(wrt, given.n_scores).offsets
    if several:
        refuse_with_offsets(threshold=threshold, pos_label=pos_label)
    elif offset:
        raise InvalidInputError("--offset: two classes are decided by their threshold here; --threshold names it")
    asked = read_metric(str(metric_of(metric, several)))
    loaded = check(given, labels=labels, pos_label=pos_label, coordinate=coordinate, offsets=several)
    parts = [] if by is None else [(part.title, part.rows) for part in loaded.parts]
    if len(parts) > MOST_GROUPS:
        raise InvalidInputError(f"--by {by!r} makes {len(parts)} groups; a page holds {MOST_GROUPS}")
    whole = loaded.whole.rows
    made = f"# y_true: column {label!r} of {title_of(files)}; y_score: " + (
        f"columns {', '.join(map(repr, columns))}" if columns else f"of {model}"
    )
    recipe = Recipe(f"{made}\ny_true, y_score = ...", (f"labels={list(whole.labels)!r}",))
    trained = read_trained(train, given, strict)
    how: dict[str, Any] = {
        "threshold": threshold,
        "coordinate": loaded.coordinate,
        "condition_on": cast("ConditionOn | None", condition_on),
    }
    with progress("making the explorer") as told:
        scene = scene_of(
            whole,
            parts,
            Asked(title or title_of(files), asked, tuple(subject_to or ()), level, recipe, loaded.set_aside),
            Pictured(None if given.inputs is None else given.inputs.native),
            offsets=read_offsets(offset, whole.labels) if several else None,
            report=told,
            **how,
        )
    if not served:
        typer.echo(Explorer(scene).save(page))
        return
    source = source_of(scorer, trained, loaded, scene, bool(parts), drifts, metric=asked, **how)
    say("Ctrl-C stops; the address holds a secret, so keep it to yourself")
    Explorer.live(scene, source).serve(port or 0, browser=opened, told=typer.echo)
    say("stopped")
