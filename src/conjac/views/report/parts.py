"""Rows of a report, whole or by group: `parts_of`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from conjac import coordinates
from conjac._typing import AnyArray, CoordinateName, IntArray
from conjac.errors import InvalidInputError
from conjac.inputs import Inputs
from conjac.validation import (
    ClassPredictions,
    Predictions,
    blaming,
    check_classes,
    check_predictions,
    check_vector,
    distinct,
    refuse_missing,
)

MOST_GROUPS = 50
"""Groups that a page holds, at most."""


@dataclass(frozen=True, eq=False)
class Part:
    """The rows of one group, or all of them.

    Attributes
    ----------
    title : str
        Of the group; empty of all rows.
    group : value of ``by``, or None
    rows : Predictions or ClassPredictions
    coordinate : str or None
        Of groups one for all of them, whatever the range of a group's scores.
    groups : array of shape (n_samples,) or None
        Clusters, as they were given.
    places : array of shape (n_samples,) or None
        Of the rows among all; None of all.
    """

    title: str
    group: Any
    rows: Predictions | ClassPredictions
    coordinate: CoordinateName | None
    groups: Any
    places: IntArray | None = None

    @property
    def one_class(self) -> bool:
        """Whether rows of one class only are here."""
        return bool(self.rows.true.min() == self.rows.true.max())

    @property
    def labels(self) -> AnyArray:
        """Each row's label, array of shape (n_samples,)."""
        return label_of(self.rows)

    def inputs(self, X: Any, names: Any) -> Any:
        """Return these rows of X."""
        return X if self.places is None else Inputs.of(X, names).take(self.places).native


def label_of(rows: Predictions | ClassPredictions) -> AnyArray:
    """Return each row's label, array of shape (n_samples,)."""
    return np.array(rows.labels, dtype=object)[rows.true]


def parts_of(
    rows: Predictions | ClassPredictions, by: Any, groups: Any, coordinate: CoordinateName | None
) -> Iterator[Part]:
    """Yield all rows, or those of each group, checked as all of them were read.

    Parameters
    ----------
    rows : Predictions or ClassPredictions
    by : array of shape (n_samples,) or None
    groups : array of shape (n_samples,) or None
        Clusters.
    coordinate : str or None

    Raises
    ------
    InvalidInputError
        Groups that are missing, of another length, or too many.
    """
    if by is None:
        yield Part("", None, rows, coordinate, groups)
        return
    keys = check_vector(by, "by")
    refuse_missing(keys, "by")
    if len(keys) != len(rows.true):
        raise InvalidInputError(f"by has {len(keys)} rows and y_true has {len(rows.true)}")
    values = distinct(keys)
    if len(values) > MOST_GROUPS:
        raise InvalidInputError(f"by names {len(values)} groups; a page holds {MOST_GROUPS}")
    told = label_of(rows)
    again: Callable[..., Predictions | ClassPredictions]
    if isinstance(rows, ClassPredictions):
        unit: CoordinateName = rows.reading.scale
        again = partial(check_classes, labels=rows.labels, coordinate=unit)
    else:
        unit = coordinates.choose(rows.score, coordinate).name
        again = partial(check_predictions, labels=rows.labels, one_class=True)
    clusters = None if groups is None else check_vector(groups, "groups")
    name = getattr(by, "name", None)
    for value in values:
        here = np.flatnonzero(keys == value)
        title = str(value) if name is None else f"{name}={value!r}"
        within = None if clusters is None else clusters[here]
        with blaming(title):
            weight = None if rows.weight is None else rows.weight[here]
            part = again(told[here], rows.score[here], sample_weight=weight, groups=within)
        yield Part(title, value, part, unit, within, here)
