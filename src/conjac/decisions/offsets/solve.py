"""The offsets at which several metrics have given values: Newton's method with the Jacobian, then exact scans."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from conjac._typing import FloatArray
from conjac.calculus import newton
from conjac.decisions.decision import Decision
from conjac.decisions.offsets.interval import SINGULAR, Located, of_targets
from conjac.decisions.offsets.problem import Problem
from conjac.decisions.offsets.sample import Sample
from conjac.decisions.offsets.search import SOME, Counted, ascend
from conjac.decisions.offsets.soft import WIDTHS
from conjac.decisions.offsets.targets import MET, Targets
from conjac.errors import ConjacWarning, ConvergenceError, InfeasibleError, InvalidInputError
from conjac.metrics import Metric
from conjac.motion import OffsetMotion
from conjac.reading import as_number

LEAST_SQUARES_STEPS = 50
SMALLEST_SHARE = 1e-3
"""Of a step towards the targets, at which no nearer counts are looked for."""
ASTRAY = 6.0
"""A step for softened cells that is beyond belief."""
SHORT_STEPS = 25
SOLVED = 1e-6
"""What softened cells may miss."""
SHARES = (0.0, 0.2, 0.5)
"""Of the room in which a target counts as met, what is asked for beyond it."""
REACHES = (0.1, 1.0, np.inf)
"""How far from there the counts are looked at, one after another until targets are met."""
ROWS = 3.0
"""Rows of the class that a target is about by which it may be missed."""


def solve_offsets(problem: Problem, target: Mapping[str, float]) -> Decision:
    """Return the decision at which metrics meet their targets; see `conjac.solve`."""
    if not target or not hasattr(target, "items"):
        raise InvalidInputError(f"solve takes metrics and their values, such as {{'recall[a]': .9}}; got {target!r}")
    rows = [problem.metric(name) for name in target]
    aims = np.array([as_number(value, name) for name, value in target.items()])
    for row, aim in zip(rows, aims, strict=True):
        if aim not in row.domain:
            raise InvalidInputError(f"{row.name}={aim:g}: it lies in [{row.domain.lower:g}, {row.domain.upper:g}]")
    targets, sample = Targets(rows, aims), problem.sample
    offsets, how = _near(targets, sample, sample.rejecting(SOME))
    counted, room = Counted(targets.merit), _few_rows(sample, rows, offsets)
    free = sample.n_columns - 1
    least_squares_only = len(rows) > free
    if least_squares_only:
        offsets = ascend(sample, _counted_out(targets, sample, offsets), counted)[1]
    else:
        offsets = _met(targets, sample, offsets, counted, room)
    reached = targets.values(sample.at(offsets))
    offsets = (offsets - offsets[0]) * sample.step
    motion = problem.moving(problem.rule.at(offsets))
    missed = np.abs(reached - aims)
    if least_squares_only:
        _warn_missed(targets, reached, missed <= room)
    else:
        _refuse_missed(targets, reached, missed <= room, offsets)
    diagnostics = {
        "targets": {row.name: float(aim) for row, aim in zip(rows, aims, strict=True)},
        "reached": {row.name: float(value) for row, value in zip(rows, reached, strict=True)},
        "solved": "as near as can be, by least squares: more targets than free offsets"
        if least_squares_only
        else "every target, met or short of it by the rows that change sides together",
        "how": how,
        "free": free - min(len(rows), free),
        "scans": counted.scans,
        "interval": "by the covariance of the metrics and their Jacobian in the offsets",
    }
    return problem.decide(offsets, rows[0], "target", partial(_located, offsets, motion, rows), diagnostics)


def _located(offsets: FloatArray, motion: OffsetMotion, rows: Sequence[Metric]) -> Located:
    return offsets, of_targets(motion, rows)


def _near(targets: Targets, sample: Sample, start: FloatArray) -> tuple[FloatArray, str]:
    """Solve for cells that are hardly softened: these targets are nearest; by way of softer ones where that fails."""
    offsets, how = start, ""
    for first in reversed(range(len(WIDTHS))):
        offsets, how = _ever_less_soft(targets, sample, start, WIDTHS[first:])
        if np.abs(targets.gaps(sample, offsets, WIDTHS[-1])[0]).max() <= SOLVED:
            break
    return offsets - offsets.mean(), how


def _ever_less_soft(
    targets: Targets, sample: Sample, offsets: FloatArray, widths: Sequence[float]
) -> tuple[FloatArray, str]:
    """Move the offsets as the Jacobian of the targets tells; what they do not ask for stays."""
    how = ""
    for width in widths:
        _, slopes = targets.gaps(sample, offsets, width)
        told = np.linalg.matrix_rank(slopes, tol=SINGULAR * np.abs(slopes).max(initial=1e-300))
        if told < len(targets.rows):
            offsets, how = _least_squares(targets, sample, offsets, width), "least squares"
            continue
        basis = np.linalg.qr(slopes.T)[0]
        step = _root(targets, sample, offsets, basis, width)
        if step is not None and np.abs(step).max() <= ASTRAY:
            offsets, how = offsets + basis @ step, "Newton's method"
        elif width == widths[-1]:  # where cells are too soft for the targets, less soft ones are asked
            offsets, how = _downhill(targets, sample, offsets, width), "Newton's method, in short steps"
    return offsets, how


def _met(targets: Targets, sample: Sample, offsets: FloatArray, counted: Counted, room: FloatArray) -> FloatArray:
    """Meet the targets with the counts nearby, if need be by asking for a little more; else come as near as can be."""
    runs = []
    for reach, share in product(REACHES, SHARES):
        asked = targets.moved(share * room)
        near = _counted_out(asked, sample, offsets)
        around = sample.near(near, reach) if np.isfinite(reach) else sample
        counted.merit = asked.merit
        near = ascend(around, near, counted)[1]
        counted.merit = partial(targets.merit_met, room=room)
        runs.append(ascend(around, near, counted))
        if runs[-1][0] > MET / 2:
            break
    return max(runs, key=lambda run: run[0])[1]


def _counted_out(targets: Targets, sample: Sample, offsets: FloatArray) -> FloatArray:
    """Take Newton's steps for the counts themselves, with the softened cells' Jacobian, while they come nearer."""
    best = float(targets.merit(sample.at(offsets)[None])[0])
    share = 1.0
    while share > SMALLEST_SHARE:
        slopes = targets.gaps(sample, offsets, WIDTHS[-1])[1]
        gap = targets.values(sample.at(offsets)) - targets.aims
        moved = offsets - share * np.linalg.lstsq(slopes, gap, rcond=SINGULAR)[0]
        found = float(targets.merit(sample.at(moved)[None])[0])
        if found > best:
            best, offsets = found, moved
        else:
            share /= 2
    return offsets


def _downhill(targets: Targets, sample: Sample, offsets: FloatArray, width: float) -> FloatArray:
    """Take Newton's steps, the shortest of those that the targets tell, while they come nearer."""
    gap, slopes = targets.gaps(sample, offsets, width)
    share = 1.0
    for _ in range(SHORT_STEPS):
        step = -np.linalg.lstsq(slopes, gap, rcond=SINGULAR)[0]
        moved = offsets + share * step * min(1.0, 1.0 / max(np.abs(step).max(), 1e-300))
        found, tilt = targets.gaps(sample, moved, width)
        if (found**2).sum() < (gap**2).sum():
            offsets, gap, slopes, share = moved, found, tilt, min(1.0, 2 * share)
        else:
            share /= 4
    return offsets


