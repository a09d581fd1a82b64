"""The options that commands share, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def _option(*names: str, metavar: str, text: str) -> Any:
    plain = text.replace("[", r"\[")  # else Rich would read recall[cat] as a style
    return typer.Option(*names, metavar=metavar, help=plain, show_default=False)


Files = Annotated[
    list[str],
    typer.Argument(metavar="FILE", help="CSV, TSV, JSON, JSON lines, Parquet or Arrow files.", show_default=False),
]
Label = Annotated[str, _option("--label", metavar="COL", text="Column of the true labels.")]
_SCORE = _option(
    "--score",
    metavar="COL",
    text="Column of the positive class's scores or probabilities; of several classes, given once a class.",
)
Score = Annotated[list[str], _SCORE]
ScoreOrModel = Annotated[list[str] | None, _SCORE]
Model = Annotated[
    str | None,
    _option(
        "--model",
        metavar="FILE",
        text="An ONNX or skops file that scores the rows, in place of --score. It takes the columns that it knows by "
        "name, else all that have no other role.",
    ),
]
OutputName = Annotated[
    str | None,
    _option("--output-name", metavar="NAME", text="Of an ONNX file with several: the output that holds the scores."),
]
Trust = Annotated[
    list[str] | None,
    _option("--trust", metavar="TYPE", text="Of a skops file: a type that it may hold. May be repeated."),
]
Inputs = Annotated[
    str | None,
    _option(
        "--features",
        metavar="A,B",
        text="The columns that a --model takes, in its order, where it knows none by name.",
    ),
]
Drift = Annotated[
    str | None,
    _option(
        "--drift",
        metavar="A,B",
        text="Which inputs of a --model drift, in a report or with --wrt features. Default: every number, and the "
        "shares of every category.",
    ),
]
Unit = Annotated[
    str | None,
    _option(
        "--unit", metavar="U", text="Of inputs that drift: a step of 1 is one sd of the rows, or raw. Default: sd."
    ),
]
Train = Annotated[
    str | None,
    _option(
        "--train",
        metavar="FILE",
        text="The rows that a skops --model was fitted on, with the same columns: a report then tells what its "
        "hyper-parameters and single training rows do.",
    ),
]
Labels = Annotated[
    str | None,
    _option(
        "--labels",
        metavar="A,B",
        text="Negative label, positive label; or one a --score, in their order. Default: sorted, each with the --score "
        "whose name holds it, or in the same place.",
    ),
]
PosLabel = Annotated[str | None, _option("--pos-label", metavar="L", text="The positive label. Default: the last one.")]
Weight = Annotated[str | None, _option("--weight", metavar="COL", text="Column of sampling weights.")]
By = Annotated[str | None, _option("--by", metavar="COL", text="One result for each value of this column.")]
Baseline = Annotated[
    list[str] | None,
    _option(
        "--baseline",
        metavar="FILE",
        text="Compare with the rows of this file, such as of an earlier period: separate rows, in the same columns. "
        "May be repeated. With --by, each group with the same group there.",
    ),
]
BaselineScore = Annotated[
    str | None,
    _option(
        "--baseline-score",
        metavar="COL",
        text="Compare with another model: this column holds its scores of the same rows. With --baseline, the name of "
        "the column of scores in that file instead.",
    ),
]
BaselineThreshold = Annotated[
    float | None,
    _option("--baseline-threshold", metavar="T", text="Of the baseline. Default: the same as of what is compared."),
]
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
Offset = Annotated[
    list[str] | None,
    _option(
        "--offset",
        metavar="L=B",
        text="Add B to the scores of class L, of probabilities to their logarithm, before the largest is predicted. "
        "May be repeated. 'reject=B' predicts nothing where none is above B. Default: 0.",
    ),
]
Coordinate = Annotated[
    str | None,
    _option(
        "--coordinate",
        metavar="C",
        text="Unit of thresholds: probability, logit, percentile or score. Of offsets: logit or score.",
    ),
]
Metric = Annotated[
    str | None,
    _option(
        "--metric",
        metavar="M",
        text="Such as f1, f1_macro, 'recall[cat]', matthews_corrcoef or 'fbeta(2)'. Default: f1; of several classes, "
        "f1_macro.",
    ),
]
Metrics = Annotated[
    list[str] | None,
    _option(
        "--metric",
        metavar="M",
        text="Add the value and slope of this metric, such as f1, 'recall[cat]' or 'fbeta(2)'. May be repeated.",
    ),
]
SubjectTo = Annotated[
    list[str] | None,
    _option(
        "--subject-to",
        metavar="'M >= X'",
        text="A constraint such as 'recall >= .9' or 'recall[cat] >= .9'. May be repeated.",
    ),
]
Cost = Annotated[
    str | None,
    _option(
        "--cost",
        metavar="FILE",
        text="Minimise the mean of these costs instead: a CSV file with a row a true class and a column a predicted "
        "one, with their labels or in the order of --labels; or such as '0,1;5,0'.",
    ),
]
Target = Annotated[
    list[str] | None,
    _option(
        "--target",
        metavar="'M = X'",
        text="Meet this value instead of maximising, such as 'recall=.95'. Of several classes, may be repeated.",
    ),
]
Reject = Annotated[
    bool,
    typer.Option(
        "--reject",
        help="Let rows go without a prediction, for selective_accuracy subject to 'coverage >= .9', or a --cost with "
        "one column more. With --score once a class.",
    ),
]
Confidence = Annotated[
    float | None,
    _option(
        "--confidence",
        metavar="L",
        text="Ask each constraint's one-sided limit at this level to meet its bound, such as .95.",
    ),
]
Exact = Annotated[bool, typer.Option("--exact", help="The optimum of the counts, not of the smoothed metric.")]
Wrt = Annotated[
    str | None,
    _option(
        "--wrt",
        metavar="W",
        text="What moves: threshold, offsets, features (each input of a --model), mix (each class's share) or mix:COL "
        "(that of each category in a column). Default: the threshold; of several classes, the offsets.",
    ),
]
Tuned = Annotated[
    str | None, _option("--wrt", metavar="W", text="What is chosen: the threshold, or offsets of several classes.")
]
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
MemoryLimit = Annotated[
    str | None,
    _option(
        "--memory-limit",
        metavar="SIZE",
        text="Such as 2GB. Rows of two classes that would take more are summed in bins as they are read: exact at the "
        "threshold. Default: half of the machine's memory.",
    ),
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
