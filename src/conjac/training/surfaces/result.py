"""A figure and its gradient over a grid of two things: `Surface`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from conjac._typing import BoolArray, FloatArray
from conjac.errors import InvalidInputError
from conjac.frames import as_plain, to_frame
from conjac.reading import as_array, as_float
from conjac.training.surfaces.interpolate import Interpolant


@dataclass(frozen=True, eq=False)
class SurfacePoint:
    """A surface at points between its nodes.

    Attributes
    ----------
    value : array of shape (...)
        The figure.
    gradient : array of shape (..., 2)
        Of what is interpolated, per unit of each axis.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> y, score = np.arange(200) % 2, np.arange(200) / 200
    >>> over = {"threshold": [0.4, 0.6], "prevalence": [0.2, 0.5]}
    >>> cj.surface(lambda S: S, score[:, None], y, over, "recall").at(0.5, [0.3, 0.4]).gradient.shape
    (2, 2)
    """

    value: FloatArray
    gradient: FloatArray


@dataclass(frozen=True)
class BestNode:
    """The best node of a grid, and what that is worth.

    Attributes
    ----------
    values : dict of str to float
        Of both axes, by name.
    value, stderr : float
        The figure there, and its standard error.
    n_nodes : int
        Among which it was chosen.
    n_alike : int
        Other nodes that fall short of it by no more than its standard error.
    note : str
        What its value is worth, in words.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> y, score = np.arange(200) % 2, np.arange(200) / 200
    >>> over = {"threshold": [0.4, 0.6], "prevalence": [0.2, 0.5]}
    >>> cj.surface(lambda S: S, score[:, None], y, over, "recall").best().values["threshold"]
    0.4
    """

    values: Mapping[str, float]
    value: float
    stderr: float
    n_nodes: int
    n_alike: int
    note: str


@dataclass(frozen=True, eq=False, repr=False)
class Surface:
    """A cell or a metric, with its gradient, over a grid of two things.

    Made by `surface`.

    Attributes
    ----------
    names : tuple of str
        Of the two axes.
    values : tuple of two arrays of shape (n_first,) and (n_second,)
        Of the two axes, increasing.
    value, stderr : array of shape (n_first, n_second)
        At the nodes, from exact counts; at a prevalence, from these reweighted by class.
    gradient : array of shape (n_first, n_second, 2)
        Derivative by each axis, per ``units``; nan where it is not known.
    gradient_stderr : array of shape (n_first, n_second, 2)
        Standard error of the bias-corrected derivative, as in `Sensitivity`.
    metric : str
        The cell or metric.
    greater_is_better : bool
        Which way it improves.
    units : tuple of str
        What a step of 1 of each axis is.
    scales : tuple of {"linear", "log"}
        On which each axis is interpolated.
    methods : tuple of str
        How the derivative by each axis was made: "tangent", "secant", "implicit" (through training, by the implicit
        function theorem), "reweighting" (of a share, exact), or "refit", where it is not known and only values tell;
        several where nodes differ.
    diagnostics : mapping
        Fits and scorings, where points were put, and what was assumed.

    Notes
    -----
    How it is made is with `surface` and in :doc:`/training`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 4000)
    >>> X = rng.normal(size=(4000, 2)) + y[:, None]
    >>> found = cj.surface(lambda X: X.sum(axis=1), X, y, over={"threshold": [0.5, 1.0, 1.5], "drift[x0]": [0.0, 1.0]})
    >>> found
    Surface of f1 over threshold (3) x drift[x0] (2): 0.7276 to 0.7747
      threshold   0.5 to 1.5, linear, as given; slope: tangent, per 1 unit of score
      drift[x0]   0 to 1, linear, as given; slope: tangent, per 1 sd
      best of 6 nodes 0.7747 ± 0.0069 at threshold=0.5, drift[x0]=0: in-sample; 1 other within one standard error
    """

    names: tuple[str, str]
    values: tuple[FloatArray, FloatArray]
    value: FloatArray
    stderr: FloatArray
    gradient: FloatArray
    gradient_stderr: FloatArray
    metric: str
    greater_is_better: bool
    units: tuple[str, str]
    scales: tuple[str, str]
    methods: tuple[str, str]
    diagnostics: Mapping[str, Any]
    _interpolant: Interpolant = field(repr=False)

    def at(self, first: Any, second: Any) -> SurfacePoint:
        """Interpolate by values and gradients.

        Parameters
        ----------
        first, second : float or array of shape (n_points,) or any other
            Of each axis, in its own numbers; they broadcast.

        Returns
        -------
        SurfacePoint
            Value and gradient, the latter per unit of each axis.

        Raises
        ------
        InvalidInputError
            A point outside the grid, where nothing is extrapolated, or shapes that do not broadcast.
        """
        points = [self._coordinate(k, told) for k, told in enumerate((first, second))]
        try:
            np.broadcast_shapes(*(point.shape for point in points))
        except ValueError:
            raise InvalidInputError(f"at: shapes {points[0].shape} and {points[1].shape} do not broadcast") from None
        return SurfacePoint(self._interpolant.value(*points), self._interpolant.gradient(*points))

    def _coordinate(self, k: int, told: Any) -> FloatArray:
        name, values = self.names[k], self.values[k]
        point = as_float(as_array(told, name), name).astype(np.float64)
        outside = point[~((point >= values[0]) & (point <= values[-1]))]
        if outside.size:
            raise InvalidInputError(
                f"at: {name}={outside.flat[0]:g} lies outside [{values[0]:g}, {values[-1]:g}], and nothing is "
                "extrapolated; make the surface over more"
            )
        return np.log(point) if self.scales[k] == "log" else point

    def best(self) -> BestNode:
        """Return the best node, of values that are defined: the highest, or of costs and errors the lowest.

        It was chosen on the rows that it is told on, so its value is optimistic, the more so the more nodes do as well.
        Choose on rows of their own, and tell on others.

        Returns
        -------
        BestNode
            With how many nodes do as well.

        Raises
        ------
        InvalidInputError
            No node at which the metric is defined.
        """
        score, (i, j) = self._score()
        error = float(self.stderr[i, j])
        alike = int(self.alike().sum()) - 1
        others = "no other" if not alike else f"{alike} other{'s' * (alike > 1)}"
        return BestNode(
            values={name: float(of[k]) for name, of, k in zip(self.names, self.values, (i, j), strict=True)},
            value=float(self.value[i, j]),
            stderr=error,
            n_nodes=score.size,
            n_alike=alike,
            note=f"in-sample; {others} within one standard error",
        )

    def alike(self) -> BoolArray:
        """Tell which nodes fall short of the best by no more than its standard error, it among them.

        Returns
        -------
        array of shape (n_first, n_second)

        Raises
        ------
        InvalidInputError
            No node at which the metric is defined.
        """
        score, best = self._score()
        return np.asarray(score >= score[best] - np.nan_to_num(self.stderr[best]))

    def _score(self) -> tuple[FloatArray, tuple[int, int]]:
        """Return the values, turned so that more is better, -inf where undefined; and the place of the best."""
        sign = 1.0 if self.greater_is_better else -1.0
        score = np.where(np.isfinite(self.value), sign * self.value, -np.inf)
        if not np.isfinite(score).any():
            raise InvalidInputError(f"best: {self.metric} is defined at no node")
        i, j = (int(k) for k in np.unravel_index(score.argmax(), score.shape))
        return score, (i, j)

    def to_columns(self) -> dict[str, FloatArray | list[str]]:
        """Return the nodes as columns, a row a node.

        Returns
        -------
        dict of str to array of shape (n_nodes,)
            Both axes, the figure, its slopes per unit of each axis, and errors.
        """
        first, second = np.meshgrid(*self.values, indexing="ij")
        found: dict[str, Any] = {self.names[0]: first.ravel(), self.names[1]: second.ravel()}
        found |= {"metric": [self.metric] * first.size, "value": self.value.ravel(), "stderr": self.stderr.ravel()}
        for k, name in enumerate(self.names):
            found[f"gradient by {name}"] = self.gradient[..., k].ravel()
            found[f"stderr of gradient by {name}"] = self.gradient_stderr[..., k].ravel()
        return found

    def to_frame(self, backend: str = "pandas") -> Any:
        """Return the nodes as a frame, a row a node.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}
            Which library's frame.

        Returns
        -------
        frame
            As `to_columns` has it.

        Raises
        ------
        InvalidInputError
            An unknown backend.
        MissingDependencyError
            The backend is not installed.
        """
        return to_frame(self.to_columns(), backend)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain types, ready for JSON; nan becomes None.

        Returns
        -------
        dict of str to Any
            Axes, units, values, slopes and errors, as lists and numbers.
        """
        figures = ("value", "stderr", "gradient", "gradient_stderr")
        found: dict[str, Any] = as_plain(
            {
                "schema": "conjac.surface/1",
                "metric": self.metric,
                "greater_is_better": self.greater_is_better,
                "axes": [
                    {"name": name, "values": values, "unit": unit, "scale": scale, "method": method}
                    for name, values, unit, scale, method in zip(
                        self.names, self.values, self.units, self.scales, self.methods, strict=True
                    )
                ],
                **{name: getattr(self, name) for name in figures},
                "diagnostics": dict(self.diagnostics),
            }
        )
        return found

    def plot(self, *, ax: Any = None) -> Any:
        """Draw the surface as a heat map with its nodes; see `SurfaceDisplay`.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        Axes
            Of Matplotlib, drawn on.
        """
        from conjac.views.displays import SurfaceDisplay

        return SurfaceDisplay.of(self).plot(ax).ax_

    def __repr__(self) -> str:
        """Show what the surface is over, and its best node."""
        sizes = " x ".join(f"{name} ({len(at)})" for name, at in zip(self.names, self.values, strict=True))
        known = self.value[np.isfinite(self.value)]
        if not known.size:
            return f"Surface of {self.metric} over {sizes}: defined at no node"
        lines = [f"Surface of {self.metric} over {sizes}: {known.min():.4g} to {known.max():.4g}"]
        width = max(map(len, self.names))
        rows = zip(self.names, self.values, self.scales, self.methods, self.units, strict=True)
        lines += [
            f"  {name:<{width}}   {at[0]:g} to {at[-1]:g}, {scale}, {self.diagnostics['stopped'][name]}; "
            f"slope: {method}, per {unit}"
            for name, at, scale, method, unit in rows
        ]
        best = self.best()
        where = ", ".join(f"{name}={value:.4g}" for name, value in best.values.items())
        lines.append(f"  best of {best.n_nodes} nodes {best.value:.4g} ± {best.stderr:.2g} at {where}: {best.note}")
        return "\n".join(lines)
