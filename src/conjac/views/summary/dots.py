"""One figure of each of several things, on a common axis, each with its interval: `Dots`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from conjac.views.summary.measure import NAN, Measure, said
from conjac.views.summary.picture import Picture


@dataclass(frozen=True)
class Dot:
    """One of several.

    Attributes
    ----------
    name : str
    figure : Measure
    told_apart : bool or None
        Whether it differs from the others beyond noise; None where that was not asked.
    note : str
        What to know of it; often nothing.
    """

    name: str
    figure: Measure
    told_apart: bool | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Dots(Picture):
    """One figure of each of several things.

    Attributes
    ----------
    dots : tuple of Dot
        From the top down.
    unit : str
        Label of the axis.
    reference : float
        Where a line is drawn, such as the figure of all together; nan for none.
    reference_name : str
    left_out : int
        How many more there are.
    """

    schema: ClassVar[str] = "conjac.dots/1"
    dots: tuple[Dot, ...]
    unit: str
    reference: float = NAN
    reference_name: str = ""
    left_out: int = 0

    @classmethod
    def of(
        cls,
        dots: Sequence[Dot],
        title: str,
        unit: str,
        reference: float = NAN,
        reference_name: str = "",
        left_out: int = 0,
    ) -> Dots:
        """Sort by the figure, the largest first; what is undefined comes last.

        Examples
        --------
        >>> a, b = Dot("a", Measure(0.5, 0.4, 0.6)), Dot("b", Measure(0.9, 0.8, 0.95))
        >>> Dots.of([a, b], "Recall by class", "recall").description
        'From b, 0.9 [0.8, 0.95], down to a, 0.5 [0.4, 0.6].'
        """
        ranked = tuple(sorted(dots, key=lambda one: (one.figure.value != one.figure.value, -one.figure.value)))
        known = [one for one in ranked if one.figure.value == one.figure.value]
        told = "No figure is defined here."
        if known:
            ends = known[:1] if len(known) == 1 else (known[0], known[-1])
            told = "From " + ", down to ".join(f"{one.name}, {said(one.figure, signed=False)}" for one in ends) + "."
        apart = sum(one.told_apart is True for one in ranked)
        if any(one.told_apart is not None for one in ranked):
            told += f" {apart} of {len(ranked)} differ beyond noise."
        return cls(
            title=title,
            description=told,
            dots=ranked,
            unit=unit,
            reference=reference,
            reference_name=reference_name,
            left_out=left_out,
        )

    def to_columns(self) -> dict[str, list[Any]]:
        """Return one row a dot: its name, its figure with its limits, and what to know of it."""
        return {
            "name": [one.name for one in self.dots],
            **{side: [getattr(one.figure, side) for one in self.dots] for side in ("value", "lower", "upper")},
            "unit": [self.unit] * len(self.dots),
            "told_apart": [one.told_apart for one in self.dots],
            "note": [one.note for one in self.dots],
        }
