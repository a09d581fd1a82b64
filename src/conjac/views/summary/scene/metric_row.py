"""One line of the table of metrics: `MetricRow`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from conjac.metrics import Metric
from conjac.views.summary.change import UNDIRECTED
from conjac.views.summary.measure import clean, title_of


@dataclass(frozen=True)
class MetricRow:
    """One metric of the table.

    Attributes
    ----------
    name, title : str
        As conjac calls it, and as people do.
    better : {1, -1, 0}
        Whether more of it is better, or less, or neither.
    place : int
        Of several classes the place of the one that it is of; -1 of all of them.
    """

    name: str
    title: str
    better: int
    place: int = -1

    @classmethod
    def of(cls, row: Metric, place: int = -1) -> Self:
        """Take a metric, and the place of its class."""
        better = 0 if row.name in UNDIRECTED else 1 if row.greater_is_better else -1
        return cls(clean(row.name), title_of(row.name), better, place)
