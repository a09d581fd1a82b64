"""What training rows do to a figure, as a ranking."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conjac.influence import InfluentialRows
from conjac.views.summary.measure import Measure, clean, title_of
from conjac.views.summary.ranking import Bar, Ranking

UNITS = {
    "weight": "change per unit of weight",
    "removed": "change if left out",
    "relabelled": "change if relabelled",
}


def ranked_rows(found: InfluentialRows, by: str, shown: int, level: float) -> Ranking:
    """Return the training rows that move a figure the most.

    Parameters
    ----------
    found : InfluentialRows
    by : {"weight", "removed", "relabelled"}
    shown : int
        Bars, at most.
    level : float
        Of the intervals.

    Raises
    ------
    InvalidInputError
        Another kind.
    """
    effect, limits = found.effect(by), found.confint(by, level)
    rows = found.top(shown, by)
    bars = [
        Bar(
            _called(row, found.label[row], found.other[row] if by == "relabelled" else None),
            Measure(float(effect.value[row]), float(limits.lower[row]), float(limits.upper[row])),
        )
        for row in rows.tolist()
    ]
    ranking = Ranking.of(bars, f"{title_of(found.metric)} by single training rows", UNITS[by])
    alone = f"Each interval is of one row alone: of a thousand, some {1000 * (1 - level):.0f} miss."
    return replace(
        ranking,
        left_out=len(effect.value) - len(bars),
        caption=alone,
        description=f"{ranking.description} Intervals at {level:g}. {alone}",
    )


def _called(row: int, label: Any, other: Any) -> str:
    return clean(f"row {row}: {label}" if other is None else f"row {row}: {label} → {other}")
