"""From a frame to tallies, and what is said of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from conjac._typing import CoordinateName
from conjac.coordinates import Coordinate
from conjac.engines.files import describe_set_aside
from conjac.engines.frames.columns import Columns, roles_of
from conjac.engines.frames.form import Form
from conjac.engines.frames.groups import absent, noted, warn_of_absent
from conjac.engines.frames.opened import Opened, opened
from conjac.engines.frames.passes import count_clusters, summed
from conjac.errors import ConjacWarning, InvalidInputError, NotSupportedError
from conjac.perturbations import Velocities
from conjac.reading import Reading
from conjac.readonly import ReadOnly
from conjac.tally import Tally
from conjac.validation.arguments import blaming, refuse_few_clusters
from conjac.validation.binary import SEVERAL


@dataclass(frozen=True, eq=False)
class FrameTallies:
    """All that is kept of a frame.

    Attributes
    ----------
    labels : tuple of length 2
        Negative label, positive label.
    unit : Coordinate
    reading : Reading
    tallies : mapping
        Group to its tally; None alone where there are no groups.
    notes : mapping
        Group to what was read into the frame, for its result's diagnostics.
    """

    labels: tuple[Any, Any]
    unit: Coordinate
    reading: Reading
    tallies: Mapping[Any, Tally]
    notes: Mapping[Any, dict[str, Any]]


def tally_frame(
    frame: Any,
    *,
    label: str,
    score: str | Sequence[str],
    labels: Sequence[Any] | None = None,
    pos_label: Any = None,
    weight: str | None = None,
    groups: str | None = None,
    by: str | None = None,
    coordinate: CoordinateName | None = None,
    velocities: Mapping[str, str] | None = None,
    named: Callable[[Coordinate], tuple[float, ...]],
) -> FrameTallies:
    """Sum a frame's rows by class, bin, side of the named thresholds, block and group.

    One pass over the rows does it where ``labels`` are given and ``coordinate`` is one of probabilities. Else a cheaper
    one goes before it, for the labels and the range of the scores. Scores in a heap that is narrow for their range, or
    narrower than half a unit of log-odds, need another, in bins that resolve it; where half of them share a bin, a
    cheap one tells whether they are one score. With ``groups`` these passes leave blocks out, and one more keeps them
    in the bins that are needed, of which there are many fewer sums; where they are whole numbers, one counts them.

    Parameters
    ----------
    frame : frame, str, Path, or list of them
    label, score, labels, pos_label, weight, groups, by, coordinate, velocities
        As for `conjac.ConfusionCurve.from_frame`.
    named : callable
        From the coordinate to the named thresholds, on the scores' own scale.

    Raises
    ------
    InvalidInputError
        Columns that are not there or do not hold what they should, one class only, no row without a fault.
    NotSupportedError
        More than two classes.

    Warns
    -----
    ConjacWarning
        Rows that are set aside, by their faults; groups without a row of some class.
    """
    moving = {} if velocities is None else Velocities(velocities).columns
    with opened(frame, roles_of(label, score, weight, groups, by, list(moving.values()))) as source:
        columns = Columns.of(source.which, source.frame.collect_schema(), source.names, source.unread)
        if len(columns.scores) > 2:
            raise NotSupportedError(f"{len(columns.scores)} {SEVERAL}")
        form = Form.of(source, columns, labels, pos_label, coordinate)
        placed, step = summed(source.frame, form, named(form.unit))
        told = told_of_faults(placed.set_aside(form.rows.reasons), int(placed.sums["rows"].sum()), source)
        clusters = count_clusters(source.frame, form.rows, placed) if "groups" in columns.names else {}
    tallies, notes, missing = {}, {}, {}
    for name, places in placed.groups():
        set_aside = ReadOnly(told["set_aside"] if name is None else {})  # whose group is not known
        tally = placed.tally(places, tuple(moving)).coarsen(step)
        tallies[name] = replace(tally, labels=form.labels, set_aside=set_aside)
        missing[name] = absent(form.labels, tally.columns[0])
        notes[name] = {**told, **form.notes, **noted(missing[name])}
        if form.unit.scale == "logit":
            notes[name] |= {"exact_zeros": placed.exact(0.0, places), "exact_ones": placed.exact(1.0, places)}
        if clusters:
            with blaming("" if name is None else f"by {name!r}"):
                refuse_few_clusters(clusters[name], tallies[name].keys[:, 4])
            notes[name]["n_clusters"] = clusters[name]
    if None in tallies:
        _refuse_one_class(tallies[None], form.labels, columns.names["label"])
    if by is not None:
        warn_of_absent(by, missing, len(form.labels))
    return FrameTallies(form.labels, form.unit, form.reading, tallies, notes)


def told_of_faults(set_aside: dict[str, int], n_rows: int, source: Opened) -> dict[str, Any]:
    """Return what is said of faulty rows, and warn of them once.

    Raises
    ------
    InvalidInputError
        There are no others.
    """
    n_read = n_rows + source.n_malformed
    if source.n_malformed:
        set_aside = {**set_aside, "row malformed": source.n_malformed}
    n_faulty = sum(set_aside.values())
    if not n_read:
        raise InvalidInputError(f"{source.which}: no rows; at least one row of each class is needed")
    if n_faulty == n_read:
        raise InvalidInputError(f"{source.which}: all {n_read} rows are faulty ({describe_set_aside(set_aside)})")
    if n_faulty:
        told = f"{n_faulty} of {n_read} rows are faulty and set aside: {describe_set_aside(set_aside)}"
        warnings.warn(told, ConjacWarning, stacklevel=4)
    return {"n_read": n_read, "set_aside": set_aside, "engine": source.engine}


def _refuse_one_class(tally: Tally, labels: tuple[Any, Any], name: str) -> None:
    for weight, label in zip(tally.totals()[0], labels, strict=True):
        if not weight:
            raise InvalidInputError(
                f"column {name!r} holds one class only: no row without a fault is {label!r} with a positive weight; "
                "a confusion matrix's slopes need both classes"
            )
