"""The scene of several classes: the path of each offset, and the sample for those that move together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from conjac._typing import ConditionOn, CoordinateName, FloatArray
from conjac.decisions.constraints import parse_constraints
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric, resolve
from conjac.progress import Told
from conjac.validation import ClassPredictions, blaming
from conjac.views.summary.classes.offsets import OffsetChoice, offset_choices
from conjac.views.summary.measure import clean
from conjac.views.summary.scene.offsets import OffsetSheet
from conjac.views.summary.scene.scene import ALL, Advice, Scene

SAMPLED, FEWEST, MOST = 30_000, 1_500, 4_000
"""Scores in a sample, and its rows at least and at most."""


def scene_of_classes(
    parts: Mapping[str, ClassPredictions],
    *,
    title: str,
    offsets: Any = None,
    metric: str | Metric = "f1_macro",
    subject_to: Any = (),
    coordinate: CoordinateName | None = None,
    condition_on: ConditionOn | None = None,
    level: float = 0.95,
    random_state: int = 0,
    report: Told | None = None,
    **told: Any,
) -> Scene:
    """Follow the offsets of all rows, and of each group.

    Parameters
    ----------
    parts : mapping of str to ClassPredictions
        All rows first, by the name `ALL`; then each group.
    title : str
    offsets, coordinate, condition_on
        As for `conjac.ConfusionJacobian.from_predictions`.
    metric : str or Metric
        The one that is shown first.
    subject_to : str, Constraint or sequence of them
    level : float
        Of every interval.
    random_state : int
        Of the samples for joint moves.
    report : callable, optional
        Is told the share of the work that is done.
    **told
        Other attributes of `Scene`: notes, recipe.
    """
    first = parts[ALL]
    chosen = resolve(metric, first.labels)
    constraints = parse_constraints(subject_to, first.labels)
    how: dict[str, Any] = {"coordinate": coordinate, "condition_on": condition_on}
    sheets, advice = [], []
    for place, (name, rows) in enumerate(parts.items()):

        def share(done: float, place: int = place) -> None:
            if report is not None:
                report((place + done) / len(parts))

        with blaming("" if name == ALL else name):
            J = ConfusionJacobian.from_classes(rows, offsets=offsets, **how)
            several = np.count_nonzero(np.bincount(rows.true, minlength=len(rows.labels))) > 1
            choices = offset_choices(rows, J, chosen, constraints, level=level, **how) if several else ()
            sheet = OffsetSheet.of(
                rows,
                offsets,
                name="" if name == ALL else name,
                metric=chosen,
                level=level,
                also=_asked(choices),
                n_sample=int(np.clip(SAMPLED // len(first.labels), FEWEST, MOST)),
                random_state=random_state,
                report=share,
                **how,
            )
        sheets.append(sheet)
        advice.append(tuple(Advice(choice, _steps(choice, sheet)) for choice in choices))
    shown = sheets[0]
    return Scene(
        title=clean(title),
        kind="offsets",
        labels=shown.labels,
        level=level,
        metrics=shown.metrics,
        metric=0,
        rates=(("precision of the class", "recall of the class"),),
        sheets=tuple(sheets),
        advice=tuple(advice),
        shown=shown.coordinate,
        **told,
    )


def _asked(choices: Sequence[OffsetChoice]) -> FloatArray:
    """Return the offsets of decisions, array of shape (n_decisions, n_classes), which are to be steps."""
    return np.array([[one.value for one in choice.offsets] for choice in choices if choice.offsets])


def _steps(choice: OffsetChoice, sheet: OffsetSheet) -> tuple[int, ...]:
    """Return the step of each offset."""
    pairs = zip(choice.offsets, sheet.tracks, strict=bool(choice.offsets))
    return tuple(int(np.argmin(np.abs(track.at - one.value))) for one, track in pairs)
