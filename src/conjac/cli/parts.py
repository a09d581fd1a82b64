"""The rows of one group, or all of them, or their sums, and what is said of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac._typing import CoordinateName, IntArray
from conjac.cli.messages import say
from conjac.curve import ConfusionCurve
from conjac.engines.files import Columns
from conjac.inputs import Inputs
from conjac.jacobian import ConfusionJacobian
from conjac.perturbations import Mix
from conjac.validation import ClassPredictions, Predictions


@dataclass(frozen=True)
class Group(ABC):
    """One group of the rows in files, or all of them.

    Attributes
    ----------
    by : str or None
        Name of the column that groups.
    group : value of that column
    """

    by: str | None
    group: Any

    @property
    @abstractmethod
    def labels(self) -> tuple[Any, ...]:
        """In the order of the matrix."""

    @property
    @abstractmethod
    def counted(self) -> IntArray:
        """How many rows each class has, array of shape (n_classes,)."""

    @property
    def title(self) -> str:
        """Return what to put before a message: ``region='north'``, or nothing."""
        return "" if self.by is None else f"{self.by}={self.group!r}"

    @property
    def one_class(self) -> bool:
        """Whether rows of one class only are here."""
        return int((self.counted > 0).sum()) == 1

    def say_absent(self) -> None:
        """Say which classes no row is of."""
        counted = self.counted
        absent = ", ".join(repr(label) for label, n in zip(self.labels, counted, strict=True) if not n)
        if absent and len(counted) == 2:
            self.say(f"one class only, no row is {absent}; figures that need both are nan")
        elif absent:
            self.say(f"no row is {absent}; figures of such rows are nan or 0")

    def say(self, message: str) -> None:
        """Warn of these rows on standard error."""
        say(f"warning: {self.title}{': ' if self.title else ''}{message}")


@dataclass(frozen=True)
class Part(Group):
    """Rows, in memory.

    Attributes
    ----------
    rows : Predictions or ClassPredictions
        Of a score, or of a score a class.
    columns : Columns
        The same rows as they were read.
    inputs : Inputs or None
        What a model scored.
    """

    rows: Predictions | ClassPredictions
    columns: Columns
    inputs: Inputs | None = None

    @property
    def labels(self) -> tuple[Any, ...]:
        """In the order of the matrix."""
        return self.rows.labels

    @property
    def counted(self) -> IntArray:
        """How many rows each class has, array of shape (n_classes,)."""
        return np.bincount(self.rows.true, minlength=len(self.rows.labels))


@dataclass(frozen=True)
class Sums(Group):
    """Rows of two classes that were summed as they were read.

    Attributes
    ----------
    curve : ConfusionCurve
    """

    curve: ConfusionCurve

    @property
    def labels(self) -> tuple[Any, ...]:
        """In the order of the matrix."""
        return self.curve.labels

    @property
    def counted(self) -> IntArray:
        """How many rows each class has, array of shape (2,)."""
        tally = self.curve.tally
        return np.bincount(tally.keys[:, 0], tally.rows, minlength=2).astype(np.intp)


@dataclass(frozen=True)
class Loaded:
    """All parts, and what was left out.

    Attributes
    ----------
    whole : Part
        All rows.
    parts : list of Part
        Sorted by group; all rows as one where nothing groups them.
    coordinate : str or None
        As asked; of thresholds in groups one for all of them, whatever the range of a group's scores.
    n_read : int
    set_aside : dict
        Reason to count.
    """

    whole: Part
    parts: list[Part]
    coordinate: CoordinateName | None
    n_read: int
    set_aside: dict[str, int]


@dataclass(frozen=True)
class Summed:
    """The sums of all parts, and what was left out.

    Attributes
    ----------
    parts : list of Sums
        Sorted by group; all rows as one where nothing groups them.
    coordinate, n_read, set_aside
        As of `Loaded`.
    """

    parts: list[Sums]
    coordinate: CoordinateName | None
    n_read: int
    set_aside: dict[str, int]


def estimated(part: Part, mix: Mix | None = None, **how: Any) -> ConfusionJacobian:
    """Return the Jacobian of a part's rows, under a threshold or under offsets."""
    if isinstance(part.rows, ClassPredictions):
        return ConfusionJacobian.from_classes(part.rows, mix=mix, **how)
    return ConfusionJacobian.from_rows(part.rows, mix=mix, **how)
