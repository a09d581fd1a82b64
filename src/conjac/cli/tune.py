"""``conjac tune``: the threshold or offsets to take, with their interval, what they give and how far they may drift."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

import numpy as np

from conjac._typing import ConditionOn, CoordinateName
from conjac.cli import options as o
from conjac.cli.costs import read_costs
from conjac.cli.messages import guarded, progress
from conjac.cli.metric_names import read_metric
from conjac.cli.moving import read_tuned
from conjac.cli.output import check_output, emit
from conjac.cli.parts import Loaded, Part, Summed, Sums
from conjac.cli.results import decision_sections, notes_of
from conjac.cli.room import room_to_sum
from conjac.cli.rows import load
from conjac.cli.sums import load_sums
from conjac.cli.tidy import gathered, one_row, tagged
from conjac.curve import ConfusionCurve
from conjac.decisions import Decision
from conjac.decisions.constraints import parse_constraints
from conjac.decisions.offsets import best_offsets, solve_offsets
from conjac.errors import InfeasibleError, InvalidInputError
from conjac.metrics import expected_cost
from conjac.metrics.rejection import resolve_outcomes
from conjac.rules import outcomes_of
from conjac.tuning import problem_of
from conjac.validation import ClassPredictions, blaming, refuse_with_offsets
from conjac.views.tables import choose_format

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
    cost: o.Cost = None,
    subject_to: o.SubjectTo = None,
    target: o.Target = None,
    confidence: o.Confidence = None,
    exact: o.Exact = False,
    reject: o.Reject = False,
    wrt: o.Tuned = None,
    condition_on: o.ConditionOn = None,
    level: o.Level = 0.95,
    strict: o.Strict = False,
    memory_limit: o.MemoryLimit = None,
    form: o.Format = None,
    output: o.Output = None,
) -> None:
    """Choose the threshold, or offsets of several classes, at which a metric is best or targets are met."""
    chosen = choose_format(form, output)
    check_output(output, files)
    moving = read_tuned(wrt, len(score), reject)
    if moving.offsets:
        refuse_with_offsets(pos_label=pos_label)
    aims = _read_targets(target or ())
    if aims and (metric or cost or subject_to or exact or confidence is not None):
        raise InvalidInputError(
            "--target stands alone; leave out --metric, --cost, --subject-to, --confidence and --exact"
        )
    if cost and metric:
        raise InvalidInputError("--cost and --metric both say what is best; leave one of them out")
    if len(aims) > 1 and not moving.offsets:
        raise InvalidInputError(
            f"--target was given {len(aims)} times, and two classes have one threshold, which meets one; "
            "name bounds with --subject-to"
        )
    best = read_metric(metric or ("f1_macro" if moving.offsets else "f1"))
    how_read: dict[str, Any] = {
        "label": label,
        "labels": labels,
        "pos_label": pos_label,
        "weight": weight,
        "by": by,
        "groups": groups,
        "coordinate": coordinate,
        "strict": strict,
    }
    whole = {"--score once a class": len(score) > 1, "--exact": exact}
    room = room_to_sum(files, [label, *score, weight, by, groups], memory_limit, whole)
    loaded: Loaded | Summed
    if room is None:
        loaded = load(files, score=score, offsets=moving.offsets, **how_read)
    else:
        loaded = load_sums(files, room, score=score[0], threshold=None, condition_on=condition_on, **how_read)
    named = loaded.parts[0].labels
    outcomes = outcomes_of(named, len(named) + reject)
    if cost:
        order = list(named) if labels is not None or pos_label is None else sorted(named)
        costs = np.array(read_costs(cost, order, outcomes_of(order, len(outcomes))))
        place = [order.index(label) for label in named]
        best = expected_cost(costs[np.ix_(place, [*place, *range(len(named), len(outcomes))])])
    title = resolve_outcomes(next(iter(aims), best), outcomes, len(named)).name
    parse_constraints(subject_to, outcomes, len(named))
    how = {"subject_to": subject_to or (), "confidence": confidence, "method": "exact" if exact else "smooth"}

    def decide(part: Part | Sums) -> Decision:
        maximize, solve = _searches(part, loaded.coordinate, cast("ConditionOn | None", condition_on), reject)
        return solve(aims) if aims else maximize(best, **how)

    told = {"cost": [cost] if cost else (), "target": target or (), "subject_to": subject_to or ()}
    asked = {name: "; ".join(texts) for name, texts in told.items() if texts}
    tables, values, notes = [], [], dict[str, None]()
    with progress("searching"):
        for part in loaded.parts:
            decision = _decision(part, decide)
            sections = {"decision": one_row({"metric": title})}
            value: dict[str, Any] = {"metric": title, "threshold": None, "offsets": None}
            if decision is not None:
                sections, value = decision_sections(decision, level), decision.to_dict(level)
                notes |= dict.fromkeys(notes_of(decision))
                notes |= dict.fromkeys(_shared(part, decision))
            sections["decision"] |= one_row(asked)
            tables.append((part, sections))
            values.append(tagged(part, {**value, **asked}))
    *others, last = gathered(tables)
    last = replace(last, notes=(*notes, *([HALF] if subject_to and not confidence else [])))
    emit([*others, last], values[0] if by is None else values, output, chosen)


def _searches(
    part: Part | Sums, coordinate: CoordinateName | None, condition_on: ConditionOn | None, reject: bool
) -> tuple[Callable[..., Decision], Callable[..., Decision]]:
    """Return what finds the best of a metric, and what meets targets."""
    if isinstance(part, Sums):
        return part.curve.maximize, part.curve.solve
    if isinstance(part.rows, ClassPredictions):
        problem = problem_of(part.rows, coordinate, condition_on, reject)
        return partial(best_offsets, problem), partial(solve_offsets, problem)
    curve = ConfusionCurve.from_rows(part.rows, coordinate=coordinate, condition_on=condition_on)
    return curve.maximize, curve.solve


def _decision(part: Part | Sums, decide: Callable[[Part | Sums], Decision]) -> Decision | None:
    """Return the decision; of a group for which there is none, None, after a warning."""
    if part.one_class:
        return None
    with blaming(part.title):
        try:
            return decide(part)
        except InfeasibleError as error:
            if part.by is None:
                raise
            part.say(str(error))
    return None


def _shared(part: Part | Sums, decision: Decision) -> list[str]:
    """Say how far cells can be from the counts where rows of a bin are shared in proportion."""
    bound = part.curve.bound_at(decision.threshold).max() if isinstance(part, Sums) else 0.0
    if not bound:
        return []
    told = f"{part.title}: cells" if part.title else "Cells"
    return [
        f"{told} are within {bound:g} of exact, which conjac jacobian --threshold {decision.threshold:.17g} counts."
    ]


def _read_targets(texts: Sequence[str]) -> dict[str, float]:
    aims: dict[str, float] = {}
    for text in texts:
        name, sign, number = text.rpartition("=")
        name = name.strip(" >")
        try:
            if not (sign and name):
                raise ValueError
            aim = float(number)
        except ValueError:
            raise InvalidInputError(f"--target {text!r}: expected 'metric=number', such as 'recall=.95'") from None
        if name in aims:
            raise InvalidInputError(f"--target names {name} twice; it has one value")
        aims[name] = aim
    return aims
