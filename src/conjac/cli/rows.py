"""From files to checked rows, whole or by group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias, cast

import numpy as np

from conjac import coordinates
from conjac._typing import AnyArray, CoordinateName
from conjac.cli.labels import match, places_of, read_labels
from conjac.cli.messages import progress, say
from conjac.cli.parts import Loaded, Part, blaming
from conjac.engines.files import Columns, describe_set_aside, read_columns
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.validation import ClassPredictions, Predictions, check_classes, check_predictions

Again: TypeAlias = Callable[..., Predictions | ClassPredictions]
"""Checks some of the rows as all of them were read, whatever those alone look like."""


def load(
    files: Sequence[str],
    *,
    label: str,
    score: Sequence[str],
    labels: str | None,
    pos_label: str | None,
    weight: str | None,
    by: str | None,
    groups: str | None,
    coordinate: str | None,
    strict: bool,
    category: str | None = None,
    offsets: bool = False,
) -> Loaded:
    """Read the files, say how many rows were set aside, and check the rest.

    Parameters
    ----------
    files, label, score, labels, pos_label, weight, by, groups, coordinate, strict
        As given at the shell.
    category : str, optional
        Column of categories whose shares move.
    offsets : bool
        Whether the rows are for offsets, with a score a class, or for a threshold.

    Raises
    ------
    ConjacError
        Input that cannot be used.
    """
    for name in score:
        if score.count(name) > 1:
            raise InvalidInputError(f"--score names {name!r} more than once; expected a column for each class")
    with progress(f"reading {', '.join(files)}"):
        columns = read_columns(
            files,
            label=label,
            score=score[0] if len(score) == 1 else score,
            weight=weight,
            by=by,
            groups=groups,
            category=category,
            strict=strict,
        )
    if columns.set_aside:
        n_faulty = sum(columns.set_aside.values())
        say(f"warning: {n_faulty} of {columns.n_read} rows set aside: {describe_set_aside(columns.set_aside)}")
    present = np.unique(columns.label).tolist()
    order = None if labels is None else read_labels(labels, present, label, offsets)
    n_classes = len(order or present)
    if len(score) == 1 and n_classes > 2:
        raise NotSupportedError(
            f"{n_classes} classes have no threshold, and --score was given once: give it once a class, and conjac "
            "jacobian and conjac tune move an offset a class; or score one class against the rest"
        )
    if len(score) > 1:
        if len(present) == 1:
            raise InvalidInputError(f"column {label!r} holds one class only, {present[0]!r}; slopes need at least two")
        places = places_of(order or present, score, label, order is not None)
        columns = replace(columns, score=columns.score.take(places, axis=1))
    whole: Predictions | ClassPredictions
    if offsets:
        whole, again = _for_offsets(columns, order or present, coordinate)
        unit = cast("CoordinateName | None", coordinate)
    else:
        positive = None if pos_label is None else match(pos_label, present, "--pos-label", label)
        whole, again = _for_threshold(columns, order, positive)
        unit = coordinates.choose(whole.score, coordinate).name if coordinate or by else None
    parts = [Part(None, None, whole, columns.category)]
    if by is not None and columns.by is not None:
        parts = [_part(by, group, columns, whole.score, again) for group in np.unique(columns.by).tolist()]
    for part in parts:
        part.say_absent()
    return Loaded(parts, unit, columns.n_read, columns.set_aside)


def _for_threshold(columns: Columns, order: list[Any] | None, positive: Any) -> tuple[Predictions, Again]:
    rows = check_predictions(
        columns.label,
        columns.score,
        labels=order,
        pos_label=positive,
        sample_weight=columns.weight,
        groups=columns.groups,
    )
    if "pos_label" in rows.notes and rows.labels not in ((0, 1), (False, True)):
        say(f"the positive label is {rows.notes['pos_label']}; --pos-label names another")
    return rows, partial(check_predictions, labels=rows.labels, one_class=True)


def _for_offsets(columns: Columns, order: list[Any], coordinate: str | None) -> tuple[ClassPredictions, Again]:
    rows = check_classes(
        columns.label,
        columns.score,
        labels=order,
        sample_weight=columns.weight,
        groups=columns.groups,
        coordinate=coordinate,
    )
    return rows, partial(check_classes, labels=rows.labels, coordinate=rows.reading.scale)


def _part(by: str, group: Any, columns: Columns, score: AnyArray, again: Again) -> Part:
    here = columns.by == group
    given = (columns.weight, columns.groups, columns.category)
    weight, groups, category = (None if column is None else column[here] for column in given)
    with blaming(f"{by}={group!r}"):
        rows = again(columns.label[here], score[here], sample_weight=weight, groups=groups)
    return Part(by, group, rows, category)