def _root(targets: Targets, sample: Sample, start: FloatArray, basis: FloatArray, width: float) -> FloatArray | None:
    def gaps(z: FloatArray) -> FloatArray:
        return targets.gaps(sample, start + basis @ z, width)[0]

    def slopes(z: FloatArray) -> FloatArray:
        return targets.gaps(sample, start + basis @ z, width)[1] @ basis

    try:
        with np.errstate(over="ignore", invalid="ignore"):  # a step beyond belief is refused by its caller
            return newton(gaps, np.zeros(len(targets.rows)), derivative=slopes).x
    except ConvergenceError:
        return None


def _least_squares(targets: Targets, sample: Sample, start: FloatArray, width: float) -> FloatArray:
    def gaps(offsets: FloatArray) -> FloatArray:
        return targets.gaps(sample, offsets, width)[0]

    def slopes(offsets: FloatArray) -> FloatArray:
        return targets.gaps(sample, offsets, width)[1]

    return np.asarray(least_squares(gaps, start, jac=slopes, max_nfev=LEAST_SQUARES_STEPS).x)


def _few_rows(sample: Sample, rows: Sequence[Metric], offsets: FloatArray) -> FloatArray:
    """Return by how much a few rows that change sides move each metric: the least that counts can miss by."""
    cells = sample.at(offsets)
    unit = 1.0 if sample.weight is None else float(sample.weight.max())
    moves = [np.abs(np.nan_to_num(row.gradient(cells))).max() for row in rows]
    return ROWS * unit * np.array(moves)


def _warn_missed(targets: Targets, reached: FloatArray, met: Any) -> None:
    if met.all():
        return
    told = ", ".join(
        f"{row.name} is {value:.4g}, not {aim:g}"
        for row, value, aim, hit in zip(targets.rows, reached, targets.aims, met, strict=True)
        if not hit
    )
    warnings.warn(
        f"more targets than offsets that are free: {told}; the squared misses are least", ConjacWarning, stacklevel=4
    )


def _refuse_missed(targets: Targets, reached: FloatArray, met: Any, offsets: FloatArray) -> None:
    if met.all():
        return
    told = ", ".join(f"{row.name} {value:.6g}" for row, value in zip(targets.rows, reached, strict=True))
    wanted = ", ".join(f"{row.name} {aim:g}" for row, aim in zip(targets.rows, targets.aims, strict=True))
    nearest = {row.name: float(value) for row, value in zip(targets.rows, reached, strict=True)}
    raise InfeasibleError(
        f"no offsets give {wanted} together; the nearest found give {told}; lower a target or improve the scores",
        {**nearest, "offsets": offsets.tolist()},
    )
