"""A function along a line through a point, looked at on many scales."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from conjac._typing import FloatArray

Evaluate = Callable[[FloatArray], FloatArray]

OCTAVES = 4
"""Between one look and the next closer one."""
RESOLVED = 16
"""Spacings of floating-point numbers below which a displacement is not trusted."""
SIDE = 1 - 2.0**-20
"""How much of the way to where a coordinate changes sign still lies on the point's side."""


class Line:
    """The values of f on both sides of a point, at widths from one unit down.

    A coordinate's unit is 1, or the power of two below a larger one. Looks begin there, and once more at what a
    coordinate itself amounts to (next to 0), or at 1 (far from 0): nothing but f knows on which scale it varies.

    Parameters
    ----------
    evaluate : callable
        From a point to f there, array of shape (v,), nan where f does not exist.
    point : array of shape (u,)
    value : array of shape (v,)
        f at the point.
    direction : array of shape (u,)
        Not 0.
    eps : float
        Relative precision in which f computes.

    Attributes
    ----------
    step : array of shape (u,)
        One unit along the direction.
    rate : float
        Units in the direction: a slope per unit times this is one along the direction.
    widths : array of shape (n,)
        Displacements in units, falling.
    """

    def __init__(
        self, evaluate: Evaluate, point: FloatArray, value: FloatArray, direction: FloatArray, eps: float
    ) -> None:
        self.point, self.value, self.eps = point, value, eps
        self._evaluate = evaluate
        self._seen = {0.0: value}
        size = np.abs(point)
        self.rate = float(np.max(np.abs(direction) / 2.0 ** np.floor(np.log2(np.maximum(size, 1.0)))))
        self.step = direction / self.rate
        self._moving = np.flatnonzero(self.step)
        self.widths = self._widths(np.where(size > 0, np.minimum(size, 1.0), 1.0))

    def _widths(self, own: FloatArray) -> FloatArray:
        step, size = np.abs(self.step[self._moving]), np.abs(self.point[self._moving])
        own_width = int(np.floor(np.log2((own[self._moving] / step).min()) / OCTAVES)) * OCTAVES
        depth = int(2 - np.log2(self.eps) / 2)
        powers = {start - down for start in (0, min(own_width, 0)) for down in range(0, depth + 1, OCTAVES)}
        widths = 2.0 ** np.array(sorted(powers, reverse=True))
        return np.asarray(widths[widths >= RESOLVED * self.eps * (size / step).min()])

    def at(self, displacement: float) -> FloatArray:
        """Return f so many units along, array of shape (v,)."""
        if displacement not in self._seen:
            self._seen[displacement] = self._evaluate(self.point + displacement * self.step)
        return self._seen[displacement]

    @cached_property
    def right(self) -> FloatArray:
        """F after each width, array of shape (n, v)."""
        return np.stack([self.at(width) for width in self.widths.tolist()])

    @cached_property
    def left(self) -> FloatArray:
        """F before each width, array of shape (n, v)."""
        return np.stack([self.at(-width) for width in self.widths.tolist()])

    def slopes(self, side: int) -> FloatArray:
        """Return slopes per unit over each width: to the right (1), from the left (-1), across (0); shape (n, v)."""
        after, before = (self.value if side == -1 else self.right), (self.value if side == 1 else self.left)
        return np.asarray((after - before) / self.widths[:, None] / (1 if side else 2))

    def largest(self, width: float) -> FloatArray:
        """Return the magnitude of f as far as it was seen within a width, array of shape (v,)."""
        return np.asarray(np.fmax.reduce([np.abs(value) for t, value in self._seen.items() if abs(t) <= width]))

    @cached_property
    def rounding(self) -> FloatArray:
        """Error of the slope over each width, for the spacing of f's numbers there; array of shape (n, v)."""
        met = np.stack([self.largest(width) for width in self.widths])
        return np.asarray(self.eps * met / self.widths[:, None])

    def room(self, side: int) -> float:
        """Return how far one can go to one side before a coordinate changes its sign."""
        moving = self._moving
        toward = self.point[moving] * self.step[moving] * side < 0
        return SIDE * float(np.min(np.abs(self.point[moving] / self.step[moving]), initial=np.inf, where=toward))

    @property
    def name(self) -> str:
        """The input that changes."""
        return f"x[{self._moving[0]}]" if len(self._moving) == 1 else "x along a slanted line"

    def place(self, displacement: float) -> str:
        """Tell where on the line a displacement leads."""
        if len(self._moving) > 1:
            return f"{displacement:.3g} units from the point"
        axis = self._moving[0]
        return f"{self.point[axis] + displacement * self.step[axis]:.15g}"


def slanted(point: FloatArray) -> FloatArray:
    """Return a direction that moves every input, each by another part of its unit; the first by 1."""
    unit = np.maximum(np.abs(point), 1.0)
    return np.asarray(np.cos(np.arange(len(point))) * unit / unit[0])
