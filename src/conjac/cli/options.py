"""The options that commands share, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def _option(*names: str, metavar: str, text: str) -> Any:
    return typer.Option(*names, metavar=metavar, help=text, show_default=False)


Files = Annotated[
    list[str],
    typer.Argument(metavar="FILE", help="CSV, TSV, JSON, JSON lines, Parquet or Arrow files.", show_default=False),
]
Label = Annotated[str, _option("--label", metavar="COL", text="Column of the true labels.")]
Score = Annotated[
    list[str], _option("--score", metavar="COL", text="Column of the positive class's scores or probabilities.")
]
Labels = Annotated[
    str | None, _option("--labels", metavar="A,B", text="Negative label, positive label. Default: sorted.")
]
PosLabel = Annotated[str | None, _option("--pos-label", metavar="L", text="The positive label. Default: the last one.")]
Weight = Annotated[str | None, _option("--weight", metavar="COL", text="Column of sampling weights.")]
By = Annotated[str | None, _option("--by", metavar="COL", text="One result for each value of this column.")]
Groups = Annotated[
    str | None,
    _option(
        "--groups",
        metavar="COL",
        text="Column of clusters, such as patients, whose rows are not independent: the errors become cluster-robust.",
    ),
]
Threshold = Annotated[
    float | None, _option("--threshold", metavar="T", text="Default: .5 for probabilities, 0 for other scores.")
]
Coordinate = Annotated[
    str | None,
    _option("--coordinate", metavar="C", text="Unit of thresholds: probability, logit, percentile or score."),
]
Metric = Annotated[
    str | None,
    _option("--metric", metavar="M", text="Such as f1, recall, matthews_corrcoef or 'fbeta(2)'. Default: f1."),
]
Metrics = Annotated[
    list[str] | None,
    _option(
        "--metric",
        metavar="M",
        text="Add the value and slope of this metric, such as f1 or 'fbeta(2)'. May be repeated.",
    ),
]
SubjectTo = Annotated[
    list[str] | None,
    _option("--subject-to", metavar="'M >= X'", text="A constraint such as 'recall >= .9'. May be repeated."),
]
Wrt = Annotated[str | None, _option("--wrt", metavar="W", text="What moves: threshold.")]
Normalize = Annotated[
    str | None, _option("--normalize", metavar="HOW", text="Divide by row (true), column (pred) or total (all).")
]
ConditionOn = Annotated[
    str | None,
    _option("--condition-on", metavar="class", text="Take the class totals as fixed by design (stratified samples)."),
]
Level = Annotated[float, typer.Option("--level", metavar="L", help="Of every interval.")]
Strict = Annotated[
    bool, typer.Option("--strict", help="Stop at faulty rows; by default they are set aside and counted.")
]
Format = Annotated[
    str | None,
    _option(
        "--format",
        metavar="F",
        text="table, json, csv, xlsx or parquet. Default: what the suffix of OUT tells, else table.",
    ),
]
Output = Annotated[
    Path | None,
    _option("-o", "--output", metavar="OUT", text="Write a file, whole or not at all, instead of standard output."),
]
