"""What single training rows do to a figure: the strongest, as figures and as a ranking."""

from __future__ import annotations

from dataclasses import dataclass, replace

from conjac.influence import InfluentialRows
from conjac.views.summary.measure import Measure, clean
from conjac.views.summary.ranking import SHOWN, Bar, Ranking

CHANGES = {
    "weight": "change per unit of weight",
    "removed": "change if left out",
    "relabelled": "change if relabelled",
}


@dataclass(frozen=True)
class TrainingRow:
    """What one training row does to the chosen metric.

    Attributes
    ----------
    row : int
        Its place among the training rows, from 0.
    label, other : str
        Its label, and the one that the model finds likeliest after it.
    change : Measure
    share : float
        Of what all training rows do.
    """

    row: int
    label: str
    other: str
    change: Measure
    share: float


@dataclass(frozen=True)
class Way:
    """The training rows that do the most in one way.

    Attributes
    ----------
    by : {"weight", "removed", "relabelled"}
    share : float
        Of what all training rows do, by those listed.
    rows : tuple of TrainingRow
        The strongest first.
    left_out : int
        How many more there are.
    """

    by: str
    share: float
    rows: tuple[TrainingRow, ...]
    left_out: int

    @classmethod
    def of(cls, found: InfluentialRows, by: str, level: float, shown: int = SHOWN) -> Way:
        """Take the strongest rows.

        Raises
        ------
        InvalidInputError
            Another kind.
        """
        effect, share, places = found.effect(by), found.share(by), found.top(shown, by).tolist()
        lower, upper = found.confint(by, level)
        rows = tuple(
            TrainingRow(
                row=place,
                label=clean(found.label[place]),
                other=clean(found.other[place]),
                change=Measure(float(effect.value[place]), float(lower[place]), float(upper[place])),
                share=float(share[place]),
            )
            for place in places
        )
        return cls(by, float(share[places].sum()), rows, len(found.label) - len(rows))

    def ranked(self, metric_title: str, level: float) -> Ranking:
        """Return the rows as a picture; ``level`` is that of their intervals."""
        bars = [
            Bar(f"row {one.row}: {one.label}" + (f" → {one.other}" if self.by == "relabelled" else ""), one.change)
            for one in self.rows
        ]
        ranking = Ranking.of(bars, f"{metric_title} by single training rows", CHANGES[self.by], len(bars))
        alone = f"Each interval is of one row alone: of a thousand, some {1000 * (1 - level):.0f} miss."
        told = f"{ranking.description} Intervals at {level:g}. {alone}"
        return replace(ranking, left_out=self.left_out, caption=alone, description=told)
