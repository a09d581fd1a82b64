"""Whether a fixed point attracts: of a step repeated over and over, or of a flow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.linalg import eig

from conjac._typing import AnyArray, FloatArray
from conjac.calculus.differentiate import jacobian
from conjac.calculus.linear import checked_matrix, checked_vector
from conjac.calculus.numerical import EPS
from conjac.errors import InvalidInputError
from conjac.readonly import locked

Kind = Literal["discrete", "continuous"]
FIXED = 1e-6
"""How far a fixed point may be off, relative to max(1, |x|)."""


@dataclass(frozen=True, eq=False)
class Stability:
    """The verdict on a fixed point.

    Attributes
    ----------
    kind : {"discrete", "continuous"}
        A map, or a flow.
    eigenvalues : array of shape (n,)
        Of the Jacobian, complex, the deciding one first.
    measure : float
        Spectral radius (discrete) or spectral abscissa (continuous).
    error : float
        How far the measure may be off, for the Jacobian's errors.
    limit : float
        Below it the point attracts: 1 (discrete) or 0 (continuous).
    verdict : {"stable", "unstable", "undecided"}
        Undecided where the limit is within the error.

    Notes
    -----
    Linearisation and the bounds of the error are with `stability` (Wilkinson 1965; Elsner 1985).

    Examples
    --------
    >>> found = stability(lambda x: 0.5 * x, 0.0)
    >>> round(found.measure, 6), found.limit, found.verdict
    (0.5, 1.0, 'stable')
    """

    kind: Kind
    eigenvalues: AnyArray
    measure: float
    error: float
    limit: float

    @property
    def verdict(self) -> Literal["stable", "unstable", "undecided"]:
        """Whether small disturbances die out."""
        if abs(self.measure - self.limit) <= self.error:
            return "undecided"
        return "stable" if self.measure < self.limit else "unstable"


def stability(
    f: Callable[[Any], Any], x_star: Any, kind: Kind = "discrete", *, jacobian_error: Any = None
) -> Stability:
    r"""Tell whether a fixed point attracts what starts near it.

    Parameters
    ----------
    f : callable
        From a vector of shape (n,) to one of shape (n,): the next state (discrete), or the velocity (continuous).
    x_star : array of shape (n,), or a number
        The fixed point: f(x) = x (discrete), or f(x) = 0 (continuous).
    kind : {"discrete", "continuous"}
        A map, or a flow.
    jacobian_error : array of shape (n, n), or a number where n is 1, optional
        Errors of the Jacobian's entries beyond those of differentiation, such as standard errors of what f was
        estimated from.

    Returns
    -------
    Stability
        With the eigenvalues, and how far the deciding one may be off.

    Raises
    ------
    InvalidInputError
        A point that is not fixed, another number of outputs than of inputs, or an unknown kind.

    Notes
    -----
    A step attracts where every :math:`|\lambda| < 1`, a flow where every :math:`\mathrm{Re}\,\lambda < 0`. An
    eigenvalue's error is, to first order, :math:`|y^H| E |x| / |y^H x|` for its left and right vectors and entrywise
    errors E (Wilkinson 1965, chapter 2). That is infinite for a defective eigenvalue (a Jordan block, as in critical
    damping), and :math:`(2\|J\| + \|E\|)^{1-1/n} \|E\|^{1/n}` is not (Elsner 1985, Linear Algebra and its
    Applications 71:77); the smaller of both counts. Within it of the limit nothing is decided: linearisation is silent
    there.

    Examples
    --------
    The logistic map settles for a growth of 2.8, and not for 3.2:

    >>> for r in (2.8, 3.2):
    ...     print(stability(lambda x: r * x * (1 - x), 1 - 1 / r).verdict)
    stable
    unstable
    """
    if kind not in ("discrete", "continuous"):
        raise InvalidInputError(f"kind={kind!r}: expected 'discrete' or 'continuous'")
    point = checked_vector(x_star, "x_star")
    J = jacobian(f, x_star)
    if J.shape[0] != J.shape[1]:
        raise InvalidInputError(f"f returns {J.shape[0]} numbers for {J.shape[1]}; expected as many of each")
    off = np.abs(J.value - point if kind == "discrete" else J.value)
    if (off > FIXED * np.maximum(1.0, np.abs(point))).any():
        law = "f(x) = x" if kind == "discrete" else "f(x) = 0"
        raise InvalidInputError(
            f"x_star={point.tolist()} is not a fixed point: f is {J.value.tolist()} there, and {law} is off by "
            f"{off.max():.3g}; find one with conjac.calculus.newton"
        )
    told = 0.0 if jacobian_error is None else checked_matrix(jacobian_error, J.shape, "jacobian_error")
    error = J.error + np.abs(told)
    values, left, right = eig(J.jacobian, left=True)
    size = np.abs(values) if kind == "discrete" else values.real
    each = _errors(J.jacobian, left, right, error + EPS * np.abs(J.jacobian).max())
    order = np.argsort(-(size + each), kind="stable")
    first = int(np.argmax(size))
    reach = max(float((size + each).max() - size[first]), float(each[first]))
    return Stability(kind, locked(values[order]), float(size[first]), reach, 1.0 if kind == "discrete" else 0.0)


def _errors(matrix: FloatArray, left: AnyArray, right: AnyArray, entries: FloatArray) -> FloatArray:
    """Return each eigenvalue's error, array of shape (n,): to first order or, nearly defective, for all at once."""
    reach = np.einsum("in,ij,jn->n", np.abs(left), entries, np.abs(right))
    overlap = np.abs((left.conj() * right).sum(axis=0))
    n, size, off = len(matrix), np.linalg.norm(matrix, 2), np.linalg.norm(entries, 2)
    together = (2 * size + off) ** (1 - 1 / n) * off ** (1 / n)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.fmin(reach / overlap, together), dtype=np.float64)
