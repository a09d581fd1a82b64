"""Decisions one after another as one number moves, a threshold or an offset: what a trade-off is told along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from conjac._typing import FloatArray
from conjac.decisions.charted import Charted, value_at
from conjac.decisions.front import Front
from conjac.decisions.offsets.front import OffsetFront
from conjac.inference import Estimate
from conjac.metrics import Metric
from conjac.metrics.cells import figure
from conjac.motion import Pair

GRID = 101
"""Cut-offs at which a trade-off is told where no thresholds are named, evenly by rank."""


class Followed(NamedTuple):
    """Two figures along a path.

    Attributes
    ----------
    values : tuple of two Estimate
    pair : Pair
        Their slopes.
    """

    values: tuple[Estimate, Estimate]
    pair: Pair


class Path(Protocol):
    """Decisions one after another as one number moves."""

    @property
    def parameter(self) -> str:
        """What moves: "threshold", or "offset[label]"."""
        ...

    @property
    def coordinate(self) -> str:
        """In which unit."""
        ...

    @property
    def notes(self) -> Mapping[str, Any]:
        """What a result should say of the path."""
        ...

    def figure(self, name: str | Metric) -> Metric:
        """Return a metric or a cell by its name."""
        ...

    def grid(self) -> FloatArray:
        """Return values where none are named, ascending."""
        ...

    def followed(self, rows: tuple[Metric, Metric], values: FloatArray) -> Followed:
        """Measure two figures at values of the parameter."""
        ...

    def front(self, first: Metric, second: Metric) -> Front | OffsetFront:
        """Return the decisions, on the path or beside it, that no other beats in both."""
        ...


@dataclass(frozen=True, eq=False)
class ThresholdPath:
    """A rising threshold of two classes; see `Path`."""

    curve: Charted
    parameter: str = "threshold"

    @property
    def coordinate(self) -> str:
        """Return the curve's."""
        return self.curve.unit.name

    @property
    def notes(self) -> Mapping[str, Any]:
        """See `Path`."""
        return {"front": "told on the rows it was chosen on: optimistic", "n_cutoffs": len(self.curve.cutoffs())}

    def figure(self, name: str | Metric) -> Metric:
        """See `Path`."""
        return figure(name, self.curve.labels, 2)

    def grid(self) -> FloatArray:
        """See `Path`."""
        alerting = self.curve.cutoffs()[:-1]
        ranks = np.linspace(0, len(alerting) - 1, min(GRID, len(alerting))).astype(np.intp)
        return np.sort(self.curve.told(alerting[ranks]))

    def followed(self, rows: tuple[Metric, Metric], values: FloatArray) -> Followed:
        """See `Path`."""
        first, second = (value_at(self.curve, row, values) for row in rows)
        return Followed((first, second), Pair.of(rows, self.curve.motion_at(values)))

    def front(self, first: Metric, second: Metric) -> Front:
        """See `Path`."""
        return Front.of(self.curve, first, second)
