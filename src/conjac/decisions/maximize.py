"""The best threshold over all cut-offs, of the counts or of the smoothed metric, subject to constraints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.optimize import minimize_scalar

from conjac._typing import FloatArray
from conjac.coordinates import COORDINATES, margins, scores_of
from conjac.decisions.along import Curve, decide, flatness, in_order
from conjac.decisions.constraints import Constraint, parse_constraints
from conjac.decisions.decision import Decision
from conjac.decisions.solve import TargetLimits
from conjac.density import Smoother
from conjac.density.discrete import is_discrete
from conjac.errors import InfeasibleError, InvalidInputError
from conjac.inference import Cells, Interval, metric_interval, quantile
from conjac.metrics import Metric, resolve
from conjac.motion import Motion
from conjac.sensitivity import metric_slope

GRID = 1001


def best_threshold(
    curve: Curve,
    metric: str | Metric,
    *,
    subject_to: Any,
    confidence: float | None,
    method: Literal["smooth", "exact"],
) -> Decision:
    """Return the decision at which a metric is best; see `conjac.ConfusionCurve.maximize`."""
    if method not in ("smooth", "exact"):
        raise InvalidInputError(f"method={method!r}: expected 'smooth' or 'exact'")
    row = resolve(metric, curve.labels)
    sign = 1.0 if row.greater_is_better else -1.0
    constraints = parse_constraints(subject_to, curve.labels)
    cutoffs = curve.cutoffs()
    cells = curve.cells_at_score(cutoffs)
    exact = sign * row.value(cells.weight)
    shortfall = total_shortfall(constraints, cells, confidence)
    at_exact = _best(exact, shortfall, cutoffs, constraints, cells, curve)
    objective = SmoothObjective.of(curve, row, sign)
    cut = margins(cutoffs[[at_exact]], curve.density.tally.scale) if np.isfinite(cutoffs[at_exact]) else None
    discrete = cut is None or bool(is_discrete(curve.density.tally, cut)[0])
    diagnostics: dict[str, Any] = {
        "method": method,
        "exact_threshold": float(curve.told(cutoffs[at_exact])),
        "exact_value": sign * float(exact[at_exact]),
        "n_cutoffs": len(cutoffs),
        "value": "told on the rows it was chosen on: optimistic",
    }
    if method == "smooth" and discrete:
        diagnostics["method"] = "exact: the scores sit on atoms at the optimum, so there is nothing to smooth"
    gain, score = exact, float(cutoffs[at_exact])
    if method == "smooth" and not discrete:
        gain = objective.at_cutoffs(cutoffs)
        at = _best(gain, shortfall, cutoffs, constraints, cells, curve)
        score = objective.polish(cutoffs, shortfall, at)
        diagnostics["smooth_value"] = sign * float(gain[at])
        diagnostics["bandwidth"] = objective.smoother.bandwidth.tolist()
    here = int(np.searchsorted(cutoffs, score))
    binding = [c for c in constraints if _binds(c, cells, here, confidence)]
    limits: Callable[[float], Interval] = ArgmaxLimits.at(curve, objective, row, score)
    diagnostics["interval"] = "approximate: slope's error over the smoothed metric's curvature"
    if constraints:
        diagnostics["binding"] = [str(c) for c in binding]
        diagnostics["constraints"] = (
            f"met with one-sided confidence {confidence}"
            if confidence
            else "met on these rows; in new rows a binding one is met about half of the time (see confidence=)"
        )
    if binding:
        held = binding[0].metric
        limits = TargetLimits(curve, held, float(held.value(cells.weight[here])), here)
        diagnostics["interval"] = (
            f"of the constraint that binds: thresholds whose interval of {held.name} holds its value"
        )
    drift = flatness(curve, row, cutoffs, gain, float(gain[here]), score)
    return decide(curve, row, score, "argmax", limits, drift, diagnostics)


def total_shortfall(constraints: Sequence[Constraint], cells: Cells, confidence: float | None) -> FloatArray:
    """Return by how much the cells miss the constraints in all, array of shape (n_points,); 0 where all are met."""
    total = np.zeros(len(cells.weight))
    for constraint in constraints:
        total += constraint.shortfall(_judged(constraint, cells, confidence))
    return total


def _judged(constraint: Constraint, cells: Cells, confidence: float | None) -> FloatArray:
    """Return the value that a constraint is judged on: the metric's, or its one-sided limit."""
    if confidence is None:
        return np.asarray(constraint.metric.value(cells.weight))
    if not 0.5 <= confidence < 1:
        raise InvalidInputError(f"confidence={confidence}: expected a number from .5 up to, not including, 1")
    return constraint.side(metric_interval(constraint.metric, cells, max(2 * confidence - 1, 1e-9)))


def _binds(constraint: Constraint, cells: Cells, here: int, confidence: float | None) -> bool:
    beside = cells.take(np.array([max(here - 1, 0), min(here + 1, len(cells.weight) - 1)]))
    return bool((constraint.shortfall(_judged(constraint, beside, confidence)) > 0).any())


