"""What a frame is read as: its two labels, the coordinate, how two columns of scores become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from conjac import coordinates
from conjac.coordinates import COORDINATES, Coordinate
from conjac.engines.frames.columns import Columns, literal
from conjac.engines.frames.opened import Opened
from conjac.engines.frames.staged import Rows
from conjac.engines.frames.survey import Survey
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.reading import Reading
from conjac.validation.arguments import scalar
from conjac.validation.binary import SEVERAL, check_order, negative_positive


@dataclass(frozen=True, eq=False)
class Form:
    """How a frame's rows are read.

    Attributes
    ----------
    rows : Rows
    labels : tuple of length 2
        Negative label, positive label.
    unit : Coordinate
    reading : Reading
    reach : tuple of float, or None
        Range of the scores, where it was looked at.
    notes : dict
        What was read into the input.
    """

    rows: Rows
    labels: tuple[Any, Any]
    unit: Coordinate
    reading: Reading
    reach: tuple[float, float] | None
    notes: dict[str, Any]

    @classmethod
    def of(cls, source: Opened, columns: Columns, labels: Any, pos_label: Any, coordinate: Any) -> Self:
        """Take what was named, and look at the rows for what was not."""
        order = None if labels is None else _order_of(columns, [], labels, pos_label)
        asked = None if coordinate is None else coordinates.choose(np.array([0.0, 1.0]), coordinate)
        reading, reach = Reading(), None
        if order is None or asked is None or asked.scale == "score" or len(columns.scores) == 2:
            held = None if order is None else _as_held(order, columns)
            rows = Rows(columns, "score", held, None if asked is None else asked.scale)
            survey = Survey.of(source.frame, rows)
            if not survey.labels:  # there are faulty rows alone, which are to be counted
                return cls(rows, (None, None), COORDINATES["score"], reading, (0.0, 1.0), {})
            reading, reach = survey.reading, (survey.low, survey.high)
            order = _order_of(columns, survey.labels, None, pos_label) if order is None else order
            asked = coordinates.choose(np.array(reach), coordinate)
        assert order is not None
        assert asked is not None
        pair = negative_positive(order, pos_label)
        if reading.kind != "score" and pair[1] != order[1]:
            raise InvalidInputError(
                f"pos_label={pos_label!r} sorts first, and score names two columns; "
                "pass labels=[negative, positive], with the columns in that order"
            )
        notes = {}
        if reading.kind != "score":
            negative, positive = (columns.names[role] for role in columns.scores)
            notes["score"] = repr(positive) if reading.kind == "column" else f"{positive!r} less {negative!r}"
        if labels is None and pos_label is None:
            notes["pos_label"] = f"{pair[1]!r}, the last label in sorted order"
        return cls(
            Rows(columns, reading.kind, _as_held(pair, columns), asked.scale),
            pair,
            asked,
            replace(reading, positive=order.index(pair[1])),
            reach,
            notes,
        )


def _order_of(columns: Columns, found: list[Any], labels: Any, pos_label: Any) -> list[Any]:
    """Return two labels in order.

    Raises
    ------
    InvalidInputError
        As `conjac.validation.binary.check_order`, or more labels than score columns serve.
    NotSupportedError
        More than two labels of two score columns.
    """
    name = columns.names["label"]
    order = check_order(found, labels, pos_label, f"column {name!r}")
    if len(order) > 2 and len(columns.scores) == 1:
        raise InvalidInputError(
            f"column {name!r} holds {len(order)} classes, {order[:20]}; name a score column a class, or labels of one "
            "class against the rest"
        )
    if len(order) > 2:
        raise NotSupportedError(f"{len(order)} {SEVERAL}")
    return order


def _as_held(labels: Sequence[Any], columns: Columns) -> list[Any]:
    return [literal(scalar(label), columns.types["label"], columns.names["label"]) for label in labels]
