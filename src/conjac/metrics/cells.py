"""Cells of a confusion matrix, by name, as figures that are compared like metrics."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from conjac._typing import AnyArray
from conjac.errors import UnknownMetricError
from conjac.metrics.domain import REAL
from conjac.metrics.rejection import resolve_outcomes
from conjac.metrics.rows import Metric

CELLS: Final = MappingProxyType({"tn": (0, 0), "fp": (0, 1), "fn": (1, 0), "tp": (1, 1)})
"""True and predicted class of each cell of two classes."""


@dataclass(frozen=True)
class Cell:
    """One cell of a matrix, as a count.

    Attributes
    ----------
    true, predicted : int
    n_classes : int
        Rows and columns of the matrix.
    """

    true: int
    predicted: int
    n_classes: int = 2

    def value(self, cells: AnyArray, _undefined: float, /) -> AnyArray:
        """See `conjac.metrics.Formula`."""
        return cells[..., self.true, self.predicted]

    def gradient(self, cells: AnyArray, _undefined: float, /) -> AnyArray:
        """See `conjac.metrics.Formula`."""
        gradient = np.zeros_like(cells)
        gradient[..., self.true, self.predicted] = 1
        return gradient


def figure(name: str | Metric, outcomes: Sequence[Any], n_classes: int) -> Metric:
    """Return a metric by its name, or a cell by its; fewer errors are better.

    Parameters
    ----------
    name : str or Metric
        A cell is "cell[true, predicted]", such as "cell[cat, dog]"; of two classes also "tn", "fp", "fn" or "tp".
    outcomes : sequence
        The classes, and the reject option's name if there is one.
    n_classes : int

    Raises
    ------
    UnknownMetricError
        Neither a metric nor a cell.

    Examples
    --------
    >>> cell = figure("cell[cat, dog]", ["cat", "dog", "newt"], 3)
    >>> cell.value([[8, 1, 1], [2, 7, 1], [0, 0, 5]]), cell.greater_is_better
    (array(1.), False)
    """
    place = _place(name, outcomes, n_classes) if isinstance(name, str) else None
    if place is None:
        try:
            return resolve_outcomes(name, outcomes, n_classes)
        except UnknownMetricError as error:
            two = f"one of {', '.join(map(repr, CELLS))}"
            cells = two if len(outcomes) == 2 else f"cell[true, predicted], such as {_example(outcomes)!r}"
            raise UnknownMetricError(f"{error}; of cells, expected {cells}") from None
    true, predicted = place
    return Metric(str(name), Cell(true, predicted, len(outcomes)), REAL, greater_is_better=true == predicted)


def _place(name: str, outcomes: Sequence[Any], n_classes: int) -> tuple[int, int] | None:
    """Return the row and column of a cell; None for what is no name of one."""
    if name in CELLS:
        if len(outcomes) == 2:
            return CELLS[name]
        raise UnknownMetricError(
            f"{name!r} is a cell of two classes, and there are {len(outcomes)}: name one as {_example(outcomes)!r}, "
            f"the rows of {str(outcomes[0])!r} that are predicted {str(outcomes[1])!r}"
        )
    named = re.fullmatch(r"cell\[(.*)\]", name, flags=re.DOTALL)
    if named is None:
        return None
    words = [str(outcome).strip() for outcome in outcomes]
    found = [
        (true, predicted)
        for comma in re.finditer(",", named[1])
        for true, word in enumerate(words[:n_classes])
        if word == named[1][: comma.start()].strip()
        for predicted, other in enumerate(words)
        if other == named[1][comma.end() :].strip()
    ]
    if len(found) != 1:
        trouble = f"more than one such cell ({len(found)})" if found else "no such cell"
        shown = ", ".join(map(repr, words[:20]))
        raise UnknownMetricError(f"{name!r}: there is {trouble}; expected cell[true, predicted] of the labels {shown}")
    return found[0]


def _example(outcomes: Sequence[Any]) -> str:
    return f"cell[{outcomes[0]}, {outcomes[1]}]"
