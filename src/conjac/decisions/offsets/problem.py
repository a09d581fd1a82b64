"""What is decided: rows of several classes, the form of the rule, and how its cells move."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np

from conjac._typing import FloatArray
from conjac.decisions.along import LOSS
from conjac.decisions.decision import Decision
from conjac.decisions.offsets.interval import Located, Moving, OffsetLimits
from conjac.decisions.offsets.line import merit_along
from conjac.decisions.offsets.objective import Objective
from conjac.decisions.offsets.sample import Sample
from conjac.inference import Cells
from conjac.metrics import Metric
from conjac.metrics.rejection import resolve_outcomes
from conjac.readonly import ReadOnly, locked
from conjac.rules import ArgmaxRule, outcomes_of
from conjac.validation import ClassPredictions

DRIFTS = np.linspace(-4, 4, 801)
"""Shifts of one offset at which flatness is looked for."""


@dataclass(frozen=True, eq=False)
class Problem:
    """Rows to decide for.

    Attributes
    ----------
    rows : ClassPredictions
    rule : ArgmaxRule
        The form of the rule; its offsets are those that a search starts from.
    counting, moving : callable
        From a rule to its cells on these rows, and to its cells and fluxes.
    steady : callable
        As ``moving``, but with wider kernels: for optima, and the curvature there.
    as_asked : bool
        Whether the scale was named.
    """

    rows: ClassPredictions
    rule: ArgmaxRule
    counting: Callable[[ArgmaxRule], Cells]
    moving: Moving
    steady: Moving
    as_asked: bool = False

    @property
    def scales(self) -> list[Problem]:
        """The same with what is added to: logarithms of probabilities or, unless these are asked for, themselves."""
        if self.rule.scale == "score" or self.as_asked:
            return [self]
        reading = replace(self.rows.reading, scale="score")
        other = replace(self.rule, scale="score")
        return [self, replace(self, rule=other, rows=replace(self.rows, reading=reading))]

    @cached_property
    def sample(self) -> Sample:
        """The rows, for a search."""
        return Sample.of(self.rule, self.rows.true, self.rows.score, self.rows.weight)

    @property
    def outcomes(self) -> list[Any]:
        """What may be predicted."""
        return outcomes_of(self.rows.labels, self.rule.n_columns)

    def metric(self, name: str | Metric) -> Metric:
        """Find a metric of the rule's outcomes."""
        return resolve_outcomes(name, self.outcomes, len(self.rows.labels))

    def counted(self, offsets: FloatArray) -> FloatArray:
        """Return the confusion matrix at offsets, array of shape (n_columns, n_columns)."""
        return self.sample.at(offsets / self.sample.step)

    def decide(
        self,
        offsets: FloatArray,
        row: Metric,
        kind: Literal["target", "argmax"],
        located: Callable[[], Located],
        diagnostics: Mapping[str, Any],
        objective: Objective | None = None,
    ) -> Decision:
        """Return the decision at offsets, less the first's; an objective's constraints end the flatness."""
        rule = self.rule.at(offsets)
        cells = self.counting(rule)
        return Decision.of(
            row,
            cells,
            rule=rule,
            labels=self.rows.labels,
            threshold=np.nan,
            coordinate=rule.scale,
            kind=kind,
            diagnostics=ReadOnly(diagnostics),
            _flatness=partial(self._flatness, rule.offsets, row, objective or Objective(row)),
            _reading=self.rows.reading,
            _limits=OffsetLimits(located, cells.df),
            _motion=partial(self.moving, rule),
        )

    def _flatness(self, offsets: FloatArray, row: Metric, objective: Objective) -> dict[str, Any]:
        """Return how far each offset may go alone till the metric loses ``tolerance`` or a bound is missed."""
        sample, objective = self.sample, replace(objective, scale=1.0)
        lower, upper = np.full((2, len(offsets)), np.inf)
        tolerance = LOSS
        middle = len(DRIFTS) // 2
        offsets = offsets / sample.step
        for k, offset in enumerate(offsets):
            found = merit_along(sample, offsets, k, offset + DRIFTS, objective.merit)
            tolerance = LOSS if np.isfinite(row.domain.upper) else LOSS * abs(float(found[middle]))
            worse = np.flatnonzero(found < found[middle] - tolerance)
            below, above = worse[worse < middle], worse[worse > middle]
            lower[k] = -DRIFTS[below[-1]] if len(below) else np.inf
            upper[k] = DRIFTS[above[0]] if len(above) else np.inf
        return {"lower": locked(lower * sample.step), "upper": locked(upper * sample.step), "tolerance": tolerance}
