"""The offsets at which a metric is best, subject to constraints."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any, Literal

import numpy as np

from conjac._typing import FloatArray
from conjac.decisions.constraints import check_confidence, how_met, parse_constraints
from conjac.decisions.decision import Decision
from conjac.decisions.offsets.interval import Located, curvature, of_optimum, unknown
from conjac.decisions.offsets.objective import Objective
from conjac.decisions.offsets.problem import Problem
from conjac.decisions.offsets.search import Search
from conjac.errors import ConjacWarning, InfeasibleError, InvalidInputError
from conjac.inference import Cells, metric_stderr
from conjac.metrics import Metric

NEWTON_STEPS = 8
LONGEST = 0.25
"""Longest step of an offset towards a slope of 0."""
PREFERENCE = 1e-3
"""By how much offsets of probabilities must be better than those of their logarithms, to be taken."""
DOUBTS = 4
"""Searches more by which rows of unlike weights or in groups may come to meet constraints with confidence."""
FEW_ACTED = 0.1
"""Share of the rows below which a rule that rejects the others is warned of."""
NEAR_ZERO = 0.1
"""Standard errors to which the slope is brought."""


def best_offsets(
    problem: Problem,
    metric: str | Metric,
    *,
    subject_to: Any = (),
    confidence: float | None = None,
    method: Literal["smooth", "exact"] = "smooth",
) -> Decision:
    """Return the decision of largest metric; see `conjac.maximize`."""
    row = problem.metric(metric)
    if method not in ("smooth", "exact"):
        raise InvalidInputError(f"method={method!r}: expected 'smooth' or 'exact'")
    constraints = parse_constraints(subject_to, problem.outcomes, len(problem.rows.labels))
    check_confidence(confidence, constraints)
    sample = problem.sample
    objective = Objective(row, constraints, confidence, sample.unit).scaled(sample.at(sample.rejecting(0)))
    problem, found, diagnostics = _surely(problem, objective)
    cells = problem.counted(found)
    if problem.rule.rejects(sample.n_classes):
        diagnostics["coverage"] = _coverage(problem, found)
    diagnostics |= {"method": method, "exact_value": float(row.value(cells)), "exact_offsets": found.tolist()}
    offsets = found
    if objective.constraints:
        _refuse_unmet(objective, problem.counting(problem.rule.at(found)), found)
        diagnostics["binding"] = [str(c) for c in objective.binding(cells)]
        diagnostics["constraints"] = how_met(confidence)
        diagnostics["constrained"] = {str(c): float(c.metric.value(cells)) for c in objective.constraints}
    if diagnostics.get("binding"):
        diagnostics["interval"] = "nan: a constraint binds, and the metric's slope is not 0 there"
        return problem.decide(offsets, row, "argmax", partial(unknown, offsets), diagnostics, objective)
    if method == "smooth":
        offsets = _still(problem, offsets, row, objective)
        diagnostics["smooth_steps"] = "taken" if (offsets != found).any() else "none: no better zero nearby"
    diagnostics["interval"] = (
        "of the offsets at which the population's slope is 0; nan where the metric does not fall on all sides"
    )
    located = partial(_located, problem, offsets, row, objective, method == "smooth")
    return problem.decide(offsets, row, "argmax", located, diagnostics, objective)


def _coverage(problem: Problem, offsets: FloatArray) -> float:
    """Return the share of rows that are predicted; warn where hardly any is."""
    cells = problem.counted(offsets)
    share = float(cells[:, :-1].sum() / cells.sum())
    if share < FEW_ACTED:
        warnings.warn(
            f"the reject option leaves {1 - share:.1%} of the rows unpredicted; to predict more, bound it, such as by "
            "subject_to='coverage >= .9'",
            ConjacWarning,
            stacklevel=4,
        )
    return share


def _located(problem: Problem, offsets: FloatArray, row: Metric, objective: Objective, still: bool) -> Located:
    """Return the offsets at which the slope is 0, these or nearby, with their covariance."""
    point = offsets if still else _still(problem, offsets, row, objective)
    return point, of_optimum(problem.steady, problem.rule.at(point), row)


def _surely(problem: Problem, objective: Objective) -> tuple[Problem, FloatArray, dict[str, Any]]:
    """Search until the rows themselves, of their weights and groups, meet the constraints with confidence."""
    best, offsets, notes = _searched(problem, objective)
    for _ in range(DOUBTS if objective.confidence else 0):
        counted = problem.counting(best.rule.at(offsets))
        judged = objective.missed(counted.weight.astype(np.float64))
        if judged[0] > 0 or objective.met(counted):
            break
        objective = objective.doubted(counted)
        best, offsets, notes = _searched(problem, objective)
    return best, offsets, notes


def _searched(problem: Problem, objective: Objective) -> tuple[Problem, FloatArray, dict[str, Any]]:
    """Return the problem with the scale that serves it best, the best offsets on it, and what was done."""
    searches = [(one, Search(one.sample, objective)) for one in problem.scales]
    best, search = searches[0]
    for other, rival in searches[1:]:
        if rival.merit > search.merit + PREFERENCE:
            best, search = other, rival
    offsets = search.polished() * best.sample.step
    compared = {one.rule.scale: objective.told(candidate.merit) for one, candidate in searches}
    return best, offsets, {**search.notes, "compared": compared}


def _still(problem: Problem, offsets: FloatArray, row: Metric, objective: Objective) -> FloatArray:
    """Return offsets nearby at which the slope is 0, by Newton's steps with the Jacobian; these if there are none."""
    rule = problem.rule.at(offsets)
    motion = problem.steady(rule)
    bend = curvature(problem.steady, rule, row, motion)
    values, vectors = np.linalg.eigh(objective.sign * bend)
    falls = values < -1e-3 * np.abs(values).max(initial=1e-300)
    inverse = (vectors[:, falls] / values[falls]) @ vectors[:, falls].T * objective.sign
    point = offsets
    for _ in range(NEWTON_STEPS):
        slope, _, stderr, _ = motion.metric_slope(row)
        slope = np.nan_to_num(slope[: len(point)])
        if (np.abs(slope) <= NEAR_ZERO * np.nan_to_num(stderr[: len(point)], nan=np.inf)).all():
            break
        step = -inverse @ slope
        point = point + step * min(1.0, LONGEST * problem.sample.step / max(np.abs(step).max(), 1e-300))
        motion = problem.steady(problem.rule.at(point))
    exact, still = (objective.sign * float(row.value(problem.counted(place))) for place in (offsets, point))
    worse = exact - still > 2 * float(metric_stderr(row, motion.counted)[0])
    return offsets if worse or not objective.met(motion.counted) else point - point[0]


def _refuse_unmet(objective: Objective, counted: Cells, offsets: FloatArray) -> None:
    if objective.met(counted):
        return
    surely = "" if objective.confidence is None else f" with confidence {objective.confidence:g}"
    limit = "" if objective.confidence is None else "limit of "
    limits = objective.limits(counted)
    reached = {limit + c.metric.name: float(x) for c, x in zip(objective.constraints, limits, strict=True)}
    told = ", ".join(f"{name} {value:.6g}" for name, value in reached.items())
    wanted = " and ".join(map(str, objective.constraints))
    raise InfeasibleError(
        f"no offsets were found that meet {wanted}{surely}; the nearest have {told}; "
        "relax a bound or improve the scores",
        {objective.row.name: float(objective.row.value(counted.weight)[0]), **reached, "offsets": offsets.tolist()},
    )
