"""Roots of simultaneous non-linear equations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import root

from conjac._typing import FloatArray
from conjac.calculus.differentiate import differentiable, jacobian
from conjac.errors import ConvergenceError, InvalidInputError

OUTSIDE = 1e8
"""A point outside f's domain counts as this many times worse than the start, so that a step there is shortened."""
SINGULAR = 1e12
"""Condition number from which on a Jacobian is called singular."""
ROUNDING = 1e-14


@dataclass(frozen=True, eq=False)
class Step:
    """A point that was accepted.

    Attributes
    ----------
    x : array of shape (n,)
    residual : float
        Largest absolute entry of f there.
    """

    x: FloatArray
    residual: float


@dataclass(frozen=True, eq=False)
class Root:
    """A root, and the way to it.

    Attributes
    ----------
    x : array of shape (n,)
    value : array of shape (n,)
        f there.
    residual : float
        Largest absolute entry of f there.
    condition : float
        Condition number of the Jacobian there: a large one means a root that is poorly determined, or a multiple one.
    steps : tuple of Step
        The points that were accepted, the start first.
    n_evaluations : int
        Calls of f, those of its Jacobian not counted.
    method : str
    """

    x: FloatArray
    value: FloatArray
    residual: float
    condition: float
    steps: tuple[Step, ...]
    n_evaluations: int
    method: str


def newton(
    f: Callable[[Any], Any],
    x0: Any,
    *,
    derivative: Callable[[FloatArray], Any] | None = None,
    tolerance: float = 1e-9,
    max_steps: int = 200,
) -> Root:
    """Solve f(x) = 0 for as many equations as unknowns, by damped Newton steps.

    Parameters
    ----------
    f : callable
        From a vector of shape (n,) to one of shape (n,).
    x0 : array of shape (n,), or a number
        Where to start.
    derivative : callable, optional
        From x to the Jacobian of shape (n, n); `jacobian` by default.
    tolerance : float
        Largest relative change of x, or change of an x below 1, that may explain what is left of f at the root. To it
        is added the Jacobian's own relative error, which is that of the precision in which f computes.
    max_steps : int
        Calls of f.

    Returns
    -------
    Root

    Raises
    ------
    InvalidInputError
        Another number of equations than of unknowns, or an f that is not finite at the start.
    ConvergenceError
        No root was found from there; the error holds the ``nearest`` point, its ``residual`` and the ``steps``.

    Notes
    -----
    Levenberg and Marquardt's damping in MINPACK (Moré 1978), through `scipy.optimize.root`: near a root the steps are
    Newton's and converge quadratically; far from one they are shortened until f falls. A step out of f's domain is
    shortened too.

    Examples
    --------
    >>> import numpy as np
    >>> found = newton(lambda x: [x[0] ** 2 + x[1] ** 2 - 4, x[0] * x[1] - 1], [2.0, 0.3])
    >>> found.x.round(6)
    array([1.931852, 0.517638])
    """
    start = differentiable(f, x0)
    if start.value.shape != start.point.shape:
        raise InvalidInputError(
            f"f returns {len(start.value)} equations for {len(start.point)} unknowns; expected as many of each"
        )
    steps: list[Step] = []
    errors: list[FloatArray] = []
    outside = OUTSIDE * max(1.0, _largest(start.value))

    def value(x: FloatArray) -> FloatArray:
        return np.nan_to_num(start.evaluate(x), nan=outside, posinf=outside, neginf=-outside)

    def slope(x: FloatArray) -> FloatArray:
        if not steps or (steps[-1].x != x).any():
            steps.append(Step(x.copy(), _largest(value(x))))
        if derivative is not None:
            return np.asarray(derivative(x), dtype=np.float64).reshape(2 * start.point.shape)
        found = jacobian(f, x)
        errors[:] = [found.error]
        return found.jacobian

    # Equations of one size: MINPACK's first step is bounded in units of the Jacobian.
    sizes = np.linalg.norm(slope(start.point), axis=1)
    sizes = np.where(sizes > 0, sizes, 1.0)
    found = root(
        lambda x: value(x) / sizes,
        start.point,
        jac=lambda x: slope(x) / sizes[:, None],
        method="lm",
        options={"xtol": ROUNDING, "ftol": ROUNDING, "gtol": 0.0, "maxiter": max_steps},
    )
    x = np.asarray(found.x, dtype=np.float64)
    reached = value(x)
    matrix = slope(x)
    condition = float(np.linalg.cond(matrix)) if np.isfinite(matrix).all() else float("inf")
    allowed = tolerance * np.abs(matrix) + sum(errors)
    if not _is_root(reached, allowed, steps, tolerance):
        raise _failure(x, _largest(reached), condition, steps, found.nfev >= max_steps)
    return Root(x, reached, _largest(reached), condition, tuple(steps), int(found.nfev), "scipy.optimize.root, lm")


def _is_root(value: FloatArray, allowed: FloatArray, steps: list[Step], tolerance: float) -> bool:
    """Tell whether a change of x within the tolerance accounts for what is left of f."""
    unit = np.maximum(np.abs(steps[-1].x), 1.0)
    if (np.abs(value) <= allowed @ unit).all():
        return True
    # A multiple root, where f falls faster than its Jacobian: x has settled, and next to nothing is left.
    settled = len(steps) > 1 and (np.abs(steps[-1].x - steps[-2].x) <= tolerance * unit).all()
    return bool(settled and _largest(value) <= ROUNDING * steps[0].residual)


def _failure(
    x: FloatArray, residual: float, condition: float, steps: list[Step], out_of_steps: bool
) -> ConvergenceError:
    if out_of_steps:
        why, way_out = "max_steps was reached", "raise max_steps, or start nearer"
    elif condition > SINGULAR:
        why, way_out = (
            "the Jacobian is singular there, and no direction lowers |f|",
            "start elsewhere: f may have no root",
        )
    else:
        why, way_out = "no step lowers |f| any more", "start elsewhere, or check the derivative"
    return ConvergenceError(
        f"no root found: after {len(steps)} steps, at x={x.tolist()}, max|f| is still {residual:.3g}; {why}; {way_out}",
        nearest=x,
        residual=residual,
        steps=tuple(steps),
    )


def _largest(values: FloatArray) -> float:
    return float(np.abs(values).max())
