"""Two building blocks: a ratio of linear forms in the cells, and a smooth function of other metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias, final

import numpy as np
import numpy.typing as npt

from conjac._typing import AnyArray
from conjac.errors import InvalidInputError
from conjac.metrics.domain import RATIO, REAL, UNIT, Domain
from conjac.metrics.rows import Metric

Coefficients: TypeAlias = tuple[tuple[float, ...], ...]
Outer: TypeAlias = Callable[..., tuple[AnyArray, tuple[AnyArray, ...]]]


def blank(gradient: AnyArray, undefined: AnyArray) -> AnyArray:
    """Put nan where undefined; in both parts of a complex number, for the complex step reads the second."""
    nan = complex(np.nan, np.nan) if np.iscomplexobj(gradient) else np.nan
    return np.where(undefined, nan, gradient)


@final
@dataclass(frozen=True)
class Ratio:
    """``sum(a * C) / sum(b * C)`` with constant a and b; its gradient is ``(a - value * b) / sum(b * C)``."""

    # Tuples, so that metrics are values: compared, hashed and pickled.
    numerator: Coefficients
    denominator: Coefficients

    @property
    def n_classes(self) -> int | None:
        """The size of the coefficient matrices."""
        return len(self.numerator)

    @cached_property
    def _arrays(self) -> tuple[AnyArray, AnyArray]:
        return np.array(self.numerator), np.array(self.denominator)

    def _forms(self, cells: AnyArray) -> tuple[AnyArray, AnyArray, AnyArray]:
        top, bottom = (np.einsum("...ij,ij->...", cells, part) for part in self._arrays)
        undefined = bottom.real == 0
        return top, np.where(undefined, 1.0, bottom), undefined

    def value(self, cells: AnyArray, undefined: float, /) -> AnyArray:
        """See `Formula`."""
        top, bottom, lost = self._forms(cells)
        return np.where(lost, undefined, top / bottom)

    def gradient(self, cells: AnyArray, _undefined: float, /) -> AnyArray:
        """See `Formula`."""
        a, b = self._arrays
        top, bottom, lost = (part[..., None, None] for part in self._forms(cells))
        # Not (a - value * b) / bottom: on counts a * bottom - top * b is exact, also for a value next to 1.
        return blank((a * bottom - top * b) / bottom / bottom, lost)


@final
@dataclass(frozen=True)
class Composition:
    """A smooth function of other metrics; its gradient by the chain rule.

    `outer` takes the parts' values and returns its own with its partial derivatives; each nan where there
    is none. It is undefined where a part is. `outer` is a module-level function, so that metrics can be
    pickled.
    """

    outer: Outer
    parts: tuple[Metric, ...]

    @property
    def n_classes(self) -> int | None:
        """The number of classes of the parts."""
        return next((part.n_classes for part in self.parts if part.n_classes is not None), None)

    def _outer(self, cells: AnyArray) -> tuple[AnyArray, tuple[AnyArray, ...], AnyArray]:
        values = [part.replace(undefined=np.nan).value(cells) for part in self.parts]
        lost = np.any([np.isnan(value) for value in values], axis=0)
        value, partials = self.outer(*(np.where(lost, 0.5, value) for value in values))
        return value, partials, lost | np.isnan(value)

    def value(self, cells: AnyArray, undefined: float, /) -> AnyArray:
        """See `Formula`."""
        value, _, lost = self._outer(cells)
        return np.where(lost, undefined, value)

    def gradient(self, cells: AnyArray, _undefined: float, /) -> AnyArray:
        """See `Formula`."""
        _, partials, lost = self._outer(cells)
        terms = (p[..., None, None] * part.gradient(cells) for p, part in zip(partials, self.parts, strict=True))
        gradient = np.asarray(sum(terms))
        return blank(gradient, lost[..., None, None] | np.isnan(gradient))


def ratio(
    name: str,
    numerator: npt.ArrayLike,
    denominator: npt.ArrayLike,
    *,
    domain: Domain | None = None,
    greater_is_better: bool = True,
    undefined: float = 0.0,
    traits: frozenset[str] = frozenset(),
) -> Metric:
    """Make a metric that is a ratio of two linear forms in the cells.

    Parameters
    ----------
    name : str
        Its name.
    numerator, denominator : array-like of shape (n_classes, n_classes)
        The coefficient of each cell, ``[true, predicted]``. The denominator's are not negative.
    domain : Domain, default: the smallest of UNIT, RATIO and REAL that the coefficients prove
        Where the values lie.
    greater_is_better : bool, default True
        The direction that `maximize` means.
    undefined : float, default 0.0
        The value for 0/0.
    traits : frozenset of str
        Traits besides ``"ratio"`` and ``"proportion"``, which are found from the coefficients.

    Returns
    -------
    Metric
        With gradient ``(numerator - value * denominator) / sum(denominator * cells)``, the quotient rule.

    Raises
    ------
    InvalidInputError
        If the coefficients are not finite square matrices of one shape, or the denominator's are negative
        or all 0.

    References
    ----------
    The quotient rule; scikit-learn's ``zero_division``. See :doc:`/design`.

    Examples
    --------
    >>> error_rate = ratio("error_rate", [[0, 1], [1, 0]], [[1, 1], [1, 1]], greater_is_better=False)
    >>> float(error_rate.value([[90, 10], [20, 80]])), sorted(error_rate.traits)
    (0.15, ['proportion', 'ratio'])
    """
    a, b = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 2 or a.shape[0] != a.shape[1]:
        raise InvalidInputError(
            f"numerator and denominator have shapes {a.shape} and {b.shape}; expected (n_classes, n_classes)"
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise InvalidInputError("numerator or denominator holds nan or infinity; expected finite coefficients")
    if (b < 0).any() or not b.any():
        raise InvalidInputError(
            "denominator holds a negative coefficient, or zeros only; expected a positive form in the counts"
        )
    contained = bool(((a >= 0) & (a <= b)).all())
    found = {"ratio"} | ({"proportion"} if contained and np.isin([a, b], (0.0, 1.0)).all() else set())
    if domain is None:
        positive = bool((a >= 0).all())
        domain = UNIT if contained else RATIO if positive else REAL
    formula = Ratio(tuple(map(tuple, a.tolist())), tuple(map(tuple, b.tolist())))
    return Metric(name, formula, domain, traits | found, greater_is_better, undefined)


def compose(
    name: str,
    outer: Outer,
    *parts: Metric,
    domain: Domain,
    greater_is_better: bool = True,
    undefined: float = float("nan"),
) -> Metric:
    """Make a metric that is a smooth function of others.

    Parameters
    ----------
    name : str
        Its name.
    outer : callable
        ``outer(*values) -> (value, partials)``: arrays in, an array and one partial derivative a part out.
        It is analytic (it is called with complex arrays), gives nan where it is undefined, and warns of
        nothing.
    *parts : Metric
        What it is a function of.
    domain : Domain
        Where its values lie.
    greater_is_better : bool, default True
        The direction that `maximize` means.
    undefined : float, default nan
        The value where a part, or the function itself, is undefined.

    Returns
    -------
    Metric
        With its gradient by the chain rule.

    Raises
    ------
    InvalidInputError
        If there is no part, or the parts are for different numbers of classes.

    References
    ----------
    The chain rule, and the complex step (W. Squire, G. Trapp 1998, SIAM Review 40:110) by which formulas are checked.

    Examples
    --------
    >>> from conjac import metrics
    >>> def product(x, y):
    ...     return x * y, (y, x)
    >>> recall, specificity = (metrics.resolve(name, [0, 1]) for name in ("recall", "specificity"))
    >>> both = compose("both_right", product, recall, specificity, domain=metrics.UNIT)
    >>> round(float(both.value([[90, 10], [20, 80]])), 6)
    0.72
    """
    sizes = {part.n_classes for part in parts} - {None}
    if not parts or len(sizes) > 1:
        raise InvalidInputError(
            f"parts are {[(part.name, part.n_classes) for part in parts]} (name, classes); expected at "
            "least one metric, all for the same number of classes"
        )
    return Metric(name, Composition(outer, parts), domain, frozenset(), greater_is_better, undefined)
