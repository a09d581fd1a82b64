"""What each axis of a surface covers: numbers that are given, or a stretch between two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac._typing import FloatArray
from conjac.errors import InvalidInputError
from conjac.reading import as_array, as_float, as_number, refuse_non_finite

WHAT = "{'threshold': [0.2, 0.4, 0.6], 'C': conjac.Between(0.01, 10.0)}"


@dataclass(frozen=True)
class Between:
    """All that lies between two numbers: where an axis of a surface is looked at follows from how the surface bends.

    A class of its own, because a pair of numbers, be it a list or a tuple, is two grid values and nothing else.

    Parameters
    ----------
    low, high : float
        Whole numbers (``Between(1, 16)``) keep a hyper-parameter whole whose present value is whole, or None.

    Raises
    ------
    InvalidInputError
        Ends that are no finite numbers, or not the lower one first.

    Examples
    --------
    >>> Between(0.01, 10.0)
    Between(low=0.01, high=10.0)
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        """Refuse what is no stretch."""
        low, high = (as_number(end, f"Between({self.low!r}, {self.high!r})") for end in (self.low, self.high))
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise InvalidInputError(
                f"Between({self.low!r}, {self.high!r}): expected finite numbers, the lower one first"
            )


@dataclass(frozen=True, eq=False)
class Span:
    """What an axis covers.

    Attributes
    ----------
    values : array of shape (n_values,)
        Increasing: those that are given, or the two ends.
    adaptive : bool
        Whether what lies between the ends is to be chosen.
    whole : bool
        Whether all numbers are given as whole ones.
    """

    values: FloatArray
    adaptive: bool
    whole: bool

    @classmethod
    def of(cls, name: str, told: Any) -> Span:
        """Read what ``over`` tells of one axis.

        Raises
        ------
        InvalidInputError
            No numbers, one alone, or numbers that are not finite or do not increase.
        """
        if isinstance(told, Between):
            ends = (told.low, told.high)
            whole = all(isinstance(end, int | np.integer) and not isinstance(end, bool) for end in ends)
            return cls(np.array(ends, dtype=np.float64), True, whole)
        what = f"over[{name!r}]"
        if isinstance(told, Mapping | str):
            raise InvalidInputError(f"{what}={told!r}: expected increasing numbers, or conjac.Between(low, high)")
        given = as_array(told, what)
        values = as_float(given, what).astype(np.float64)
        if values.ndim != 1 or len(values) < 2:
            raise InvalidInputError(
                f"{what} has shape {values.shape}; expected two or more increasing numbers, or Between(low, high)"
            )
        refuse_non_finite(values, what)
        down = np.flatnonzero(np.diff(values) <= 0)
        if len(down):
            first, second = values[down[0]], values[down[0] + 1]
            raise InvalidInputError(f"{what}: {second:g} follows {first:g}; expected increasing numbers")
        return cls(values, False, given.dtype.kind in "iu")


def read_over(over: Any) -> dict[str, Span]:
    """Return the two axes by name.

    Raises
    ------
    InvalidInputError
        No mapping of two names.
    """
    if not isinstance(over, Mapping):
        raise InvalidInputError(f"over is a {type(over).__name__}; expected a mapping of two names, such as {WHAT}")
    if len(over) != 2:
        raise InvalidInputError(
            f"over names {len(over)} things ({', '.join(map(repr, over))}); a surface is over two, such as {WHAT}; "
            "of one alone, ask conjac.ConfusionCurve or conjac.ConfusionJacobian"
        )
    bad = [name for name in over if not isinstance(name, str)]
    if bad:
        raise InvalidInputError(f"over: {bad[0]!r} is no name; expected names, such as {WHAT}")
    return {name: Span.of(name, told) for name, told in over.items()}
