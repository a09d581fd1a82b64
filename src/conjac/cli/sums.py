"""From files to the sums of their rows, whole or by group: for rows that do not fit in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from conjac._typing import ConditionOn, CoordinateName
from conjac.cli.labels import match, read_labels
from conjac.cli.messages import progress, say
from conjac.cli.parts import Summed, Sums
from conjac.curve import ConfusionCurve
from conjac.engines.files import faulty
from conjac.engines.relations import Relation, relation
from conjac.engines.sources import quoted
from conjac.metrics import Metric
from conjac.validation import blaming

if TYPE_CHECKING:
    from conjac.views.report import Report

SUMMED = "rows were summed as they were read: counts are exact at the threshold named, and at the edges of bins"
MOST_LABELS = 1000


def load_sums(
    files: Sequence[str],
    limit: int,
    *,
    label: str,
    score: str,
    labels: str | None,
    pos_label: str | None,
    weight: str | None,
    by: str | None,
    groups: str | None,
    coordinate: str | None,
    condition_on: str | None,
    threshold: float | None,
    strict: bool,
) -> Summed:
    """Sum the rows of two classes, in memory that does not grow with them.

    Parameters
    ----------
    files : sequence of str
    limit : int
        Bytes that DuckDB may take.
    label, score, labels, pos_label, weight, by, groups, coordinate, condition_on, strict
        As given at the shell.
    threshold : float or None
        At which counts are to be exact, beside the default one.

    Raises
    ------
    ConjacError
        Input that cannot be used.
    """
    named: dict[str, Any] = {"label": label, "score": score, "weight": weight, "by": by, "groups": groups}
    with (
        progress(f"summing {', '.join(files)}") as told,
        relation(files, memory_limit=limit, told=told, **named) as found,
    ):
        present = _labels_of(found) if labels or pos_label else []
        curves = ConfusionCurve.from_frame(
            found,
            labels=None if labels is None else read_labels(labels, present, label, absent=False),
            pos_label=None if pos_label is None else match(pos_label, present, "--pos-label", label),
            coordinate=cast("CoordinateName | None", coordinate),
            thresholds=None if threshold is None or coordinate == "percentile" else [threshold],
            condition_on=cast("ConditionOn | None", condition_on),
            **named,
        )
    parts = [Sums(by, name, curve) for name, curve in (curves.items() if by is not None else [(None, curves)])]
    curve = parts[0].curve
    read = curve.diagnostics
    if strict and read["set_aside"]:
        raise faulty(", ".join(files), read["n_read"], read["set_aside"])
    if "pos_label" in read and curve.labels not in ((0, 1), (False, True)):
        say(f"the positive label is {read['pos_label']}; --pos-label names another")
    say(f"{read['n_read']} {SUMMED}")
    unit: CoordinateName | None = curve.coordinate if coordinate or by else None
    return Summed(parts, unit, read["n_read"], read["set_aside"])


def _labels_of(found: Relation) -> list[Any]:
    """Return the labels that rows have, sorted."""
    column = quoted(found.names["label"])
    told = found.frame.filter(f"{column} IS NOT NULL").project(column).distinct().limit(MOST_LABELS).fetchall()
    return sorted(value for (value,) in told if value == value)


def report_sums(
    loaded: Summed,
    by: str,
    *,
    threshold: float | None,
    title: str,
    metric: str | Metric,
    subject_to: Sequence[str],
    level: float,
) -> Report:
    """Return the report of rows that were summed as they were read.

    Parameters
    ----------
    loaded : Summed
    by : str
        What groups the parts.
    threshold, title, metric, subject_to, level
        As for `conjac.Report.from_predictions`.
    """
    from conjac.views.report import Report
    from conjac.views.summary import summarize_sums

    with progress("making the report"):
        summaries = []
        for part in loaded.parts:
            with blaming(part.title):
                summary = summarize_sums(
                    part.curve,
                    title=title,
                    threshold=threshold,
                    metric=metric,
                    subject_to=subject_to,
                    level=level,
                    set_aside=loaded.set_aside,
                    group=part.title or None,
                )
            summaries.append(summary)
        curves = [(part.curve, part.group) for part in loaded.parts]
        how: dict[str, Any] = {"threshold": threshold, "coordinate": loaded.coordinate}
        return Report.of(summaries, curves, by, metric=metric, level=level, **how)
