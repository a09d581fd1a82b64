"""A figure over two things at once, with its best node: `SurfacePlot`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from conjac._typing import FloatArray, IntArray
from conjac.training.surfaces import Surface
from conjac.views.summary.measure import clean, title_of
from conjac.views.summary.picture import Picture, Table, table

FINE = 61
"""Points along each axis at which the surface is drawn between its nodes."""
ARROWS = 9
"""Arrows of the gradient along each axis."""
LINES = 49
"""Nodes along each axis in a picture, at most."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two axes.

    Attributes
    ----------
    name : str
    scale : {"linear", "log"}
    unit : str
        What a step of 1 of the gradient is.
    nodes : tuple of float
        Where the surface was computed, increasing.
    fine : tuple of float
        Where it is drawn between, increasing.
    """

    name: str
    scale: str
    unit: str
    nodes: tuple[float, ...]
    fine: tuple[float, ...]

    @property
    def label(self) -> str:
        """Name of the axis for people."""
        if self.name.startswith("drift["):
            return f"{self.name} (sd)"
        return self.name + (" (log scale)" if self.scale == "log" else "")


@dataclass(frozen=True, kw_only=True)
class SurfacePlot(Picture):
    """A figure over two things at once.

    Attributes
    ----------
    figure : str
        Name of the metric or cell.
    first, second : Side
        The axes.
    value, stderr, first_slope, second_slope : tuple of tuple of float
        At the nodes, of shape (n_first, n_second); nan where undefined, or where a slope is not known.
    drawn : tuple of tuple of float
        Between them, of shape (n_fine_first, n_fine_second); nan next to an undefined node.
    best : tuple of int
        Place of the best node; empty where the figure is defined at none, or where an axis is nothing to choose, as a
        prevalence is.
    alike : tuple of tuple of bool
        Which nodes fall short of the best by no more than its standard error.
    undefined : int
        Nodes at which the figure is not defined.
    n_nodes : int
        How many there are; more than are shown where the grid was thinned.
    arrows : tuple of tuple of float
        The gradient, if asked for: where, and by how much the figure rises over the width and the height of the
        picture; (x, y, rise, rise).
    """

    schema: ClassVar[str] = "conjac.surfaceplot/1"
    figure: str
    first: Side
    second: Side
    value: Table
    stderr: Table
    first_slope: Table
    second_slope: Table
    drawn: Table
    best: tuple[int, ...]
    alike: tuple[tuple[bool, ...], ...]
    undefined: int
    n_nodes: int
    arrows: Table = ()

    @classmethod
    def of(cls, surface: Surface, arrows: bool = False, fine: int = FINE) -> SurfacePlot:
        """Take a surface, at its nodes and between them.

        Parameters
        ----------
        surface : Surface
        arrows : bool
            Draw the gradient, at even distances.
        fine : int
            Points along each axis at which it is drawn between its nodes.

        Examples
        --------
        >>> import numpy as np
        >>> import conjac as cj
        >>> rng = np.random.default_rng(0)
        >>> y = rng.integers(0, 2, 4000)
        >>> X = rng.normal(size=(4000, 2)) + y[:, None]
        >>> over = {"threshold": [0.5, 1.0, 1.5], "drift[x0]": [0.0, 1.0]}
        >>> SurfacePlot.of(cj.surface(lambda X: X.sum(axis=1), X, y, over)).description[:54]
        'Best of 6 nodes: 0.775 ± 0.0069 at threshold=0.5, drif'
        """
        known = np.isfinite(surface.value)
        at: tuple[int, ...] = ()
        alike = np.zeros(known.shape, dtype=bool)
        if known.any() and _chosen(surface):
            alike, best = surface.alike(), surface.best()
            at = tuple(
                int(np.flatnonzero(values == best.values[name])[0])
                for name, values in zip(surface.names, surface.values, strict=True)
            )
        lines = [_lines(len(values), at[k] if at else 0) for k, values in enumerate(surface.values)]
        grid = np.ix_(*lines)
        between = [_fine(values, scale, fine) for values, scale in zip(surface.values, surface.scales, strict=True)]
        sides = [
            Side(name=clean(name), scale=scale, unit=clean(unit), nodes=_row(values[shown]), fine=_row(drawn))
            for name, scale, unit, values, shown, drawn in zip(
                surface.names, surface.scales, surface.units, surface.values, lines, between, strict=True
            )
        ]
        figure = title_of(surface.metric)
        return cls(
            title=f"{figure} over {sides[0].name} and {sides[1].name}",
            description=_described(surface, figure),
            figure=figure,
            first=sides[0],
            second=sides[1],
            value=table(surface.value[grid]),
            stderr=table(surface.stderr[grid]),
            first_slope=table(surface.gradient[..., 0][grid]),
            second_slope=table(surface.gradient[..., 1][grid]),
            drawn=table(surface.at(between[0][:, None], between[1]).value),
            best=tuple(int(np.searchsorted(shown, k)) for shown, k in zip(lines, at, strict=False)),
            alike=tuple(map(tuple, alike[grid].tolist())),
            undefined=int((~known).sum()),
            n_nodes=known.size,
            arrows=_arrows(surface) if arrows else (),
        )

    def to_columns(self) -> dict[str, list[Any]]:
        """Return one row a node: where it is, the figure with its standard error, and both slopes."""
        n = len(self.second.nodes)
        rows = ("value", "stderr", "first_slope", "second_slope")
        names = ("value", "stderr", f"slope by {self.first.name}", f"slope by {self.second.name}")
        return {
            self.first.name: [at for at in self.first.nodes for _ in range(n)],
            self.second.name: list(self.second.nodes) * len(self.first.nodes),
            **{name: [v for line in getattr(self, row) for v in line] for name, row in zip(names, rows, strict=True)},
            "within_one_stderr_of_best": [v for line in self.alike for v in line],
        }


def _lines(n: int, best: int) -> IntArray:
    """Return which lines of nodes to show: all of few, else evenly, and that of the best node."""
    if n <= LINES:
        return np.arange(n)
    return np.union1d(np.linspace(0, n - 1, LINES - 1).round().astype(np.intp), [best])


def _fine(values: FloatArray, scale: str, n: int) -> FloatArray:
    """Return points from one end of an axis to the other, evenly as it is drawn."""
    between = np.geomspace if scale == "log" else np.linspace
    found = between(values[0], values[-1], n)
    found[[0, -1]] = values[[0, -1]]
    return found


def _arrows(surface: Surface) -> Table:
    """Return the gradient at even distances, in units of the picture's width and height; none where undefined."""
    logs = [scale == "log" for scale in surface.scales]
    ends = [np.log(at[[0, -1]]) if log else at[[0, -1]] for at, log in zip(surface.values, logs, strict=True)]
    inside = (np.arange(ARROWS) + 0.5) / ARROWS
    told = [low + inside * (high - low) for low, high in ends]
    x, y = np.meshgrid(*(np.exp(at) if log else at for at, log in zip(told, logs, strict=True)), indexing="ij")
    rise = surface.at(x, y).gradient * [high - low for low, high in ends]
    rows = np.column_stack([x.ravel(), y.ravel(), rise.reshape(-1, 2)])
    return table(rows[np.isfinite(rows).all(axis=1)])


def _row(values: FloatArray) -> tuple[float, ...]:
    return tuple(values.tolist())


def _described(surface: Surface, figure: str) -> str:
    known = surface.value[np.isfinite(surface.value)]
    if not known.size:
        return f"{figure} is defined at no node."
    missing = surface.value.size - known.size
    undefined = f" Undefined at {missing} nodes, left blank." if missing else ""
    reach = f"From {known.min():.3g} to {known.max():.3g}.{undefined}"
    if not _chosen(surface):
        return reach
    best = surface.best()
    where = ", ".join(f"{clean(name)}={value:.4g}" for name, value in best.values.items())
    return f"Best of {best.n_nodes} nodes: {best.value:.3g} ± {best.stderr:.2g} at {where}; {best.note}. {reach}"


def _chosen(surface: Surface) -> bool:
    """Tell whether both axes are decisions: of populations, the best is only the easiest."""
    return not any(name.partition("[")[0] == "prevalence" for name in surface.names)
