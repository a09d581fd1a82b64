"""Whether a function has a derivative at a point at all: steps and kinks, which difference quotients do not see.

A step function is flat wherever one looks closely, so that automatic differentiation and shrinking differences alike
return 0. What tells it from a function that is flat in earnest (a rectifier left of 0, a cosine at its top) is the
change at the end of the flat part: the one jumps there, the other sets out from 0.
"""

from __future__ import annotations

import numpy as np

from conjac._typing import BoolArray, FloatArray
from conjac.calculus.line import Line
from conjac.errors import NotDifferentiableError

ULPS = 16
"""What rounding may amount to, in units of the precision and of the largest value met, or of 1: f may be a small
difference of numbers of order 1, as 1 - cos(x) is."""
CLEAR = 256
"""A change of slope is looked at where it is so many times what rounding can do."""
HALVINGS = 60


def constant_beside(line: Line) -> BoolArray:
    """Tell which outputs are constant next to the point on either side, whatever they are at it."""
    left, right = line.left[-2:], line.right[-2:]
    return np.asarray((left[0] == left[-1]) & (right[0] == right[-1]))


def refuse_steps(line: Line, flat: BoolArray) -> None:
    """Raise if an output that is flat at the point jumps at the end of its flat part.

    The search does not go past 0, where formulas have their branch cuts.

    Parameters
    ----------
    line : Line
    flat : array of shape (v,)
        Which outputs seem to be flat.

    Raises
    ------
    NotDifferentiableError
        Naming the output, the input and where it jumps.
    """
    for side in (-1, 1):
        waiting, same, room = flat.copy(), 0.0, line.room(side)
        for width in line.widths[::-1].tolist():
            if not waiting.any():
                break
            there = side * min(width, room)
            changed = waiting & (line.at(there) != line.value)
            for output in np.flatnonzero(changed).tolist():
                _refuse_jump(line, output, same, there)
            waiting &= ~changed
            same = there


def _refuse_jump(line: Line, output: int, same: float, changed: float) -> None:
    before = line.value[output]
    for _ in range(HALVINGS):
        middle = (same + changed) / 2
        if line.at(middle)[output] == before:
            same = middle
        else:
            changed = middle
    after = line.at(changed)[output]
    if abs(after - before) > ULPS * line.eps * max(line.largest(line.widths[0])[output], 1.0):
        raise NotDifferentiableError(
            f"f[{output}] is a step function of {line.name}: constant around {line.place(0.0)}, it jumps from "
            f"{before:.15g} to {after:.15g} at {line.place(changed)}. Its derivative is 0 or does not exist, and "
            "tells nothing. For counts of rows (a confusion matrix, a metric) use conjac.confusion_jacobian, the "
            "derivative of the population's; a function computed in single precision must be computed in double"
        )


def refuse_kinks(line: Line) -> None:
    """Raise if the slope from the left differs from the slope to the right, however closely one looks.

    Raises
    ------
    NotDifferentiableError
        Naming the output, the input and both slopes.
    """
    left, right = line.slopes(-1), line.slopes(1)
    kinked = _lasting(line, np.abs(right - left), left, right)
    if kinked.any():
        look, output = np.argwhere(kinked)[-1]
        before, after = (float(slopes[look, output]) * line.rate for slopes in (left, right))
        raise NotDifferentiableError(
            f"f[{output}] has a kink in {line.name} at {line.place(0.0)}: its slope is {before:.6g} on the left and "
            f"{after:.6g} on the right; move the point off the kink"
        )


def refuse_silence(line: Line, still: BoolArray) -> None:
    """Raise if an output whose derivative is said to be 0 has a slope, however closely one looks.

    Raises
    ------
    NotDifferentiableError
        Naming the output, the input and the slope.
    """
    across = line.slopes(0)
    moving = _lasting(line, np.abs(across), across) & still
    if moving.any():
        look, output = np.argwhere(moving)[-1]
        raise NotDifferentiableError(
            f"f[{output}] has a slope of {across[look, output] * line.rate:.6g} in {line.name}, and a derivative of 0 "
            "by automatic differentiation: f leaves the library, or tells it not to differentiate (no_grad, detach, "
            "stop_gradient)"
        )


def _lasting(line: Line, size: FloatArray, *slopes: FloatArray) -> BoolArray:
    """Tell at which looks, shape (n, v), a size is clear and all slopes are within a quarter of it at closer looks."""
    rounding = ULPS * line.rounding
    lasting = size > CLEAR * np.maximum(rounding, ULPS * line.eps / line.widths[:, None])
    lasting[-2:] = False  # one closer look may agree by chance
    for k in np.flatnonzero(lasting.any(axis=1)):
        for slope in slopes:
            lasting[k] &= (np.abs(slope[k + 1 :] - slope[k]) < size[k] / 4 + rounding[k + 1 :]).all(axis=0)
    return lasting
