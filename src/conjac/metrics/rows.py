"""The type of a metric: a row with a name, a formula, a domain and traits."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Protocol, final

import numpy as np
import numpy.typing as npt

from conjac._typing import AnyArray, BoolArray, FloatArray
from conjac.errors import InvalidInputError
from conjac.metrics.domain import Domain


class Formula(Protocol):
    """What computes a metric: the small door by which every metric, built-in or yours, comes in.

    Cells arrive as a float64 or complex128 array of shape (..., n_classes, n_classes). A formula is
    analytic code: no absolute value, maximum or comparison except through ``.real``, so that the complex
    step holds.

    Examples
    --------
    >>> from conjac import metrics
    >>> metrics.resolve("recall", labels=[0, 1]).formula.n_classes
    2
    """

    @property
    def n_classes(self) -> int | None:
        """The number of classes it is written for; None if any."""
        ...

    def value(self, cells: AnyArray, undefined: float, /) -> AnyArray:
        """Value of shape (...), `undefined` where it is 0/0.

        Parameters
        ----------
        cells : array of shape (..., n_classes, n_classes)
            Float64 or complex128.
        undefined : float
            The value for 0/0.

        Returns
        -------
        array of shape (...)
            ``undefined`` where it is 0/0.
        """
        ...

    def gradient(self, cells: AnyArray, undefined: float, /) -> AnyArray:
        """Gradient of shape (..., n_classes, n_classes), nan where there is none.

        Parameters
        ----------
        cells : array of shape (..., n_classes, n_classes)
            Float64 or complex128.
        undefined : float
            The value for 0/0, by which an average leaves classes out.

        Returns
        -------
        array of shape (..., n_classes, n_classes)
            Per unit of a cell; nan where there is none.
        """
        ...


@final
@dataclass(frozen=True)
class Metric:
    """A function of the cells of a confusion matrix, with its gradient.

    Every metric is homogeneous of degree 0 in the cells: shares and counts give the same value. Make
    variants with `replace`, `ratio` and `compose`, not by subclassing.

    Parameters
    ----------
    name : str
        The canonical name, such as ``"f1"`` or ``"recall[cat]"``.
    formula : Formula
        What computes it.
    domain : Domain
        Where its values lie, and the link of its intervals.
    traits : frozenset of str
        ``"ratio"``: a ratio of linear forms in the cells. ``"proportion"``: a count over a count that
        contains it. ``"average"``: over the classes. ``"label"``: one class against the rest.
    greater_is_better : bool
        The direction that `maximize` means. True by convention where there is none (prevalence, alert rate).
    undefined : float
        The value given for 0/0; in an average, the value given to each class that is 0/0, which nan leaves
        out.
    labels : tuple of str or None
        The classes that it was made for, in this order; None for any.

    Notes
    -----
    Names and conventions for 0/0 are scikit-learn's. Formulas and gradients are rows of a table: see :doc:`/design`.

    Examples
    --------
    >>> import numpy as np
    >>> from conjac import metrics
    >>> cells = np.array([[90, 10], [20, 80]])  # rows true, columns predicted
    >>> f1 = metrics.resolve("f1", labels=[0, 1])
    >>> round(float(f1.value(cells)), 6)  # 16/19
    0.842105
    >>> f1.gradient(cells).round(5)
    array([[ 0.     , -0.00443],
           [-0.00443,  0.00166]])
    """

    name: str
    formula: Formula
    domain: Domain
    traits: frozenset[str] = frozenset()
    greater_is_better: bool = True
    undefined: float = math.nan
    labels: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        # One nan object for all, so that equal metrics compare equal.
        object.__setattr__(self, "undefined", math.nan if math.isnan(self.undefined) else float(self.undefined))

    def __reduce__(self) -> tuple[type[Metric], tuple[Any, ...]]:
        return Metric, tuple(getattr(self, field.name) for field in dataclasses.fields(self))

    @property
    def n_classes(self) -> int | None:
        """The number of classes the metric is for; None if any."""
        return self.formula.n_classes

    @property
    def sign(self) -> float:
        """1 where more is better, -1 of a cost: what turns either so that more is better."""
        return 1.0 if self.greater_is_better else -1.0

    @property
    def numerator(self) -> BoolArray | None:
        """Mask of the cells counted above, array of bool of shape (n_classes, n_classes); None if no proportion."""
        return self._mask("numerator")

    @property
    def denominator(self) -> BoolArray | None:
        """Mask of the cells counted below, array of bool of shape (n_classes, n_classes); None if no proportion."""
        return self._mask("denominator")

    def value(self, cells: npt.ArrayLike) -> AnyArray:
        """Value at a confusion matrix.

        Parameters
        ----------
        cells : array-like of shape (..., n_classes, n_classes)
            Counts, weights or shares, rows true and columns predicted; complex numbers are allowed.

        Returns
        -------
        array of shape (...)
            `undefined` where the metric is 0/0.

        Raises
        ------
        InvalidInputError
            If the last two axes are not those of a confusion matrix of the metric's number of classes.
        """
        return np.asarray(self.formula.value(self._checked(cells), self.undefined))

    def gradient(self, cells: npt.ArrayLike) -> AnyArray:
        """Return the derivative of the value with respect to each cell, every cell a free variable.

        Parameters
        ----------
        cells : array-like of shape (..., n_classes, n_classes)
            As for `value`.

        Returns
        -------
        array of shape (..., n_classes, n_classes)
            In units of the metric per unit of a cell. All nan where the metric is undefined or has no
            derivative; in an average, nan only in the cells on which a class that is 0/0 depends (see
            `slope`).

        Raises
        ------
        InvalidInputError
            As for `value`.
        """
        return np.asarray(self.formula.gradient(self._checked(cells), self.undefined))

    def slope(self, cells: npt.ArrayLike, motion: npt.ArrayLike) -> AnyArray:
        """Return the rate of change of the value when the cells move: the sum of gradient times motion.

        A cell that does not move adds nothing even where the gradient is nan, so an average over classes
        one of which is absent has a slope as long as nothing moves in or out of that class.

        Parameters
        ----------
        cells, motion : array-like of shape (..., n_classes, n_classes)
            The matrix and its derivative with respect to a parameter; leading axes broadcast.

        Returns
        -------
        array of shape (...)
            In units of the metric per unit of the parameter; nan where the metric is undefined.

        Raises
        ------
        InvalidInputError
            As for `value`.

        Examples
        --------
        >>> from conjac import metrics
        >>> recall = metrics.resolve("recall", labels=[0, 1])
        >>> float(recall.slope([[90, 10], [20, 80]], [[5, -5], [10, -10]]))  # -10 true positives of 100
        -0.1
        """
        gradient, motion = np.broadcast_arrays(self.gradient(cells), self._checked(motion, "motion"))
        terms = np.where(motion == 0, 0.0, gradient * motion)
        lost = np.isnan(gradient).all(axis=(-2, -1))
        return np.asarray(terms.sum(axis=(-2, -1)) * np.where(lost, np.nan, 1.0))

    def exchange_rate(self, cells: npt.ArrayLike) -> FloatArray:
        """How many extra false positives one extra true positive is worth, class totals fixed.

        One more true positive (and one less false negative) moves the metric by ``g[1, 1] - g[1, 0]``, one
        more false positive (and one less true negative) by ``g[0, 1] - g[0, 0]``; minus their ratio keeps
        it level. For F1 it is ``2 / F1 - 1``.

        Parameters
        ----------
        cells : array-like of shape (..., 2, 2)
            The matrix ``[[TN, FP], [FN, TP]]``.

        Returns
        -------
        array of shape (...)
            False positives per true positive: infinite where false positives cost nothing (recall),
            negative where both move the metric the same way (alert rate).

        Raises
        ------
        InvalidInputError
            If the matrix is not 2 x 2.

        Examples
        --------
        >>> from conjac import metrics
        >>> f1 = metrics.resolve("f1", labels=[0, 1])
        >>> round(float(f1.exchange_rate([[90, 10], [20, 80]])), 6)
        1.375
        """
        g = self.gradient(cells)
        if g.shape[-1] != 2:
            raise InvalidInputError(
                f"cells have {g.shape[-1]} classes; an exchange of true and false positives needs 2; for "
                "more, compare the entries of gradient(cells)"
            )
        gain = self.sign * (g[..., 1, 1] - g[..., 1, 0]) + 0.0  # + 0.0: no negative zero, whose quotient is -inf
        cost = self.sign * (g[..., 0, 0] - g[..., 0, 1]) + 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(gain / cost)

    def replace(self, *, name: str | None = None, undefined: float | None = None) -> Metric:
        """Return a copy with another name or another value for 0/0 (scikit-learn's ``zero_division``).

        Parameters
        ----------
        name : str, optional
            Default: as it is.
        undefined : float, optional
            Default: as it is.

        Returns
        -------
        Metric
            Another one, of the same formula.
        """
        return dataclasses.replace(
            self,
            name=self.name if name is None else name,
            undefined=self.undefined if undefined is None else undefined,
        )

    def _mask(self, part: str) -> BoolArray | None:
        return np.array(getattr(self.formula, part)) != 0 if "proportion" in self.traits else None

    def _checked(self, cells: npt.ArrayLike, argument: str = "cells") -> AnyArray:
        array = np.asarray(cells)
        if array.dtype.kind not in "biufc":
            raise InvalidInputError(f"{argument} has dtype {array.dtype}; expected numbers")
        if array.ndim < 2 or array.shape[-1] != array.shape[-2]:
            raise InvalidInputError(
                f"{argument} has shape {array.shape}; expected (..., n_classes, n_classes), rows true, "
                "columns predicted"
            )
        if self.n_classes not in (None, array.shape[-1]):
            raise InvalidInputError(
                f"{argument} has {array.shape[-1]} classes; {self.name!r} was made for "
                f"{self.n_classes}: resolve it anew for these labels"
            )
        return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64, copy=False)
