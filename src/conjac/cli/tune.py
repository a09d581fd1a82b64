"""``conjac tune``: the threshold to take, with its interval, what it gives and how far it may drift."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, cast

import typer

from conjac import perturbations
from conjac._typing import ConditionOn
from conjac.cli import options as o
from conjac.cli.messages import guarded, progress
from conjac.cli.metric_names import read_metric
from conjac.cli.output import check_output, emit
from conjac.cli.results import decision_row, grouped, joined, tagged
from conjac.cli.rows import Part, load
from conjac.curve import ConfusionCurve
from conjac.decisions import Decision
from conjac.decisions.constraints import parse_constraints
from conjac.errors import InfeasibleError, InvalidInputError
from conjac.metrics import resolve
from conjac.views.tables import Section, choose_format

NOTES = {
    "target": (
        "The interval holds the thresholds at which the target lies inside the metric's own interval.",
        "Chosen and told on the same rows: on new rows the target is met in about half of repeats.",
    ),
    "argmax": (
        "The interval holds the thresholds at which the metric's slope may be zero.",
        "Chosen and told on the same rows: the value is optimistic.",
    ),
}
HALF = "A constraint met on these rows is met in about half of repeats; --confidence .95 asks for more."


@guarded
def tune(
    files: o.Files,
    label: o.Label,
    score: o.Score,
    labels: o.Labels = None,
    pos_label: o.PosLabel = None,
    weight: o.Weight = None,
    by: o.By = None,
    groups: o.Groups = None,
    coordinate: o.Coordinate = None,
    metric: o.Metric = None,
    subject_to: o.SubjectTo = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            metavar="'M = X'",
            help="Meet this value instead of maximising, such as 'recall=.95'.",
            show_default=False,
        ),
    ] = None,
    confidence: Annotated[
        float | None,
        typer.Option(
            "--confidence",
            metavar="L",
            help="Ask each constraint's one-sided limit at this level to meet its bound, such as .95.",
            show_default=False,
        ),
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="The optimum of the counts, not of the smoothed metric.")
    ] = False,
    wrt: o.Wrt = None,
    condition_on: o.ConditionOn = None,
    level: o.Level = 0.95,
    strict: o.Strict = False,
    form: o.Format = None,
    output: o.Output = None,
) -> None:
    """Choose the threshold at which a metric is best, or meets a target, over all cut-offs."""
    chosen = choose_format(form, output)
    check_output(output, files)
    perturbations.refuse_offsets(wrt)
    aim = _read_target(target)
    best = read_metric(metric or "f1")
    if aim is not None and (metric or subject_to or exact or confidence is not None):
        raise InvalidInputError("--target stands alone; leave out --metric, --subject-to, --confidence and --exact")
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
    named = loaded.parts[0].rows.labels
    title = resolve(best if aim is None else next(iter(aim)), named).name
    parse_constraints(subject_to, named)

    def decide(curve: ConfusionCurve) -> Decision:
        if aim is not None:
            return curve.solve(aim)
        return curve.maximize(
            best,
            subject_to=subject_to or (),
            confidence=confidence,
            method="exact" if exact else "smooth",
        )

    asked = {"target": target} if aim is not None else {"subject_to": "; ".join(subject_to)} if subject_to else {}
    tables, values, kinds = [], [], set()
    with progress("searching"):
        for part in loaded.parts:
            curve = ConfusionCurve.from_rows(
                part.rows,
                coordinate=loaded.coordinate,
                condition_on=cast("ConditionOn | None", condition_on),
            )
            decision = _decision(part, curve, decide)
            row = {"metric": title, **asked} if decision is None else {**decision_row(decision, level), **asked}
            value: dict[str, Any] = (
                {"metric": title, "threshold": None} if decision is None else decision.to_dict(level)
            )
            tables.append(grouped(part, {name: [v] for name, v in row.items()}))
            values.append(tagged(part, {**value, **asked}))
            kinds |= set() if decision is None else {decision.kind}
    notes = [note for kind in sorted(kinds) for note in NOTES[kind]] + ([HALF] if subject_to and not confidence else [])
    emit([Section("decision", joined(tables), tuple(notes))], values[0] if by is None else values, output, chosen)


def _decision(part: Part, curve: ConfusionCurve, decide: Callable[[ConfusionCurve], Decision]) -> Decision | None:
    """Return the decision; of a group for which there is none, None, after a warning."""
    if part.one_class:
        return None
    try:
        return decide(curve)
    except InfeasibleError as error:
        if part.by is None:
            raise
        part.say(str(error))
        return None


def _read_target(text: str | None) -> dict[str, float] | None:
    if text is None:
        return None
    name, sign, number = text.rpartition("=")
    try:
        if sign and name.strip():
            return {name.strip(" >"): float(number)}
        raise ValueError
    except ValueError:
        raise InvalidInputError(f"--target {text!r}: expected 'metric=number', such as 'recall=.95'") from None
