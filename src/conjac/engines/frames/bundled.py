"""From a frame with a score a class to bundles, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conjac._typing import AnyArray, CoordinateName, IntArray, Scale
from conjac.bundles import Bundles, choose_reach
from conjac.engines.classes import rule_for
from conjac.engines.frames.blocks import is_hashed
from conjac.engines.frames.classes import ClassRows
from conjac.engines.frames.collected import collected
from conjac.engines.frames.columns import Columns, literal, roles_of
from conjac.engines.frames.groups import absent, noted, warn_of_absent
from conjac.engines.frames.opened import Opened, opened
from conjac.engines.frames.passes import count_clusters
from conjac.engines.frames.sums import Sums
from conjac.engines.frames.survey import MOST_LABELS
from conjac.engines.frames.tallied import told_of_faults
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.reading import as_array, as_float
from conjac.reading.binary import SUM_TOLERANCE
from conjac.reading.classes import ROUNDED
from conjac.rules import ArgmaxRule
from conjac.validation.arguments import blaming, refuse_few_clusters, scalar


@dataclass(frozen=True, eq=False)
class FrameBundles:
    """All that is kept of a frame.

    Attributes
    ----------
    bundles : mapping
        Group to its bundles; None alone where there are no groups.
    notes : mapping
        Group to what was read into the frame, for its result's diagnostics.
    """

    bundles: Mapping[Any, Bundles]
    notes: Mapping[Any, dict[str, Any]]


def bundle_frame(
    frame: Any,
    *,
    label: str,
    score: Sequence[str],
    labels: Sequence[Any] | None = None,
    offsets: Any = None,
    weight: str | None = None,
    groups: str | None = None,
    by: str | None = None,
    coordinate: CoordinateName | None = None,
) -> FrameBundles:
    """Sum a frame's rows by true and predicted class, bins of their gaps at boundaries, block and group.

    One pass over the rows does it where ``labels`` are given and ``coordinate`` is "logit". Else a cheaper one goes
    before it, for the labels and for what the scores are.

    Parameters
    ----------
    frame : frame, str, Path, or list of them
    label, score, labels, offsets, weight, groups, by, coordinate
        As for `conjac.ConfusionJacobian.from_frame`.

    Raises
    ------
    InvalidInputError
        Columns that are not there or do not hold what they should, another number of labels than of columns, no row
        without a fault.
    NotSupportedError
        A reject option.

    Warns
    -----
    ConjacWarning
        Rows that are set aside, by their faults; groups without a row of some class.
    """
    if coordinate not in (None, "logit", "score"):
        raise InvalidInputError(
            f"coordinate={coordinate!r}: offsets are told in 'logit' (of probabilities) or 'score' (of raw scores)"
        )
    with opened(frame, roles_of(label, score, weight, groups, by)) as source:
        columns = Columns.of(source.which, source.frame.collect_schema(), source.names, source.unread)
        read = _Read.of(source, columns, labels, offsets, coordinate)
        keys = [key for key in ("by", "groups") if key in columns.names]
        if "groups" in keys and is_hashed(columns):
            keys[keys.index("groups")] = "block"
        sums = Sums(collected(source.frame, lambda part: read.rows.bundled(part, read.rule, read.reach, keys)))
        told = told_of_faults(sums.set_aside(read.rows.reasons), int(sums.sums["rows"].sum()), source)
        clusters = count_clusters(source.frame, read.rows, sums) if "groups" in columns.names else {}
    keys_of_all, sums_of_all = _of_all(sums, len(read.labels))
    bundles, notes, missing = {}, {}, {}
    for name, chosen in sums.groups():
        found = Bundles.of_sums(
            read.labels,
            read.rule,
            keys_of_all[chosen],
            {which: column[chosen] for which, column in sums_of_all.items() if which != "zeros"},
            reach=read.reach,
            clustered=sums.clustered,
            n_clusters=clusters.get(name, 0),
        )
        if clusters:
            with blaming("" if name is None else f"by {name!r}"):
                refuse_few_clusters(found.n_clusters, found.keys[:, 2])
        missing[name] = absent(read.labels, found.true)
        bundles[name], notes[name] = found, {**told, **noted(missing[name])}
        if read.rule.scale == "logit":
            notes[name]["exact_zeros"] = int(sums_of_all["zeros"][chosen].sum())
    if by is not None:
        warn_of_absent(by, missing, len(read.labels))
    return FrameBundles(bundles, notes)


@dataclass(frozen=True, eq=False)
class _Read:
    """How a frame's rows are read."""

    rows: ClassRows
    labels: tuple[Any, ...]
    rule: ArgmaxRule
    reach: float

    @classmethod
    def of(cls, source: Opened, columns: Columns, labels: Any, offsets: Any, coordinate: Any) -> _Read:
        """Take what was named, and look at the rows for what was not."""
        n = len(columns.scores)
        order = None if labels is None else _checked(columns, [scalar(label) for label in labels], "labels names")
        asked: Scale | None = coordinate
        held = None if order is None else _as_held(order, columns)
        rows, mean_square = ClassRows(columns, held, asked), 0.0
        if order is None or asked != "logit":
            given = getattr(getattr(offsets, "rule", offsets), "offsets", offsets)
            b = np.zeros(n) if given is None else as_float(as_array(given, "offsets"), "offsets").astype(float)[:n]
            found = collected(source.frame, lambda part: rows.surveyed(part, np.resize(b, n).tolist()))
            n_rows = found["rows"].sum()
            if not n_rows:  # there are faulty rows alone, which are to be counted
                return cls(rows, tuple(range(n)), ArgmaxRule(np.zeros(n), "score"), 1.0)
            if order is None:
                order = _checked(columns, _sorted(columns, found["label"]), "the label column holds")
            asked = _scale(columns, found) if asked is None else asked
            mean_square = float(found["square"].sum() / n_rows)
        rule = rule_for(order, asked, offsets)
        if rule.n_columns > n:
            raise NotSupportedError(
                f"offsets has {rule.n_columns} values for {n} classes: a reject option takes rows in memory; use "
                "ConfusionJacobian.from_predictions"
            )
        rows = replace(rows, labels=_as_held(order, columns))
        return cls(rows, tuple(order), rule, choose_reach(mean_square, rule.scale))


