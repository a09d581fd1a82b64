"""What several things do to one figure, the strongest first, each with its interval: `Ranking`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from conjac.views.summary.measure import Measure, said
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
        What to know of it; a name with a note is marked.
    told_apart : bool
        Whether it is told apart from zero. Default: whether its own interval lies on one side of zero; what is judged
        together with others says so itself.
    figures : tuple of (str, float)
        What else there is to tell, by name: on hovering, and in the table.
    """

    name: str
    change: Measure
    note: str = ""
    told_apart: bool | None = None
    figures: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        """Judge by its own interval what was not judged otherwise."""
        if self.told_apart is None:
            object.__setattr__(self, "told_apart", self.change.sign != 0)


@dataclass(frozen=True, kw_only=True)
class Ranking(Picture):
    """What several things do to one figure.

    Attributes
    ----------
    bars : tuple of Bar
        The strongest first; of figures that have no common measure, in their own order.
    unit : str
        Of the changes, and the label of their axis.
    left_out : int
        How many more there are.
    words : tuple of (str, str)
        What bars that are told apart from zero are called, and what those that are not.
    caption : str
        What to know of all bars, written beneath them.
    """

    schema: ClassVar[str] = "conjac.ranking/1"
    bars: tuple[Bar, ...]
    unit: str
    left_out: int = 0
    words: tuple[str, str] = ("told apart from 0", "not told apart from 0")
    caption: str = ""

    @classmethod
    def of(cls, ranked: Sequence[Ranked], title: str, unit: str, shown: int = SHOWN) -> Ranking:
        """Take the first of what is ranked already.

        Examples
        --------
        >>> Ranking.of([Bar("age", Measure(0.2, 0.1, 0.3))], "Recall by a drift", "change per 1 sd").description
        'Strongest: age, +0.2 [+0.1, +0.3].'
        """
        bars = tuple(one if isinstance(one, Bar) else Bar(one.name, one.change, one.note) for one in ranked[:shown])
        told = f"Strongest: {bars[0].name}, {said(bars[0].change)}." if bars else "Nothing is ranked."
        return cls(title=title, description=told, bars=bars, unit=unit, left_out=max(0, len(ranked) - shown))

    def to_columns(self) -> dict[str, list[Any]]:
        """Return one row a bar: its name, its change with its limits, what else there is to tell, and its note."""
        others = [name for name, _ in self.bars[0].figures] if self.bars else []
        return {
            "name": [one.name for one in self.bars],
            **{side: [getattr(one.change, side) for one in self.bars] for side in ("value", "lower", "upper")},
            "unit": [self.unit] * len(self.bars),
            **{name: [dict(one.figures)[name] for one in self.bars] for name in others},
            self.words[0]: [one.told_apart for one in self.bars],
            "note": [one.note for one in self.bars],
        }


def first_of(shown: int, left_out: int) -> str:
    """Say how many of how many are shown; nothing where all are.

    Examples
    --------
    >>> first_of(20, 0), first_of(20, 300)
    ('', 'The first 20 of 320.')
    """
    return f"The first {shown:,} of {shown + left_out:,}." if left_out else ""
