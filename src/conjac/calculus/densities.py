"""Densities of functions of a random vector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from conjac._typing import FloatArray
from conjac.calculus.differentiate import differentiable
from conjac.calculus.linear import checked_vector
from conjac.calculus.result import JacobianResult
from conjac.calculus.volume import log_abs_det, square
from conjac.errors import InvalidInputError, SingularJacobianError

Function = Callable[[Any], Any]
SAME = 1e-6
"""How far the image of a branch's point may be from where the branch was asked, relative to max(1, |y|)."""


def change_of_variables(
    density: Function, f: Function, branches: Function | Sequence[Function]
) -> Callable[[Any], float]:
    r"""Return the density of Y = f(X) from that of X.

    Parameters
    ----------
    density : callable
        p_X, from a vector of shape (u,) to a number.
    f : callable
        From a vector of shape (u,) to one of shape (u,).
    branches : callable or sequence of callables
        The inverses of f, each from y to an x with f(x) = y, or to nan or
        infinity where it has none. An invertible f has one;
        ``x**2`` has two. All are needed: a branch left out is probability lost.

    Returns
    -------
    callable
        p_Y, from a vector of shape (u,), or a number where u = 1, to a number. It raises `InvalidInputError` where a
        branch is no inverse, or f has not as many outputs as inputs, and `SingularJacobianError` where the determinant
        is 0, so that p_Y is infinite or unknown.

    Raises
    ------
    InvalidInputError
        No branch, or something that is no function; by the function returned, a branch that is no inverse.
    SingularJacobianError
        By the function returned, where the determinant is 0.

    Notes
    -----
    :math:`p_Y(y) = \sum_{x : f(x) = y} p_X(x) / |\det J_f(x)|` (for instance P. Billingsley 1995, *Probability and
    Measure*, 3rd ed., section 20).

    Examples
    --------
    The square of a standard normal variable has the chi-squared density:

    >>> import numpy as np
    >>> from scipy import stats
    >>> p = change_of_variables(stats.norm.pdf, np.square, [np.sqrt, lambda y: -np.sqrt(y)])
    >>> round(p(1.7), 6), round(float(stats.chi2(1).pdf(1.7)), 6)
    (0.130778, 0.130778)
    """
    inverses = list(branches) if isinstance(branches, Sequence) else [branches]
    if not inverses or not all(callable(branch) for branch in inverses):
        raise InvalidInputError("branches: expected the inverse of f, or one function for each of its branches")

    def mapped(y: Any) -> float:
        there = checked_vector(y, "y")
        total = 0.0
        for number, branch in enumerate(inverses):
            x = _branch_at(branch, there)
            if x is None:
                continue
            J = differentiable(f, x).jacobian()
            stretch = float(log_abs_det(square(J)))
            if (np.abs(J.value - there) > SAME * np.maximum(1.0, np.abs(there))).any():
                raise InvalidInputError(
                    f"branches[{number}] takes y={there.tolist()} to x={x.tolist()}, but f takes that to "
                    f"{J.value.tolist()}: it is not an inverse there; return nan where it has no x"
                )
            if _is_singular(J):
                raise SingularJacobianError(
                    f"the Jacobian of f is singular at x={x.tolist()}: the density of f(X) at {there.tolist()} is "
                    "infinite or unknown; ask for it beside that point"
                )
            total += _density_at(density, x) * float(np.exp(-stretch))
        return total

    return mapped


def _branch_at(branch: Function, y: FloatArray) -> FloatArray | None:
    try:
        with np.errstate(all="ignore"):
            x = np.atleast_1d(np.asarray(branch(y), dtype=np.float64))
    except (ValueError, ArithmeticError):  # math.sqrt(-1)
        return None
    return x if np.isfinite(x).all() else None


def _density_at(density: Function, x: FloatArray) -> float:
    found = np.asarray(density(x), dtype=np.float64)
    if found.size != 1 or not np.isfinite(found).all() or found.min() < 0:
        raise InvalidInputError(f"density({x.tolist()}) is {found.tolist()}; expected one number, not below 0")
    return float(found.reshape(()))


def _is_singular(J: JacobianResult) -> bool:
    return bool(np.linalg.svd(J.jacobian, compute_uv=False).min() <= np.linalg.norm(J.error))
