"""How one confusion matrix differs from another: the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conjac._typing import AnyArray, BoolArray, FloatArray
from conjac.errors import InvalidInputError
from conjac.frames import as_plain, to_frame
from conjac.inference import Estimate, Interval


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """How a second confusion matrix differs from a first: b - a, each figure with a standard error.

    Make one with `compare`.

    Attributes
    ----------
    labels : tuple of length K
        Class labels, in the order of rows and columns.
    paired : bool
        Whether both judge the same rows, so that what they agree on cancels; ``diagnostics["rows"]`` says why.
    metrics : tuple of str
        Names of the metrics compared.
    value_a, value_b, difference, stderr : array of shape (n_metrics,)
        In the unit of each metric. The difference and its error are nan where a metric is 0/0 in either.
    p_values : array of shape (n_metrics,)
        Two-sided, adjusted by Holm's method for all metrics listed.
    beyond_noise : boolean array of shape (n_metrics,)
        ``p_values`` below 1 - ``level``: the chance that any is True where nothing differs is at most that.
    level : float
        Of intervals; 1 less it is the chance of any false alarm among all metrics.
    shares : Estimate
        Differences of the cells as shares of all rows: ``value`` and ``stderr``, arrays of shape (K, K), and
        ``confint``. Not adjusted.
    counts : Estimate or None
        Differences of the counts; None where the totals differ.
    slopes : Estimate or None
        Of curves and tallies: differences of the derivatives of the cells, as shares of all rows, by the threshold, per
        1.0 of it.
    diagnostics : mapping
        How the rows were paired, at which threshold, and what not to believe.

    Notes
    -----
    Formulas and sources (McNemar 1947, Newcombe 1998, Holm 1979) are with `compare`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 1000)
    >>> skilled = rng.normal(2 * y, 1)
    >>> a, b = (cj.confusion_jacobian(y, skilled, threshold=t) for t in (1.0, 0.8))
    >>> found = cj.compare(a, b, metrics=["accuracy", "recall"])
    >>> found.difference.round(3), found.beyond_noise
    (array([0.004, 0.041]), array([False,  True]))
    """

    labels: tuple[Any, ...]
    paired: bool
    metrics: tuple[str, ...]
    value_a: FloatArray
    value_b: FloatArray
    difference: FloatArray
    stderr: FloatArray
    p_values: FloatArray
    beyond_noise: BoolArray
    level: float
    shares: Estimate
    counts: Estimate | None
    slopes: Estimate | None
    diagnostics: Mapping[str, Any]
    _raw: FloatArray = field(repr=False)
    _band: Callable[[float], Interval] = field(repr=False)

    def confint(self, level: float | None = None) -> Interval:
        """Return each metric's own interval, not adjusted.

        Parameters
        ----------
        level : float, optional
            Nominal coverage of an interval, inside (0, 1). Default: the result's own ``level``.

        Returns
        -------
        Interval
            Lower and upper limits of the differences, arrays of shape (n_metrics,).

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        """
        return self._band(self.level if level is None else level)

    def to_columns(self, of: str = "metrics") -> dict[str, list[Any]]:
        """Return one row a metric, or one row a cell, as columns.

        Parameters
        ----------
        of : {"metrics", "cells"}
            Which table.

        Returns
        -------
        dict of str to list
            A row a metric, or a row a cell.

        Raises
        ------
        InvalidInputError
            Another table.
        """
        if of == "metrics":
            lower, upper = self.confint()
            told: dict[str, AnyArray] = {
                "a": self.value_a,
                "b": self.value_b,
                "difference": self.difference,
                "stderr": self.stderr,
                "lower": lower,
                "upper": upper,
                "p_value": self.p_values,
                "beyond_noise": self.beyond_noise,
            }
            return {"metric": list(self.metrics), **{name: values.tolist() for name, values in told.items()}}
        if of != "cells":
            raise InvalidInputError(f"of={of!r}: expected 'metrics' or 'cells'")
        size = len(self.labels)
        columns = {"true": [x for x in self.labels for _ in range(size)], "predicted": list(self.labels) * size}
        for name, figure in (("share", self.shares), ("count", self.counts), ("slope", self.slopes)):
            if figure is not None:
                sides = (figure.value, figure.stderr, *figure.confint(self.level))
                parts = zip((name, f"{name}_stderr", f"{name}_lower", f"{name}_upper"), sides, strict=True)
                columns |= {part: values.ravel().tolist() for part, values in parts}
        return columns

    def to_frame(self, backend: str = "pandas", of: str = "metrics") -> Any:
        """Return `to_columns` as a data frame.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}
            Which library's frame.
        of : {"metrics", "cells"}
            Which table.

        Returns
        -------
        frame
            As `to_columns` has it.

        Raises
        ------
        InvalidInputError
            An unknown backend or table.
        MissingDependencyError
            The backend is not installed.
        """
        return to_frame(self.to_columns(of), backend)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain types, ready for JSON; nan becomes None.

        Returns
        -------
        dict of str to Any
            Both tables and the diagnostics, as lists and numbers.
        """
        plain: dict[str, Any] = as_plain(
            {
                "schema": "conjac.comparison/1",
                **{name: getattr(self, name) for name in ("labels", "paired", "level")},
                **{of: self.to_columns(of) for of in ("metrics", "cells")},
                "diagnostics": dict(self.diagnostics),
            }
        )
        return plain

    def plot(self, *, ax: Any = None, of: str = "metrics") -> Any:
        """Draw what differs; see `ComparisonDisplay` and, of cells, `ConfusionDifferenceDisplay`.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure if not given.
        of : {"metrics", "cells"}
            Which picture.

        Returns
        -------
        Axes
            Of Matplotlib, drawn on.

        Raises
        ------
        InvalidInputError
            Another picture.
        """
        from conjac.views.displays import ComparisonDisplay, ConfusionDifferenceDisplay

        if of not in ("metrics", "cells"):
            raise InvalidInputError(f"of={of!r}: expected 'metrics' or 'cells'")
        display = ComparisonDisplay.of(self) if of == "metrics" else ConfusionDifferenceDisplay.of(self)
        return display.plot(ax).ax_

    def __repr__(self) -> str:
        """Show each metric's difference with its interval."""
        lines = [f"Comparison b - a on {self.diagnostics['rows']}"]
        width = max(map(len, self.metrics), default=0)
        rows = zip(self.metrics, self.difference, *self.confint(), self.beyond_noise, strict=True)
        for name, value, lower, upper, beyond in rows:
            word = "beyond noise" if beyond else "within noise"
            lines.append(f"  {name:<{width}}  {value:+.4g} [{lower:.4g}, {upper:.4g}]  {word}")
        return "\n".join([*lines, f"  {self.diagnostics['correction']}"])
