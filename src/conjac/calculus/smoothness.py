"""Whether a function has a derivative at a point at all: steps and kinks, which difference quotients do not see.

A step function is flat wherever one looks closely, so that automatic differentiation and shrinking differences alike
return 0. What tells it from a function that is flat in earnest (a rectifier left of 0, a cosine at its top) is the
change at the end of the flat part: the one jumps there, the other sets out from 0.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from conjac._typing import BoolArray, FloatArray
from conjac.errors import NotDifferentiableError

Evaluate = Callable[[FloatArray], FloatArray]

NEAR = 2.0**-26
"""Distance of the first look, in units of max(1, |x|)."""
JUMP = 1e-9
"""Smallest jump that is not put down to rounding, relative to the function's size."""
ULPS = 16
LOOK = 2.0 ** np.arange(-25.0, 0.0, 2.0)
"""How far from the point the end of a flat part is looked for, on either side."""
BEND = 1e-4
"""Smallest change of slope across the point that is looked at again, relative to the function's size."""
CLOSER = 64
HALVINGS = 60


def refuse_flat_steps(
    evaluate: Evaluate, point: FloatArray, value: FloatArray, flat: BoolArray, eps: float = 0.0
) -> int:
    """Raise if an output that is flat at the point jumps at the end of its flat part.

    Parameters
    ----------
    evaluate : callable
    point : array of shape (u,)
    value : array of shape (v,)
        The function at the point.
    flat : array of shape (v, u)
        Which outputs are flat in which input.
    eps : float
        Relative precision of the function.

    Returns
    -------
    int
        Calls of ``evaluate`` to look for the ends of flat parts.

    Raises
    ------
    NotDifferentiableError
        Naming the output, the input and where it jumps.
    """
    looks = 0
    for axis in np.flatnonzero(flat.any(axis=0)).tolist():
        for side in (-1.0, 1.0):
            waiting = flat[:, axis].copy()
            for displacement in side * LOOK:
                looks += 1
                changed = waiting & (evaluate(moved(point, axis, displacement)) != value)
                for output in np.flatnonzero(changed).tolist():
                    _refuse_jump(evaluate, point, value, axis, output, float(displacement), eps)
                waiting &= ~changed
                if not waiting.any():
                    break
    return looks


def _refuse_jump(
    evaluate: Evaluate, point: FloatArray, value: FloatArray, axis: int, output: int, changed: float, eps: float
) -> None:
    same, after = 0.0, evaluate(moved(point, axis, changed))[output]
    size = max(abs(value[output]), abs(after))
    for _ in range(HALVINGS):
        middle = (same + changed) / 2
        found = evaluate(moved(point, axis, middle))[output]
        if found == value[output]:
            same = middle
        else:
            changed, after = middle, found
    if np.isfinite(after) and abs(after - value[output]) > max(JUMP, ULPS * eps) * size:
        raise NotDifferentiableError(
            f"f[{output}] is a step function of x[{axis}]: constant around {point[axis]:g}, it jumps from "
            f"{value[output]:g} to {after:g} at {point[axis] + changed:g}. Its derivative is 0 or does not exist, and "
            "tells nothing. For counts of rows (a confusion matrix, a metric) use conjac.confusion_jacobian, the "
            "derivative of the population's; a function computed in single precision must be computed in double"
        )


def refuse_kinks(
    evaluate: Evaluate, point: FloatArray, value: FloatArray, axis: int, size: FloatArray, distance: float
) -> None:
    """Raise if the slope from the left differs from the slope to the right, however closely one looks.

    Parameters
    ----------
    size : array of shape (v,)
        Magnitude of each output near the point.
    distance : float

    Raises
    ------
    NotDifferentiableError
        Naming the output, the input and both slopes.
    """

    def sides(step: float) -> tuple[FloatArray, FloatArray]:
        left, right = (evaluate(moved(point, axis, shift)) for shift in (-step, step))
        return (value - left) / step, (right - value) / step

    left, right = sides(distance)
    bent = np.abs(right - left) > BEND * size
    if not bent.any():
        return
    nearer = np.abs(np.subtract(*sides(distance / CLOSER)))
    kinked = bent & (nearer > np.abs(right - left) / 2)
    if kinked.any():
        output = int(np.argmax(kinked))
        raise NotDifferentiableError(
            f"f[{output}] has a kink in x[{axis}] at {point[axis]:g}: its slope is {left[output]:.3g} on the left "
            f"and {right[output]:.3g} on the right; move the point off the kink"
        )


def moved(point: FloatArray, axis: int, displacement: float) -> FloatArray:
    """Return the point with one coordinate displaced."""
    there = point.copy()
    there[axis] += displacement
    return there
