"""What each row adds to a slope, and how far it is from another prediction: `RowContributions`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from conjac._typing import AnyArray, BoolArray, FloatArray, IntArray
from conjac.errors import InvalidInputError
from conjac.frames import to_frame

ROLES = ("true", "predicted", "flips_to")
SHOWN = 10
"""Rows in the text of a result."""


@dataclass(frozen=True, eq=False, repr=False)
class RowContributions:
    """What each evaluated row adds to the slope of a cell or a metric, and which rows flip next.

    Made by `ConfusionJacobian.contributions`.

    Attributes
    ----------
    metric, parameter, unit : str
        Of which figure, by what, and what a step of 1 of it is.
    value, slope : float
        Of the figure: as it stands, and its bias-corrected slope per ``unit``, to which the contributions add.
    contribution : array of shape (n_samples,)
        What each row adds, per ``unit``. Of most rows 0: those far from the boundary do not move.
    margin : array of shape (n_samples,)
        From the boundary that a row is nearest to, of those that move, on the rule's scale (log-odds of a probability,
        differences of log-probabilities, or scores); positive where the later of the two classes is predicted.
    outcomes : tuple
        The classes, and the reject option where there is one.
    codes : integer array of shape (3, n_samples)
        Places among the outcomes: of ``label``, ``predicted`` and ``flips_to``.
    diagnostics : mapping
        The method, how the contributions sum, and how many rows add anything.

    Notes
    -----
    Under the tangent, a contribution is the row's influence on the slope: what standard errors are made of. It falls
    off with the distance to the boundary as a kernel does, on both sides alike, and may change its sign in the kernel's
    tails. Denominators, where the figure has any, stay as they are. Under the secant it is the row's weight over the
    step where the row flips, and else 0. Where features drift in some rows alone, the others may add a little: they
    tell the mean velocity at the boundary as well. The estimator whose influence it is: :doc:`/density`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 2000)
    >>> score = 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1)))
    >>> J = cj.confusion_jacobian(y, score)
    >>> rows = J.contributions("fn")
    >>> rows.next_to_flip(3)  # the rows just above the threshold
    array([ 974, 1112, 1185])
    >>> bool(np.isclose(rows.contribution.sum(), J.center[1, 0], rtol=1e-3))
    True
    """

    metric: str
    parameter: str
    unit: str
    value: float
    slope: float
    contribution: FloatArray
    margin: FloatArray
    outcomes: tuple[Any, ...]
    codes: AnyArray
    diagnostics: Mapping[str, Any]
    _ahead: tuple[FloatArray, FloatArray] = field(repr=False)
    _matters: BoolArray = field(repr=False)

    @property
    def label(self) -> AnyArray:
        """Each row's true class, array of shape (n_samples,)."""
        return self._named(self.codes[0])

    @property
    def predicted(self) -> AnyArray:
        """Each row's predicted class, array of shape (n_samples,)."""
        return self._named(self.codes[1])

    @property
    def flips_to(self) -> AnyArray:
        """The class beyond the boundary that each row is nearest to, array of shape (n_samples,)."""
        return self._named(self.codes[2])

    def _named(self, places: AnyArray) -> AnyArray:
        names = np.empty(len(self.outcomes), dtype=object)
        names[:] = self.outcomes
        return names[places.astype(np.intp)]

    def top(self, n: int | None = None, rising: bool | None = None) -> IntArray:
        """Return the places of the rows that add the most, strongest first; of those alone that add anything.

        Parameters
        ----------
        n : int, optional
            How many. Default: all.
        rising : bool, optional
            Only those that make the figure rise (True) or fall (False) with the parameter. Default: both.

        Returns
        -------
        array of shape (n_found,)
            Places of rows, at most ``n``.
        """
        adds = np.nan_to_num(self.contribution)
        adds = adds if rising is None else np.maximum(adds if rising else -adds, 0.0)
        order = np.argsort(-np.abs(adds), kind="stable")
        return np.asarray(order[: np.count_nonzero(adds)][:n])

    def next_to_flip(self, n: int | None = None, rising: bool = True, changing: bool = False) -> IntArray:
        """Return the places of the rows that are predicted otherwise first as the parameter moves, in that order.

        Parameters
        ----------
        n : int, optional
            How many. Default: all that flip at all.
        rising : bool
            As the parameter rises, or falls.
        changing : bool
            Only those whose flip changes the figure: positives alone do that to false negatives.

        Returns
        -------
        array of shape (n_found,)
            Places of rows, at most ``n``.

        Notes
        -----
        By a threshold and an offset the order is exact. By what moves rows at different speeds it is that of margin
        over speed, among the rows near a boundary; of a recount, that of the margin among the rows that flip within the
        step.
        """
        ahead = self._ahead[0 if rising else 1]
        if changing:
            ahead = np.where(self._matters, ahead, np.inf)
        order = np.argsort(ahead, kind="stable")
        return np.asarray(order[: np.count_nonzero(np.isfinite(ahead))][:n])

    def to_columns(self, n: int | None = None) -> dict[str, list[Any]]:
        """Return the rows that add the most as columns, strongest first; all that add anything by default.

        Parameters
        ----------
        n : int, optional
            How many. Default: all that add anything.

        Returns
        -------
        dict of str to list
            The row's place, its classes, its margin and what it adds per ``unit``.
        """
        rows = self.top(n)
        return {
            "row": rows.tolist(),
            **{name: self._named(code[rows]).tolist() for name, code in zip(ROLES, self.codes, strict=True)},
            "margin": self.margin[rows].tolist(),
            "contribution": self.contribution[rows].tolist(),
        }

    def to_frame(self, backend: str = "pandas", n: int | None = None) -> Any:
        """Return the rows that add the most as a frame.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}
            Which library's frame.
        n : int, optional
            How many. Default: all that add anything.

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
        return to_frame(self.to_columns(n), backend)

    def plot(self, X: Any, *, method: str = "pca", ax: Any = None) -> Any:
        """Draw the rows as points of a plane; see `PointMapDisplay`, which has more to choose.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_columns)
            What tells the rows apart, such as the model's inputs.
        method : {"pca", "tsne", "umap"}
            As for `PointMapDisplay.of`.
        ax : Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        Axes
            Of Matplotlib, drawn on.

        Raises
        ------
        InvalidInputError
            Other rows, another method, or nothing that tells rows apart.
        MissingDependencyError
            UMAP is not installed.
        """
        from conjac.views.displays import PointMapDisplay

        return PointMapDisplay.of(self, X, method=method).plot(ax).ax_

    def __len__(self) -> int:
        return len(self.contribution)

    def __repr__(self) -> str:
        """Show the rows that add the most."""
        adding = self.diagnostics["rows_that_add"]
        lines = [
            f"What {len(self)} rows add to the slope {self.slope:.5g} of {self.metric} by {self.parameter}, per "
            f"{self.unit}: {adding} add anything, strongest first"
        ]
        lines += [
            f"  row {row}: {adds:+.3g}, true {true!r}, predicted {predicted!r}, {abs(margin):.3g} from {other!r}"
            for row, true, predicted, other, margin, adds in zip(*self.to_columns(SHOWN).values(), strict=True)
        ]
        return "\n".join(lines)


def place_of(parameters: Sequence[str], parameter: str | None) -> int:
    """Return which parameter is meant.

    Raises
    ------
    InvalidInputError
        None of them, or several and none is named.
    """
    if parameter is None and len(parameters) == 1:
        return 0
    if parameter not in parameters:
        shown = ", ".join(parameters[:SHOWN]) + (", ..." if len(parameters) > SHOWN else "")
        raise InvalidInputError(f"parameter={parameter!r}: expected one of {shown}")
    return parameters.index(parameter)
