"""Integrals over mapped regions, by substitution."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import cubature, nquad

from conjac._typing import FloatArray
from conjac.calculus.differentiate import jacobians
from conjac.calculus.volume import determinant
from conjac.errors import ConjacWarning, InvalidInputError
from conjac.reading import as_array, as_float

Function = Callable[[Any], Any]
RULES = {1: "gk21", 2: "gk15", 3: "gk15"}
POLE = 1e8
"""Size from which on the value at an end may be that of a pole next to it, as tan(pi / 2) is."""
MOST = 100
"""Subdivisions of the box after which the integral is given as it is, with its error."""
SAME = 1e-6
"""Relative difference at which two integrals still agree; and below which a determinant has no sign."""


@dataclass(frozen=True, eq=False)
class Integral:
    """An integral over a mapped region.

    Attributes
    ----------
    value, error : float
        With its estimated absolute error.
    success : bool
        Whether the quadrature converged.
    direct, direct_error : float or None
        The same integral by quadrature over the region itself, where that was possible.
    region : tuple or None
        The region as mapped: the ends of the interval in one variable, else what was told.

    Notes
    -----
    The formula and the quadrature are with `substitute` (Genz & Malik 1980).

    Examples
    --------
    >>> found = substitute(lambda y: y, lambda x: x**2, 0.0, 2.0)  # of y from 0 to 4
    >>> round(found.value, 6), found.agrees
    (8.0, True)
    """

    value: float
    error: float
    success: bool
    direct: float | None
    direct_error: float | None
    region: Any

    @property
    def agrees(self) -> bool | None:
        """Whether both ways give the same; None where there is only one."""
        if self.direct is None or self.direct_error is None:
            return None
        return abs(self.value - self.direct) <= self.error + self.direct_error + SAME * abs(self.value)


def substitute(g: Function, f: Function, lower: Any, upper: Any, *, region: Sequence[Any] | None = None) -> Integral:
    r"""Return the integral of g over the image of a box, by substituting y = f(x).

    Parameters
    ----------
    g : callable
        From a vector y of shape (u,) to a number.
    f : callable
        From x to y, vectors of shape (u,); one to one on the box, but for its edges.
    lower, upper : array of shape (u,), or numbers
        The box in x; may be infinite.
    region : sequence of u ranges, optional
        The image of the box, as `scipy.integrate.nquad` takes it: for each variable of y a pair, or a function of the
        later variables that returns one. The integral is then also taken over it directly, as a check. In one variable
        the region is the interval between f at both ends, and need not be told.

    Returns
    -------
    Integral
        With its error, and whether both ways agree.

    Raises
    ------
    InvalidInputError
        A map that is not square, or that folds the box: its determinant changes sign.

    Warns
    -----
    ConjacWarning
        Where the two ways disagree (f is not one to one on the box, or ``region`` is not its image), or the quadrature
        does not converge.

    Notes
    -----
    :math:`\int_{f(U)} g(y)\,dy = \int_U g(f(x))\,|\det J_f(x)|\,dx`, by adaptive cubature (Gauss and
    Kronrod up to three variables, else Genz & Malik 1980).

    Examples
    --------
    The area of half a disc, in polar coordinates:

    >>> import numpy as np
    >>> def polar(x):
    ...     return np.array([x[0] * np.cos(x[1]), x[0] * np.sin(x[1])])
    >>> half = substitute(lambda y: 1.0, polar, [0, 0], [2, np.pi])
    >>> round(half.value / np.pi, 6)
    2.0
    """
    ends = [np.atleast_1d(as_float(as_array(end, name), name)) for end, name in ((lower, "lower"), (upper, "upper"))]
    ends = [end.astype(np.float64) for end in ends]
    if ends[0].ndim != 1 or ends[0].shape != ends[1].shape or not (ends[0] < ends[1]).all():
        raise InvalidInputError(f"lower={lower}, upper={upper}: expected two vectors of one length, lower below upper")
    if region is not None and len(region) != len(ends[0]):
        raise InvalidInputError(f"region has {len(region)} ranges for {len(ends[0])} variables; expected one for each")
    signs: set[float] = set()

    def pulled_back(points: FloatArray) -> FloatArray:
        values, matrices = jacobians(f, points)
        stretch = determinant(matrices)
        size = np.abs(matrices).max(axis=(1, 2)) ** len(ends[0])
        signs.update(np.sign(stretch[np.abs(stretch) > SAME * size]).tolist())
        if len(signs) > 1:
            raise InvalidInputError(
                "f folds the box: its determinant changes sign there, so that parts of the image would count twice; "
                "split the box where the determinant is 0"
            )
        return np.array([_integrand(g, value) for value in values]) * np.abs(stretch)

    rule = RULES.get(len(ends[0]), "genz-malik")
    found = cubature(pulled_back, *ends, rule=rule, rtol=1e-8, atol=1e-10, max_subdivisions=MOST)
    if region is None and len(ends[0]) == 1:
        region = _mapped_interval(f, *ends)
    direct, off = (None, None) if region is None else _directly(g, region)
    result = Integral(float(found.estimate), float(found.error), found.status == "converged", direct, off, region)
    if result.agrees is False:
        warnings.warn(
            f"the integral is {result.value:.8g} by substitution and {result.direct:.8g} over the region itself: f is "
            "not one to one on the box, or region is not the box's image",
            ConjacWarning,
            stacklevel=2,
        )
    elif not result.success:
        warnings.warn(
            f"the integral does not converge: {result.value:.8g} +- {result.error:.2g}; result.success is False",
            ConjacWarning,
            stacklevel=2,
        )
    return result


def _mapped_interval(f: Function, lower: FloatArray, upper: FloatArray) -> list[tuple[float, float]] | None:
    with np.errstate(all="ignore"):
        first, last = sorted((_end(f, lower, upper), _end(f, upper, lower)))
    return None if np.isnan([first, last]).any() else [(first, last)]


def _end(f: Function, end: FloatArray, other: FloatArray) -> float:
    """Return f at an end of the box: infinite at a pole, where f falls by much from one number to the next."""
    at, beside = (float(np.asarray(f(x), dtype=np.float64).reshape(())) for x in (end, np.nextafter(end, other)))
    is_pole = abs(at) > POLE and abs(at) > 2 * abs(beside)
    return float(np.copysign(np.inf, at)) if is_pole else at


def _directly(g: Function, region: Sequence[Any]) -> tuple[float, float]:
    with warnings.catch_warnings(action="ignore"):
        value, error = nquad(lambda *y: _integrand(g, np.array(y)), region)
    return float(value), float(error)


def _integrand(g: Function, y: FloatArray) -> float:
    """Return g at a point of its region: one finite number."""
    found = as_float(as_array(g(y), "g(y)"), "g(y)")
    if found.size != 1 or not np.isfinite(found).all():
        raise InvalidInputError(f"g({y.tolist()}) is {found.tolist()}; expected one finite number")
    return float(found.reshape(()))
