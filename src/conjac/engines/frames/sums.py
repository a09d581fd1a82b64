"""The sums that leave an engine: those of rows with a fault, and those of each group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from conjac._typing import AnyArray, IntArray
from conjac.engines.frames.blocks import folded
from conjac.engines.frames.columns import Columns
from conjac.engines.frames.opened import Frame


class Checked(Protocol):
    """How a frame's rows are checked."""

    @property
    def columns(self) -> Columns:
        """Which columns have which role."""
        ...

    def checked(self, frame: Frame) -> Frame:
        """Return columns by role, with "true": the class's index, or less than 0 of a fault."""
        ...


@dataclass(frozen=True, eq=False)
class Sums:
    """The sums of a frame's rows.

    Attributes
    ----------
    sums : mapping of str to array
        With "true" and "rows", and "by", "groups" or "block" where they are asked for.
    """

    sums: Mapping[str, Any]

    @cached_property
    def valid(self) -> AnyArray:
        """Which sums are of rows without a fault."""
        return np.asarray(self.sums["true"]) >= 0

    def set_aside(self, reasons: list[str]) -> dict[str, int]:
        """Return the number of rows by their fault."""
        fault, rows = (np.asarray(self.sums[name])[~self.valid].astype(np.intp) for name in ("true", "rows"))
        counts = np.bincount(-fault, rows, len(reasons) + 1).astype(int)
        return {reason: int(n) for reason, n in zip(reasons, counts[1:], strict=True) if n}

    def groups(self) -> Iterator[tuple[Any, IntArray]]:
        """Yield each group's name, sorted, with the places of its sums among the valid; None and all without groups."""
        if "by" not in self.sums:
            yield None, np.arange(int(self.valid.sum()))
            return
        places: defaultdict[Any, list[int]] = defaultdict(list)
        for place, name in enumerate(self._keys("by")):
            places[name].append(place)
        for name in sorted(places):
            yield name, np.array(places[name], dtype=np.intp)

    def n_keys(self, places: IntArray) -> int:
        """Return the number of clusters of some of the valid sums, whose keys were kept."""
        return len({self._clusters[place] for place in places.tolist()})

    def of(self, name: str) -> AnyArray:
        """Return a column, of the valid sums."""
        return np.asarray(self.sums[name])[self.valid]

    @property
    def clustered(self) -> bool:
        """Whether rows come in clusters."""
        return "block" in self.sums or "groups" in self.sums

    @property
    def blocks(self) -> IntArray:
        """Block of each of the valid sums."""
        return self.of("block") if "block" in self.sums else folded(self._clusters)

    @cached_property
    def _clusters(self) -> list[Any]:
        return self._keys("groups")

    def _keys(self, name: str) -> list[Any]:
        return [key for key, valid in zip(self.sums[name], self.valid, strict=True) if valid]
