"""Which cut-offs meet the constraints, and the best of those that do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from conjac._typing import FloatArray
from conjac.decisions.along import Curve
from conjac.decisions.constraints import Constraint
from conjac.errors import InfeasibleError
from conjac.inference import metric_interval

AT_ONCE = 2**14


@dataclass(frozen=True, eq=False)
class Feasible:
    """Constraints along the cut-offs of a curve.

    Attributes
    ----------
    constraints : sequence of Constraint
    cutoffs : array of shape (n_cutoffs,)
    told : array of shape (n_cutoffs,)
        The cut-offs in the curve's unit.
    judged : array of shape (n_constraints, n_cutoffs)
        What each constraint is judged on: the metric, or its one-sided limit.
    confidence : float or None
    """

    constraints: Sequence[Constraint]
    cutoffs: FloatArray
    told: FloatArray
    judged: FloatArray
    confidence: float | None

    @classmethod
    def of(
        cls, curve: Curve, cutoffs: FloatArray, constraints: Sequence[Constraint], confidence: float | None
    ) -> Feasible:
        """Judge the constraints at every cut-off."""
        judged = [_judge(c, curve, cutoffs, confidence) for c in constraints]
        return cls(constraints, cutoffs, curve.told(cutoffs), np.array(judged).reshape(-1, len(cutoffs)), confidence)

    @property
    def shortfall(self) -> FloatArray:
        """By how much each cut-off misses the constraints in all; 0 where it meets them."""
        missed = [c.shortfall(values) for c, values in zip(self.constraints, self.judged, strict=True)]
        return np.asarray(sum(missed, np.zeros(len(self.cutoffs))))

    def best(self, gain: FloatArray) -> int:
        """Return the index of the largest gain among feasible cut-offs; of equals, the highest threshold.

        Raises
        ------
        InfeasibleError
            No cut-off meets the constraints with a defined gain.
        """
        feasible = (self.shortfall <= 0) & ~np.isnan(gain)
        if not feasible.any():
            raise self._refusal(int(np.argmin(self.shortfall)))
        candidates = np.where(feasible, gain, -np.inf)
        return int(np.flatnonzero(candidates == candidates.max())[-1])

    def binding(self, at: int) -> list[Constraint]:
        """Return the constraints that a step to either side of a cut-off would break."""
        beside = [max(at - 1, 0), min(at + 1, len(self.cutoffs) - 1)]
        return [
            c
            for c, values in zip(self.constraints, self.judged, strict=True)
            if (c.shortfall(values[beside]) > 0).any()
        ]

    def _refusal(self, at: int) -> InfeasibleError:
        surely = "" if self.confidence is None else f" with confidence {self.confidence:g}"
        limit = "" if self.confidence is None else "limit of "
        nearest = {"threshold": float(self.told[at])}
        nearest |= {
            limit + c.metric.name: float(values[at]) for c, values in zip(self.constraints, self.judged, strict=True)
        }
        reached = ", ".join(f"{name} {value:.6g}" for name, value in nearest.items())
        asked = " and ".join(map(str, self.constraints)) or "a defined value of the metric"
        return InfeasibleError(
            f"no threshold meets {asked}{surely}; the nearest has {reached}; relax the bound", nearest
        )


def _judge(constraint: Constraint, curve: Curve, cutoffs: FloatArray, confidence: float | None) -> FloatArray:
    if confidence is None:
        return np.asarray(constraint.metric.value(curve.weight_at_score(cutoffs)))
    level = 2 * confidence - 1  # a one-sided limit at c is a two-sided one at 2c - 1
    parts = [
        constraint.side(metric_interval(constraint.metric, curve.cells_at_score(some), level))
        for some in np.array_split(cutoffs, 1 + len(cutoffs) // AT_ONCE)
    ]
    return np.concatenate(parts)
