"""The rows of one group, or all of them, and what is said of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac._typing import CoordinateName
from conjac.cli.messages import say
from conjac.engines.files import Columns
from conjac.inputs import Inputs
from conjac.jacobian import ConfusionJacobian
from conjac.perturbations import Mix
from conjac.validation import ClassPredictions, Predictions


@dataclass(frozen=True)
class Part:
    """The rows of one group, or all of them.

    Attributes
    ----------
    by : str or None
        Name of the column that groups.
    group : value of that column
    rows : Predictions or ClassPredictions
        Of a score, or of a score a class.
    columns : Columns
        The same rows as they were read.
    inputs : Inputs or None
        What a model scored.
    """

    by: str | None
    group: Any
    rows: Predictions | ClassPredictions
    columns: Columns
    inputs: Inputs | None = None

    @property
    def title(self) -> str:
        """Return what to put before a message: ``region='north'``, or nothing."""
        return "" if self.by is None else f"{self.by}={self.group!r}"

    @property
    def one_class(self) -> bool:
        """Whether rows of one class only are here."""
        return bool(self.rows.true.min() == self.rows.true.max())

    def say_absent(self) -> None:
        """Say which classes no row is of."""
        counted = np.bincount(self.rows.true, minlength=len(self.rows.labels))
        absent = ", ".join(repr(label) for label, n in zip(self.rows.labels, counted, strict=True) if not n)
        if absent and len(counted) == 2:
            self.say(f"one class only, no row is {absent}; figures that need both are nan")
        elif absent:
            self.say(f"no row is {absent}; figures of such rows are nan or 0")

    def say(self, message: str) -> None:
        """Warn of these rows on standard error."""
        say(f"warning: {self.title}{': ' if self.title else ''}{message}")


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


def estimated(part: Part, mix: Mix | None = None, **how: Any) -> ConfusionJacobian:
    """Return the Jacobian of a part's rows, under a threshold or under offsets."""
    if isinstance(part.rows, ClassPredictions):
        return ConfusionJacobian.from_classes(part.rows, mix=mix, **how)
    return ConfusionJacobian.from_rows(part.rows, mix=mix, **how)
