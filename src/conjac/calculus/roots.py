"""Roots of simultaneous non-linear equations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import root

from conjac._typing import FloatArray
from conjac.calculus.differentiate import differentiable
from conjac.calculus.linear import checked_matrix
from conjac.errors import ConvergenceError, InvalidInputError
from conjac.reading import as_number
from conjac.readonly import locked

OUTSIDE = 1e8
"""A point outside f's domain counts as this many times worse than the start, so that a step there is shortened."""
SINGULAR = 1e-6
"""Smallest singular value at which a Jacobian is called singular, where each row was 1 at the start."""
ASIDE = 2.0**-10
"""How far aside one starts from a point where the Jacobian is 0, in units of max(1, |x|)."""
METHOD = "scipy.optimize.root, lm"
ROUNDING = 1e-14


@dataclass(frozen=True, eq=False)
class Step:
    """A point that was accepted.

    Attributes
    ----------
    x : array of shape (n,)
        The point.
    residual : float
        Largest absolute entry of f there.

    Examples
    --------
    >>> newton(lambda x: x - 2, 1.0).steps[-1].residual < 1e-9
    True
    """

    x: FloatArray
    residual: float


@dataclass(frozen=True, eq=False)
class Root:
    """A root, and the way to it.

    Attributes
    ----------
    x : array of shape (n,)
        The root.
    value : array of shape (n,)
        f there.
    residual : float
        Largest absolute entry of f there.
    condition : float
        Condition number of the Jacobian there: a large one means a root that is poorly determined, or a multiple one.
    steps : tuple of Step
        The points that were accepted, the start first; no unit, since they are points.
    n_evaluations : int
        Calls of f, those of its Jacobian not counted.
    method : str
        What found it.

    Notes
    -----
    How it is found is with `newton` (Moré 1978).

    Examples
    --------
    >>> found = newton(lambda x: x**2 - 2, 1.0)
    >>> found.x.round(6), found.residual < 1e-9
    (array([1.414214]), True)
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
        Above 0: largest relative change of x, or change of an x below 1, that may explain what f still is at the root.
        To it is added the Jacobian's own relative error, which is that of the precision in which f computes.
    max_steps : int
        Calls of f.

    Returns
    -------
    Root
        With its condition, and the way to it.

    Raises
    ------
    InvalidInputError
        Another number of equations than of unknowns, an f that is not finite at the start, or an option out of range.
    ConvergenceError
        No root was found from there; the error holds the ``nearest`` point, its ``residual`` and the ``steps``.

    Notes
    -----
    Levenberg and Marquardt's damping in MINPACK (Moré 1978), through `scipy.optimize.root`: near a root the steps are
    Newton's and converge quadratically; far from one they are shortened until f falls. A step out of f's domain is
    shortened too. Where the Jacobian is 0 at the start, which tells no direction, the search begins a little aside.

    Examples
    --------
    >>> import numpy as np
    >>> found = newton(lambda x: [x[0] ** 2 + x[1] ** 2 - 4, x[0] * x[1] - 1], [2.0, 0.3])
    >>> found.x.round(6)
    array([1.931852, 0.517638])
    """
    if derivative is not None and not callable(derivative):
        raise InvalidInputError(f"derivative is a {type(derivative).__name__}; expected a function of x")
    if not as_number(tolerance, "tolerance") > 0 or not as_number(max_steps, "max_steps") >= 1:
        raise InvalidInputError(f"tolerance={tolerance}, max_steps={max_steps}: expected more than 0, and 1 or more")
    start = differentiable(f, x0)
    shape = (len(start.value), len(start.point))
    if shape[0] != shape[1]:
        raise InvalidInputError(f"f returns {shape[0]} equations for {shape[1]} unknowns; expected as many of each")
    steps: list[Step] = []
    errors: list[FloatArray] = []
    outside = OUTSIDE * max(1.0, _largest(start.value))

    def value(x: FloatArray) -> FloatArray:
        return np.nan_to_num(start.evaluate(x), nan=outside, posinf=outside, neginf=-outside)

    def slope(x: FloatArray) -> FloatArray:
        if not steps or (steps[-1].x != x).any():
            steps.append(Step(locked(x.copy()), _largest(value(x))))
        if derivative is not None:
            return checked_matrix(derivative(x), shape, "derivative(x)")
        found = start.elsewhere(x).jacobian()
        errors[:] = [found.error]
        return found.jacobian

    x = start.point
    scale = slope(x)
    if (np.abs(scale) <= sum(errors)).all():
        x = x + ASIDE * np.maximum(np.abs(x), 1.0)
        scale = slope(x)
    # Equations of one size: MINPACK's first step is bounded in units of the Jacobian.
    sizes = np.linalg.norm(scale, axis=1)
    sizes = np.where(sizes > 0, sizes, 1.0)
    found = root(
        lambda x: value(x) / sizes,
        x,
        jac=lambda x: slope(x) / sizes[:, None],
        method="lm",
        options={"xtol": ROUNDING, "ftol": ROUNDING, "gtol": 0.0, "maxiter": max_steps},
    )
    x = np.asarray(found.x, dtype=np.float64)
    reached = value(x)
    matrix = slope(x)
    allowed = tolerance * np.abs(matrix) + sum(errors)
    if not _is_root(reached, allowed, steps, tolerance):
        singular = np.linalg.norm(matrix / sizes[:, None], -2) <= SINGULAR
        raise _failure(x, bool(singular), steps, found.nfev >= max_steps)
    condition = float(np.linalg.cond(matrix))
    return Root(locked(x), locked(reached), _largest(reached), condition, tuple(steps), int(found.nfev), METHOD)


def _is_root(value: FloatArray, allowed: FloatArray, steps: list[Step], tolerance: float) -> bool:
    """Tell whether a change of x within the tolerance accounts for what is left of f."""
    unit = np.maximum(np.abs(steps[-1].x), 1.0)
    if (np.abs(value) <= allowed @ unit).all():
        return True
    # A multiple root, where f falls faster than its Jacobian: x has settled, and next to nothing is left.
    settled = len(steps) > 1 and (np.abs(steps[-1].x - steps[-2].x) <= tolerance * unit).all()
    return bool(settled and _largest(value) <= ROUNDING * steps[0].residual)


def _failure(x: FloatArray, singular: bool, steps: list[Step], out_of_steps: bool) -> ConvergenceError:
    residual = steps[-1].residual
    if out_of_steps:
        why, way_out = "max_steps was reached", "raise max_steps, or start nearer"
    elif singular:
        why, way_out = (
            "the Jacobian is singular there, and no direction lowers |f|",
            "start elsewhere: f may have no root",
        )
    else:
        why, way_out = "no step lowers |f| any more", "start elsewhere, or check the derivative"
    return ConvergenceError(
        f"no root found: after {len(steps)} steps, at x={x.tolist()}, max|f| is still {residual:.3g}; {why}; {way_out}",
        nearest=locked(x),
        residual=residual,
        steps=tuple(steps),
    )


def _largest(values: FloatArray) -> float:
    return float(np.abs(values).max())
