"""Several figures of several things, each with its interval, and not around zero: `Profile`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from conjac.views.summary.measure import Measure, said
from conjac.views.summary.picture import Picture

SHOWN = 30
"""Things in a picture, at most."""


@dataclass(frozen=True, kw_only=True)
class Profile(Picture):
    """Several figures of several things.

    Attributes
    ----------
    names : tuple of str
        Of the things, from the top.
    series : tuple of (str, tuple of Measure)
        What is told, and its figure for each thing.
    unit : str
        The label of the axis.
    left_out : int
        How many more things there are.
    """

    schema: ClassVar[str] = "conjac.profile/1"
    names: tuple[str, ...]
    series: tuple[tuple[str, tuple[Measure, ...]], ...]
    unit: str
    left_out: int = 0

    @classmethod
    def of(
        cls, names: Sequence[str], series: Mapping[str, Sequence[Measure]], title: str, unit: str, shown: int = SHOWN
    ) -> Profile:
        """Take the first of what is ranked already.

        Examples
        --------
        >>> Profile.of(["a", "b"], {"recall": [Measure(0.5, 0.4, 0.6), Measure(0.9)]}, "Classes", "share").description
        'At the top: a, recall 0.5 [0.4, 0.6].'
        """
        told = "Nothing is ranked."
        if names:
            first = "; ".join(f"{what} {said(values[0], signed=False)}" for what, values in series.items())
            told = f"At the top: {names[0]}, {first}."
        return cls(
            title=title,
            description=told,
            names=tuple(names[:shown]),
            series=tuple((what, tuple(values[:shown])) for what, values in series.items()),
            unit=unit,
            left_out=max(0, len(names) - shown),
        )

    def to_columns(self) -> dict[str, list[Any]]:
        """Return one row a figure: of what, which, and with its limits."""
        found = [
            (name, what, one) for what, values in self.series for name, one in zip(self.names, values, strict=True)
        ]
        return {
            "name": [name for name, _, _ in found],
            "figure": [what for _, what, _ in found],
            **{side: [getattr(one, side) for _, _, one in found] for side in ("value", "lower", "upper")},
            "unit": [self.unit] * len(found),
        }
