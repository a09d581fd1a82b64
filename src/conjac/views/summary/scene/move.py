"""What may be moved beside the slider, where Python recomputes: `Move`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Literal

from conjac.errors import InvalidInputError
from conjac.models.settings import is_number

LARGEST = sys.float_info.max


@dataclass(frozen=True)
class Move:
    """One number that Python moves, and then scores the rows again.

    Attributes
    ----------
    name : str
        Such as "drift[age]" or "C"; no two moves share one.
    title : str
        As people call it.
    kind : {"drift", "hyper", "offset"}
    low, high : float
        How far it goes.
    value : float
        Where it stands.
    unit : str
        What 1 of it is; empty where its name says it.
    log : bool
        Whether a slider goes by its logarithm.
    whole : bool
        Whether it takes whole numbers alone.

    Examples
    --------
    >>> Move("max_depth", "max_depth", "hyper", 1, 16, 4, "", whole=True).read(7.6)
    8.0
    """

    name: str
    title: str
    kind: Literal["drift", "hyper", "offset"]
    low: float
    high: float
    value: float
    unit: str
    log: bool = False
    whole: bool = False

    def read(self, told: Any) -> float:
        """Return a value that was asked for, no farther than the move goes.

        Raises
        ------
        InvalidInputError
            No finite number.
        """
        if not (is_number(told) and abs(told) <= LARGEST):
            raise InvalidInputError(f"moves[{self.name!r}] is {told!r:.40}; expected a finite number")
        value = min(max(float(told), self.low), self.high)
        return float(round(value)) if self.whole else value
