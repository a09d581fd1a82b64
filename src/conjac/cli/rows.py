"""From files to checked rows, whole or by group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np

from conjac import coordinates
from conjac._typing import CoordinateName
from conjac.cli.given import Given, read
from conjac.cli.labels import match, read_labels
from conjac.cli.messages import say
from conjac.cli.parts import Loaded, Part
from conjac.engines.files import Columns
from conjac.inputs import Inputs
from conjac.validation import ClassPredictions, Predictions, blaming, check_classes, check_predictions

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
    offsets: bool = False,
) -> Loaded:
    """Read the files, say how many rows were set aside, and check the rest.

    Parameters
    ----------
    files, label, score, labels, pos_label, weight, by, groups, coordinate, strict
        As given at the shell.
    offsets : bool
        Whether the rows are for offsets, with a score a class, or for a threshold.

    Raises
    ------
    ConjacError
        Input that cannot be used.
    """
    given = read(files, label=label, score=score, weight=weight, by=by, groups=groups, strict=strict)
    return check(given, labels=labels, pos_label=pos_label, coordinate=coordinate, offsets=offsets)


def check(given: Given, *, labels: str | None, pos_label: str | None, coordinate: str | None, offsets: bool) -> Loaded:
    """Check rows that were read, whole or by group.

    Parameters
    ----------
    given : Given
    labels, pos_label, coordinate
        As given at the shell.
    offsets : bool
        Whether the rows are for offsets, with a score a class, or for a threshold.

    Raises
    ------
    ConjacError
        Input that cannot be used.
    """
    present = np.unique(given.columns.label).tolist()
    listed = None if labels is None else read_labels(labels, present, given.label, offsets)
    positive = None if pos_label is None else match(pos_label, present, "--pos-label", given.label)
    columns, order = given.arranged(present, listed, positive)
    whole: Predictions | ClassPredictions
    if offsets:
        whole, again = _for_offsets(columns, order or present, coordinate)
        unit = cast("CoordinateName | None", coordinate)
    else:
        whole, again = _for_threshold(columns, order, positive)
        unit = coordinates.choose(whole.score, coordinate).name if coordinate or given.by else None
    everything = Part(None, None, whole, columns, given.inputs)
    parts = [everything]
    if given.by is not None and columns.by is not None:
        values, columns = np.unique(columns.by).tolist(), replace(columns, score=whole.score)
        parts = [_part(given.by, value, columns, given.inputs, again) for value in values]
    for part in parts:
        part.say_absent()
    return Loaded(everything, parts, unit, columns.n_read, columns.set_aside)


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


def _part(by: str, group: Any, columns: Columns, inputs: Inputs | None, again: Again) -> Part:
    rows = np.flatnonzero(columns.by == group)
    here = columns.take(rows)
    with blaming(f"{by}={group!r}"):
        checked = again(here.label, here.score, sample_weight=here.weight, groups=here.groups)
    return Part(by, group, checked, here, None if inputs is None else inputs.take(rows))


def title_of(files: Sequence[str]) -> str:
    """Return the names of the files, for a page."""
    names = [Path(file).name for file in files]
    return names[0] if len(names) == 1 else f"{len(names)} files: {', '.join(names[:3])}{', ...' if names[3:] else ''}"
