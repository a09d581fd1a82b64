"""``conjac demo``: a first report, on data that are at hand."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from conjac.cli.messages import guarded, progress
from conjac.cli.output import check_output, write_text, written
from conjac.errors import InvalidInputError
from conjac.validation import check_predictions
from conjac.views.tables import write_csv

DEMO = Path("conjac-demo")


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
        write_text(target, page)
    given = f"{quote(str(scores))} --label label --score score"
    typer.echo(
        f"report  {target}\nscores  {scores}\n\nTry next:\n"
        f"  conjac report {given} --threshold 0.4 -o {quote(str(output / 'again.html'))}\n"
        f"  conjac jacobian {given} --metric f1\n"
        f"  conjac tune {given} --subject-to 'recall >= .9'"
    )
