"""From files to checked rows, whole or by group."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac import coordinates
from conjac._typing import AnyArray, CoordinateName
from conjac.cli.messages import progress, say
from conjac.engines.files import describe_set_aside, read_columns
from conjac.errors import ConjacError, InvalidInputError, NotSupportedError
from conjac.validation import Predictions, check_predictions


@dataclass(frozen=True)
class Part:
    """The rows of one group, or all of them.

    Attributes
    ----------
    by : str or None
        Name of the column that groups.
    group : value of that column
    rows : Predictions
    """

    by: str | None
    group: Any
    rows: Predictions

    @property
    def title(self) -> str:
        """Return what to put before a message: ``region='north'``, or nothing."""
        return "" if self.by is None else f"{self.by}={self.group!r}"

    @property
    def one_class(self) -> bool:
        """Whether rows of one class only are here."""
        return bool(self.rows.true.min() == self.rows.true.max())

    def say(self, message: str) -> None:
        """Warn of these rows on standard error."""
        say(f"warning: {self.title}{': ' if self.title else ''}{message}")


@dataclass(frozen=True)
class Loaded:
    """All parts, and what was left out.

    Attributes
    ----------
    parts : list of Part
        Sorted by group.
    coordinate : str or None
        As asked; with groups one for all of them, whatever the range of a group's scores.
    n_read : int
    set_aside : dict
        Reason to count.
    """

    parts: list[Part]
    coordinate: CoordinateName | None
    n_read: int
    set_aside: dict[str, int]


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
) -> Loaded:
    """Read the files, say how many rows were set aside, and check the rest.

    Raises
    ------
    ConjacError
        Input that cannot be used.
    """
    if len(score) > 1:
        raise NotSupportedError(
            f"--score was given {len(score)} times: this version serves binary classifiers, with one column of the "
            "positive class's scores"
        )
    with progress(f"reading {', '.join(files)}"):
        columns = read_columns(files, label=label, score=score[0], weight=weight, by=by, groups=groups, strict=strict)
    if columns.set_aside:
        n_faulty = sum(columns.set_aside.values())
        say(f"warning: {n_faulty} of {columns.n_read} rows set aside: {describe_set_aside(columns.set_aside)}")
    present = np.unique(columns.label).tolist()
    order = [_match(text, present, "--labels", label) for text in _listed(labels)] if labels is not None else None
    positive = None if pos_label is None else _match(pos_label, present, "--pos-label", label)
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
    unit: CoordinateName | None = coordinates.choose(rows.score, coordinate).name
    if coordinate is None and by is None:
        unit = None
    parts = [Part(None, None, rows)]
    if by is not None and columns.by is not None:
        parts = [
            _part(
                by,
                group,
                rows.labels,
                columns.by == group,
                columns.label,
                columns.score,
                columns.weight,
                columns.groups,
            )
            for group in np.unique(columns.by).tolist()
        ]
    for part in parts:
        if part.one_class:
            missing = rows.labels[1 - int(part.rows.true[0])]
            part.say(f"one class only, no row is {missing!r}; figures that need both are nan")
    return Loaded(parts, unit, columns.n_read, columns.set_aside)


def _part(by: str, group: Any, labels: tuple[Any, Any], here: AnyArray, *columns: AnyArray | None) -> Part:
    label, score, weight, clusters = (None if column is None else column[here] for column in columns)
    try:
        rows = check_predictions(label, score, labels=labels, sample_weight=weight, groups=clusters, one_class=True)
    except ConjacError as error:
        raise InvalidInputError(f"{by}={group!r}: {error}") from None
    return Part(by, group, rows)


def _listed(text: str) -> list[str]:
    """Return the items of a list with commas; quotes keep a comma inside an item, as in CSV."""
    try:
        (items,) = csv.reader([text], strict=True)
    except (csv.Error, ValueError):
        raise InvalidInputError(f"--labels {text!r}: expected two labels with a comma between them") from None
    return items


def _match(text: str, present: Sequence[Any], option: str, column: str) -> Any:
    """Return the label that a text from the shell means: the one of that ``str()``, or of that number."""
    for label in present:
        if str(label) == text or (isinstance(label, bool) and str(label).casefold() == text.casefold()):
            return label
    for label in present:
        if isinstance(label, float) and text.replace(".", "", 1).lstrip("-").isdigit() and float(text) == label:
            return label
    shown = ", ".join(repr(label) for label in present[:10]) + (", ..." if len(present) > 10 else "")
    raise InvalidInputError(f"{option}: no row of column {column!r} is {text!r}; its labels are {shown}")
