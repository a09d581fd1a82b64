"""What several things do to one figure, the strongest first, each with its interval: `Ranking`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from conjac.views.summary.measure import Measure
from conjac.views.summary.picture import Picture

SHOWN = 20
"""Bars in a picture, at most."""


class Ranked(Protocol):
    """Anything with a name, a change and a note."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def change(self) -> Measure:
        """What it does."""

    @property
    def note(self) -> str:
        """What to know of it; often nothing."""


@dataclass(frozen=True)
class Bar:
    """One of a ranking.

    Attributes
    ----------
    name : str
    change : Measure
    note : str
    told_apart : bool or None
        Whether the change is beyond noise; None: where its interval lies on one side of zero.
    """

    name: str
    change: Measure
    note: str = ""
    told_apart: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Ranking(Picture):
    """What several things do to one figure.

    Attributes
    ----------
    bars : tuple of Bar
        The strongest first.
    unit : str
        Of the changes, and the label of their axis.
    left_out : int
        How many more there are, which do less.
    """

    schema: ClassVar[str] = "conjac.ranking/1"
    bars: tuple[Bar, ...]
    unit: str
    left_out: int = 0

    @classmethod
    def of(cls, ranked: Sequence[Ranked], title: str, unit: str, shown: int = SHOWN) -> Ranking:
        """Take the first of what is ranked already.

        Examples
        --------
        >>> Ranking.of([Bar("age", Measure(0.2, 0.1, 0.3))], "Recall by a drift", "change per 1 sd").description
        'Strongest: age, +0.2 [+0.1, +0.3].'
        """
        bars = tuple(one if isinstance(one, Bar) else Bar(one.name, one.change, one.note) for one in ranked[:shown])
        told = "Nothing is ranked."
        if bars:
            first = bars[0].change
            told = f"Strongest: {bars[0].name}, {first.value:+.3g} [{first.lower:+.3g}, {first.upper:+.3g}]."
        return cls(title=title, description=told, bars=bars, unit=unit, left_out=max(0, len(ranked) - shown))

    def to_columns(self) -> dict[str, list[Any]]:
        """Return one row a bar: its name, its change with its limits, and its note."""
        return {
            "name": [one.name for one in self.bars],
            **{side: [getattr(one.change, side) for one in self.bars] for side in ("value", "lower", "upper")},
            "unit": [self.unit] * len(self.bars),
            "note": [one.note for one in self.bars],
        }
