"""A grid of two axes, and the figures at its nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from conjac._typing import FloatArray, IntArray
from conjac.training.surfaces.axes import Axis
from conjac.training.surfaces.interpolate import Interpolant


@dataclass(frozen=True, eq=False)
class Nodes:
    """Figures at the nodes of a grid.

    Attributes
    ----------
    value, stderr : array of shape (n_first, n_second)
    gradient, gradient_stderr : array of shape (n_first, n_second, 2)
    """

    value: FloatArray
    stderr: FloatArray
    gradient: FloatArray
    gradient_stderr: FloatArray

    @classmethod
    def empty(cls, shape: tuple[int, ...]) -> Self:
        """Return nodes of which nothing is known."""
        return cls(*(np.full(of, np.nan) for of in (shape, shape, (*shape, 2), (*shape, 2))))

    def joined(self, other: Nodes, axis: int) -> Self:
        """Return these lines along an axis and others behind them."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return type(self)(*(np.concatenate(pair, axis=axis) for pair in pairs))

    def part(self, places: IntArray, axis: int) -> Self:
        """Return some lines along an axis, in an order."""
        return type(self)(*(np.take(values, places, axis=axis) for values in vars(self).values()))


@dataclass(frozen=True, eq=False)
class Grid:
    """Nodes, and where they lie.

    Attributes
    ----------
    axes : tuple of Axis
    values : tuple of array
        Of both axes, shapes (n_first,) and (n_second,), increasing.
    nodes : Nodes
    """

    axes: tuple[Axis, Axis]
    values: tuple[FloatArray, FloatArray]
    nodes: Nodes

    def interpolant(self) -> Interpolant:
        """Return the surface between the nodes, in the axes' coordinates."""
        at = [axis.coordinate(values) for axis, values in zip(self.axes, self.values, strict=True)]
        return Interpolant.of(at[0], at[1], self.nodes.value, self.nodes.gradient)

    def with_lines(self, axis: int, values: FloatArray, nodes: Nodes) -> Self:
        """Return the grid with more lines along an axis."""
        together = np.concatenate([self.values[axis], values])
        order = np.argsort(together)
        first, second = (together[order] if k == axis else self.values[k] for k in (0, 1))
        return replace(self, values=(first, second), nodes=self.nodes.joined(nodes, axis).part(order, axis))

    def without_lines(self, axis: int, values: Sequence[float]) -> Self:
        """Return the grid without some lines along an axis."""
        kept = np.flatnonzero(~np.isin(self.values[axis], values))
        first, second = (at[kept] if k == axis else at for k, at in enumerate(self.values))
        return replace(self, values=(first, second), nodes=self.nodes.part(kept, axis))
