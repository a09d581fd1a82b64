"""The threshold at which a metric meets a target: a quantile, with the interval that inverts the metric's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac._typing import AnyArray, BoolArray, FloatArray
from conjac.decisions.along import AT_MOST, Curve, component, decide, flatness, in_order, undefined
from conjac.decisions.constraints import ROUNDING
from conjac.decisions.decision import Decision
from conjac.errors import InfeasibleError, InvalidInputError
from conjac.inference import Interval, metric_interval
from conjac.metrics import Metric, resolve
from conjac.reading import as_number


def solve_threshold(curve: Curve, target: Mapping[str, float]) -> Decision:
    """Return the decision at which one metric meets its target; see `conjac.ConfusionCurve.solve`."""
    if len(target) != 1:
        raise InvalidInputError(
            f"solve takes one metric and its value, such as solve(recall=.95); got {dict(target)}; "
            "for several, use maximize(..., subject_to=...)"
        )
    ((name, aim),) = target.items()
    row = resolve(name, curve.labels)
    aim = as_number(aim, name)
    if aim not in row.domain:
        raise InvalidInputError(f"{name}={aim}: {row.name} lies in [{row.domain.lower:g}, {row.domain.upper:g}]")
    cutoffs = curve.cutoffs()
    weight = curve.weight_at_score(cutoffs)
    value = np.asarray(row.value(weight))
    unknown = undefined(row, weight)
    spare = (value - aim if row.greater_is_better else aim - value) + ROUNDING * max(1.0, abs(aim))
    meets = (spare >= 0) & ~unknown
    if unknown.all():
        nothing = {"threshold": np.nan, row.name: np.nan}
        raise InfeasibleError(f"no threshold reaches {row.name} {aim:g}: it is 0/0 at every one", nothing)
    if not meets.any():
        at = int(np.nanargmin(np.where(unknown, np.nan, np.abs(value - aim))))
        nearest = {"threshold": float(curve.told(cutoffs[at])), row.name: float(value[at])}
        raise InfeasibleError(
            f"no threshold reaches {row.name} {aim:g}; the nearest is {row.name} {value[at]:.6g} "
            f"at {curve.unit.name} {nearest['threshold']:.6g}; lower the target or improve the scores",
            nearest,
        )
    roots = crossings(meets)
    rising = bool(value[~unknown][-1] >= value[~unknown][0])
    first_that_meets, last_that_meets = np.flatnonzero(meets)[[0, -1]]
    wants_high = rising == row.greater_is_better
    at = int(first_that_meets if wants_high else last_that_meets)
    limits = TargetLimits(curve, row, aim, at)
    diagnostics: dict[str, Any] = {
        "target": {row.name: aim},
        "roots": curve.told(cutoffs[roots]).tolist(),
        "interval": "thresholds whose own interval of the metric holds the target",
        "n_cutoffs": len(cutoffs),
    }
    gain = value if row.greater_is_better else -value
    drift = flatness(curve, row, cutoffs, np.where(unknown, np.nan, gain), float(gain[at]), float(cutoffs[at]))
    return decide(curve, row, float(cutoffs[at]), "target", limits, drift, diagnostics)


def crossings(meets: BoolArray) -> AnyArray:
    """Return the indices, on the meeting side, at which a target begins or ceases to be met."""
    change = np.flatnonzero(meets[1:] != meets[:-1])
    return np.where(meets[change], change, change + 1)


@dataclass(frozen=True, eq=False)
class TargetLimits:
    """The thresholds around a root at which the metric's interval holds the target."""

    curve: Curve
    row: Metric
    aim: float
    at: int

    def __call__(self, level: float) -> list[Interval]:
        """Return the limits in the curve's unit."""
        cutoffs = self.curve.cutoffs()
        chosen = np.unique(
            np.append(np.linspace(0, len(cutoffs) - 1, min(AT_MOST, len(cutoffs))).astype(np.intp), self.at)
        )
        scores: FloatArray = cutoffs[chosen]
        limits = metric_interval(self.row, self.curve.cells_at_score(scores), level)
        with np.errstate(invalid="ignore"):
            holds = (limits.lower <= self.aim) & (self.aim <= limits.upper)
        first, last = component(holds, int(np.searchsorted(chosen, self.at)))
        return [in_order(self.curve, float(scores[first]), float(scores[last]))]
