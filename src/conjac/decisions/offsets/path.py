"""The rising offset of one class, all others held: decisions along which a trade-off is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from conjac._typing import FloatArray
from conjac.decisions.charted import MetricBand, estimate
from conjac.decisions.offsets.front import OffsetFront
from conjac.decisions.offsets.line import Line
from conjac.decisions.offsets.others import all_but
from conjac.decisions.offsets.problem import Problem
from conjac.decisions.offsets.trace import N_POINTS, traced
from conjac.decisions.path import Followed
from conjac.errors import InvalidInputError
from conjac.inference import Cells, Estimate, metric_stderr
from conjac.metrics import Metric
from conjac.metrics.cells import figure
from conjac.motion import Pair
from conjac.rules import ArgmaxRule, outcomes_of

GRID = 41
"""Values at which a trade-off is told where none are named, evenly by the rank of the rows that turn there."""


@dataclass(frozen=True, eq=False)
class OffsetPath:
    """A rising offset; see `conjac.decisions.path.Path`.

    Attributes
    ----------
    problem : Problem
        Its rule's offsets are those that are held.
    place : int
        Of the offset that moves.
    """

    problem: Problem
    place: int

    @classmethod
    def of(cls, problem: Problem, rule: ArgmaxRule, along: Any) -> Self:
        """Find the offset that moves.

        Parameters
        ----------
        problem : Problem
        rule : ArgmaxRule
            With the offsets that are held.
        along : label

        Raises
        ------
        InvalidInputError
            No class of that name, or none named.
        """
        outcomes = outcomes_of(problem.rows.labels, rule.n_columns)
        places = [k for k, outcome in enumerate(outcomes) if str(outcome) == str(along)]
        if along is None or len(places) != 1:
            shown = ", ".join(repr(str(outcome)) for outcome in outcomes[:20])
            raise InvalidInputError(f"along={along!r}: name the class whose offset moves, one of {shown}")
        return cls(replace(problem, rule=rule), places[0])

    @property
    def parameter(self) -> str:
        """See `Path`."""
        return f"offset[{self._outcomes[self.place]}]"

    @property
    def coordinate(self) -> str:
        """Return that of what offsets are added to: "logit" of probabilities, else "score"."""
        return self.problem.rule.scale

    @property
    def notes(self) -> Mapping[str, Any]:
        """See `Path`."""
        offsets = zip(self._outcomes, self.problem.rule.offsets, strict=True)
        held = {str(outcome): float(b) for k, (outcome, b) in enumerate(offsets) if k != self.place}
        return {"held": held, "front": "of all offsets, searched for where it is asked for; see conjac.pareto_front"}

    @property
    def _outcomes(self) -> list[Any]:
        return outcomes_of(self.problem.rows.labels, self.problem.rule.n_columns)

    def figure(self, name: str | Metric) -> Metric:
        """See `Path`."""
        return figure(name, self._outcomes, len(self.problem.rows.labels))

    def grid(self) -> FloatArray:
        """See `Path`."""
        sample = self.problem.sample
        held = self.problem.rule.offsets / sample.step
        needed = np.sort(Line.of(sample, all_but(sample.compared + held[:, None], self.place), self.place).needed)
        ranks = (np.arange(GRID) + 0.5) / GRID * len(needed)
        return np.unique(needed[ranks.astype(np.intp)] * sample.step)

    def followed(self, rows: tuple[Metric, Metric], values: FloatArray) -> Followed:
        """See `Path`; one value's facets are held at a time."""
        cells, pairs = [], []
        for value in values:
            offsets = self.problem.rule.offsets.copy()
            offsets[self.place] = value
            motion = self.problem.moving(self.problem.rule.at(offsets))
            cells.append(motion.counted)
            pairs.append(Pair.of(rows, motion).at(slice(self.place, self.place + 1)))
        joined = Cells.joined(cells)
        return Followed((_value(rows[0], joined), _value(rows[1], joined)), Pair.joined(pairs))

    def front(self, first: Metric, second: Metric) -> OffsetFront:
        """See `Path`."""
        return traced(self.problem, first, second, N_POINTS)


def _value(row: Metric, cells: Cells) -> Estimate:
    return estimate(np.asarray(row.value(cells.weight)), metric_stderr(row, cells), MetricBand(row, cells))