def _of_all(sums: Sums, n: int) -> tuple[IntArray, dict[str, AnyArray]]:
    """Return the keys of the valid sums, and the sums themselves, as `Bundles.of_sums` takes them, with "zeros"."""
    rows = sums.of("rows").astype(np.intp)
    block = sums.blocks if sums.clustered else np.zeros(len(rows))
    bins = [sums.of(f"bin {k}") for k in range(n)]
    keys = np.column_stack([sums.of("true"), sums.of("predicted"), block, *bins]).astype(np.intp)
    weight, weight2 = (sums.of(name) if name in sums.sums else rows for name in ("weight", "weight2"))
    gap, square = (np.column_stack([sums.of(f"{name} {k}") for k in range(n)]) for name in ("gap", "square"))
    told = {"rows": rows, "weight": weight, "weight2": weight2, "gap": gap, "square": square}
    return keys, {**told, "zeros": sums.of("zeros")}


def _checked(columns: Columns, order: list[Any], how: str) -> list[Any]:
    """Return labels, one a column of the score.

    Raises
    ------
    InvalidInputError
        One twice, fewer than two, or not one a column.
    """
    n = len(columns.scores)
    if n < 2:
        raise InvalidInputError(
            "offsets: a score column a class is needed for them; of one score, pass threshold=, or leave it out"
        )
    if len(set(order)) != len(order):
        raise InvalidInputError(f"labels={order} names a label twice")
    if len(order) != n:
        raise InvalidInputError(
            f"score names {n} columns, and {how} {len(order)} classes, {order[:20]}; pass labels=, one a column and in "
            "the columns' order"
        )
    return order


def _sorted(columns: Columns, found: list[Any]) -> list[Any]:
    distinct = sorted(set(found))
    if len(distinct) > MOST_LABELS:
        raise InvalidInputError(
            f"column {columns.names['label']!r} holds more than {MOST_LABELS} labels, such as {distinct[:3]}; expected "
            "those of classes"
        )
    return distinct


def _scale(columns: Columns, found: Mapping[str, Any]) -> Scale:
    """Decide how scores are read, as `conjac.reading.ClassReading` does."""
    if found["low"].min() < 0 or found["high"].max() > 1:
        return "score"
    miss = float(found["miss"].max())
    if miss > max(SUM_TOLERANCE, ROUNDED * len(columns.scores)):
        raise InvalidInputError(
            f"score: the columns {[columns.names[role] for role in columns.scores]} lie in [0, 1] but do not sum to 1 "
            f"(off by {miss:.3g} in some row); pass coordinate='score' for raw scores, or 'logit' for their logarithms"
        )
    return "logit"


def _as_held(labels: Sequence[Any], columns: Columns) -> list[Any]:
    return [literal(scalar(label), columns.types["label"], columns.names["label"]) for label in labels]