def _best(
    gain: FloatArray,
    shortfall: FloatArray,
    cutoffs: FloatArray,
    constraints: Sequence[Constraint],
    cells: Cells,
    curve: Curve,
) -> int:
    """Return the index of the largest gain among feasible cut-offs; of equals, the highest threshold."""
    feasible = (shortfall <= 0) & ~np.isnan(gain)
    if feasible.any():
        candidates = np.where(feasible, gain, -np.inf)
        return int(np.flatnonzero(candidates == candidates.max())[-1])
    at = int(np.argmin(shortfall))
    nearest = {"threshold": float(curve.told(cutoffs[at]))}
    nearest |= {c.metric.name: float(c.metric.value(cells.weight[at])) for c in constraints}
    told = ", ".join(f"{name} {value:.6g}" for name, value in nearest.items())
    asked = " and ".join(map(str, constraints)) or "a defined metric"
    raise InfeasibleError(f"no threshold meets {asked}; the nearest has {told}; relax the bound", nearest)


@dataclass(frozen=True, eq=False)
class SmoothObjective:
    """A metric of the smoothed cells, turned so that more is better."""

    row: Metric
    sign: float
    smoother: Smoother
    curve: Curve
    grid: FloatArray

    @classmethod
    def of(cls, curve: Curve, row: Metric, sign: float) -> SmoothObjective:
        """Smooth the cells of a curve."""
        position = curve.density.tally.atoms().position
        quantiles = position[np.linspace(0, len(position) - 1, min(GRID, len(position))).astype(np.intp)]
        grid = np.union1d(quantiles, np.linspace(position[0], position[-1], GRID))
        return cls(row, sign, curve.density.smoother, curve, grid)

    def __call__(self, cut: FloatArray) -> FloatArray:
        """Return the objective at cuts on the margin scale, array of shape (n_points,)."""
        alerts = self.smoother.alerts(cut)
        totals = self.curve.density.tally.totals()[0]
        return np.asarray(self.sign * self.row.value(np.stack([totals - alerts, alerts], axis=-1)))

    def at_cutoffs(self, cutoffs: FloatArray) -> FloatArray:
        """Return the objective at thresholds on the scores' own scale, between a grid's points."""
        return np.interp(self._cut(cutoffs), self.grid, self(self.grid))

    def polish(self, cutoffs: FloatArray, shortfall: FloatArray, at: int) -> float:
        """Return the optimum between the neighbours of a cut-off, as a score; the cut-off itself if none is better."""
        if (shortfall[max(at - 1, 0) : at + 2] > 0).any() or not 0 < at < len(cutoffs) - 2:
            return float(cutoffs[at])
        place = np.clip(np.searchsorted(self.grid, self._cut(cutoffs[[at]]))[0], 2, len(self.grid) - 3)
        around = self._cut(cutoffs[[at - 1, at + 1]])
        low, high = min(around[0], self.grid[place - 2]), max(around[1], self.grid[place + 2])
        found = minimize_scalar(lambda c: -self(np.array([c]))[0], bounds=(low, high), method="bounded")
        score = float(scores_of(found.x, self.curve.density.tally.scale))
        lands = int(np.searchsorted(cutoffs, score))
        return score if shortfall[lands] <= 0 else float(cutoffs[at])

    def _cut(self, cutoffs: FloatArray) -> FloatArray:
        finite = np.where(np.isfinite(cutoffs), cutoffs, 0.5)
        cut = np.where(np.isfinite(cutoffs), margins(finite, self.curve.density.tally.scale), self.grid[-1])
        return np.clip(cut, self.grid[0], self.grid[-1])


@dataclass(frozen=True, eq=False)
class ArgmaxLimits:
    """The approximate interval of an optimum: the slope's error over the curvature, on the margin scale."""

    curve: Curve
    cut: float
    stderr: float
    df: int | None

    @classmethod
    def at(cls, curve: Curve, objective: SmoothObjective, row: Metric, score: float) -> ArgmaxLimits:
        """Measure slope and curvature at a decision."""
        tally = curve.density.tally
        cells = curve.cells_at_score(np.array([score]))
        if not np.isfinite(score):
            return cls(curve, score, np.nan, cells.df)
        cut = float(margins(np.array([score]), tally.scale)[0])
        motion = Motion.at(curve.density, COORDINATES[tally.scale], np.array([score]), cells)
        slope_error = float(metric_slope(row, motion)[2][0])
        reach = float(objective.smoother.bandwidth.mean())
        low, middle, high = objective(np.array([cut - reach, cut, cut + reach]))
        curvature = (low - 2 * middle + high) / reach**2
        return cls(curve, cut, slope_error / -curvature if curvature < 0 else np.nan, cells.df)

    def __call__(self, level: float) -> Interval:
        """Return the limits in the curve's unit; nan where the metric does not bend at the decision."""
        half = quantile(level, self.df) * self.stderr
        if not np.isfinite(half):
            return Interval(np.array(np.nan), np.array(np.nan))
        ends = scores_of(np.array([self.cut - half, self.cut + half]), self.curve.density.tally.scale)
        return in_order(self.curve, float(ends[0]), float(ends[1]))
