"""What the evaluation of nodes saw on its way, for a surface's diagnostics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from conjac.engines.stationary import caution


@dataclass(eq=False)
class Seen:
    """Methods, troubles, and how far fits were from their optimum.

    Attributes
    ----------
    methods : dict of str to set of str
        How derivatives were made, by axis.
    troubles : dict of str to tuple
        By kind: the first one in words, and at how many nodes there was one.
    newton : float
        By how many of its standard errors a Newton step of a training problem moves a cell, at most.
    """

    methods: dict[str, set[str]]
    troubles: dict[str, tuple[str, int]] = field(default_factory=dict)
    newton: float = 0.0

    def method(self, name: str) -> str:
        """Return the methods that served an axis; "undefined", of ends of a domain, only where nothing else did."""
        told = self.methods[name]
        return ", ".join(sorted(told - {"undefined"} or told))

    def trouble(self, kind: str, told: str, n_nodes: int) -> None:
        """Note what went wrong at some nodes."""
        first, count = self.troubles.get(kind, (told, 0))
        self.troubles[kind] = first, count + n_nodes

    @property
    def cautions(self) -> list[str]:
        """What not to believe, in words."""
        return [*self._told(), *caution(self.newton)]

    def _told(self) -> Iterable[str]:
        return (f"{first}; at {count} node{'s' * (count > 1)}" for first, count in self.troubles.values())
