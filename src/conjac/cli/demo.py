"""``conjac demo``: a first report, on data that are at hand."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from conjac.cli.messages import guarded, progress
from conjac.cli.output import check_output
from conjac.errors import InvalidInputError
from conjac.views.tables import write_csv
from conjac.writing import written

DEMO = Path("conjac-demo")


@guarded
def demo(
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Folder of the report and of its scores.")
    ] = DEMO,
) -> None:
    """Make a report on data that scikit-learn bundles, and say what to try next."""
    from conjac.views.demo import demo_scores
    from conjac.views.report import Report

    if output.exists() and not output.is_dir():
        raise InvalidInputError(f"-o {output}: is there and is not a folder; name another")
    check_output(output)
    with progress("scoring and making the report"):
        data = demo_scores()
        made = Report.from_predictions(**data)
        output.mkdir(exist_ok=True)
        scores, target = output / "scores.csv", output / "report.html"
        with written(scores) as part:
            write_csv({"label": data["y_true"].tolist(), "score": data["y_score"].tolist()}, part)
        made.save(target)
    given = f"{quote(str(scores))} --label label --score score"
    typer.echo(
        f"report  {target}\nscores  {scores}\n\nTry next:\n"
        f"  conjac report {given} --threshold 0.4 -o {quote(str(output / 'again.html'))}\n"
        f"  conjac jacobian {given} --metric f1\n"
        f"  conjac tune {given} --subject-to 'recall >= .9'"
    )
