"""Inputs in the order of what their drift does to a metric: `DriftRanking`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac.drift.tables import WHAT_IT_IS, categories, numbers, text
from conjac.errors import InvalidInputError
from conjac.frames import as_plain, to_frame
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric
from conjac.sensitivity import Sensitivity


@dataclass(frozen=True, eq=False, repr=False)
class DriftRanking:
    """How far a metric moves as each input drifts: two tables, of numbers and of categories.

    Made by `rank_drifts`.

    Attributes
    ----------
    metric : str or Metric
        What was asked for.
    told : Sensitivity or None
        Of it by the numeric inputs, in the order of ``jacobian.parameters``; None where there are none.
    jacobian : ConfusionJacobian or None
        Of the numeric inputs, per unit of drift: ``jvp`` tells of several that drift together.
    shares : mapping of str to ConfusionJacobian
        Of each column of categories, or of one-hot columns together, where all rows drift.
    notes : mapping of str to str
        Of the numeric inputs whose drift, alone, leaves the data's support.
    left_out : mapping of str to str
        Why inputs are in neither table, where all were asked for.

    Notes
    -----
    Numbers move margins, and shares of categories move weights: see :doc:`/features`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(2000, 2)), rng.integers(0, 2, 2000)
    >>> score = lambda X: np.tanh(X[:, 0] + X[:, 1])
    >>> cj.rank_drifts(score, X + 0.5 * y[:, None], y)
    What a drift of each input does to recall = 0.7645: sensitivity, not importance
      numbers, tangent
      x0     +0.1992 ± 0.012    per 1 sd
      x1     +0.1983 ± 0.012    per 1 sd
    """

    metric: str | Metric
    told: Sensitivity | None
    jacobian: ConfusionJacobian | None
    shares: Mapping[str, ConfusionJacobian]
    notes: Mapping[str, str]
    left_out: Mapping[str, str]

    @property
    def order(self) -> tuple[str, ...]:
        """The numeric inputs, the one that moves the metric the most first."""
        if self.told is None or self.jacobian is None:
            return ()
        size = np.nan_to_num(np.abs(self.told.gradient), nan=-1.0)
        return tuple(self.jacobian.parameters[place] for place in np.argsort(-size, kind="stable"))

    def to_columns(self, table: str = "numeric", level: float = 0.95) -> dict[str, list[Any]]:
        """Return a table as columns, what moves the metric the most first; categories without an interval come last.

        Parameters
        ----------
        table : {"numeric", "categories"}
            Which table.
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        dict of str to list
            A row an input; slopes and their limits per unit of drift, or of share.

        Raises
        ------
        InvalidInputError
            Another table, or a level outside (0, 1).
        """
        if table not in ("numeric", "categories"):
            raise InvalidInputError(f"table={table!r}: expected 'numeric' or 'categories', which are never one ranking")
        return numbers(self, level) if table == "numeric" else categories(self, level)

    def to_frame(self, table: str = "numeric", backend: str = "pandas", level: float = 0.95) -> Any:
        """Return a table as a frame.

        Parameters
        ----------
        table : {"numeric", "categories"}
            Which table.
        backend : {"pandas", "polars", "pyarrow"}
            Which library's frame.
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        frame
            As `to_columns` has it.

        Raises
        ------
        InvalidInputError
            Another table, an unknown backend, or a level outside (0, 1).
        MissingDependencyError
            The backend is not installed.
        """
        return to_frame(self.to_columns(table, level), backend)

    def to_dict(self, level: float = 0.95) -> dict[str, Any]:
        """Return both tables as plain types, ready for JSON; nan becomes None.

        Parameters
        ----------
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        dict of str to Any
            Both tables, what was left out, and the diagnostics, as lists and numbers.

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        """
        J = self.jacobian
        found: dict[str, Any] = as_plain(
            {
                "schema": "conjac.drifts/1",
                "what": WHAT_IT_IS,
                "level": level,
                "method": None if J is None else J.method,
                "numeric": self.to_columns("numeric", level),
                "categories": self.to_columns("categories", level),
                "left_out": dict(self.left_out),
                "diagnostics": {} if J is None else dict(J.diagnostics),
            }
        )
        return found

    def plot(self, *, ax: Any = None, kind: str = "numeric") -> Any:
        """Draw a table as a ranking with whiskers; see `DriftDisplay`.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure if not given.
        kind : {"numeric", "categories"}
            Which table.

        Returns
        -------
        Axes
            Of Matplotlib, drawn on.

        Raises
        ------
        InvalidInputError
            Another kind.
        """
        from conjac.views.displays import DriftDisplay

        return DriftDisplay.of(self, kind).plot(ax).ax_

    def __repr__(self) -> str:
        """Show both tables."""
        return text(self)
