"""The Jacobian of a function at a point: by its own formula, its own library, or differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator

from conjac._typing import FloatArray
from conjac.calculus.backends import Differentiable, backend_of
from conjac.calculus.closed_form import ClosedForm
from conjac.calculus.linear import checked, checked_vector
from conjac.calculus.numerical import Numerical
from conjac.calculus.result import JacobianResult, warn_of_failure
from conjac.errors import InvalidInputError
from conjac.reading import as_array


def jacobian(f: Callable[[Any], Any], x: Any) -> JacobianResult:
    r"""Return the Jacobian of a vector function at a point.

    Parameters
    ----------
    f : callable
        From a vector of shape (u,) to one of shape (v,), or to a number. A function of PyTorch or JAX is differentiated
        by these where ``x``, or ``f``, is theirs; one that has a method ``jacobian(x)`` brings its own; any other by
        differences.
    x : array of shape (u,), or a number
        The point.

    Returns
    -------
    JacobianResult
        ``jacobian`` of shape (v, u), :math:`J_{ij} = \partial f_i / \partial x_j`; 1 x u for a scalar function.

    Raises
    ------
    InvalidInputError
        A point or a value that is not a finite vector.
    NotDifferentiableError
        A step function, or a kink at the point.

    Warns
    -----
    ConjacWarning
        Where derivatives do not converge or are infinite; ``success`` is then False.

    Notes
    -----
    Differences are those of `scipy.differentiate`: finite differences, of weights as in B. Fornberg 1988, Mathematics
    of Computation 51:699, on steps that shrink until the estimated error does no more.

    Examples
    --------
    >>> import numpy as np
    >>> def polar(x):
    ...     r, angle = x
    ...     return np.array([r * np.cos(angle), r * np.sin(angle)])
    >>> J = jacobian(polar, [2.0, np.pi / 6])
    >>> J.jacobian.round(3)
    array([[ 0.866, -1.   ],
           [ 0.5  ,  1.732]])
    >>> J.method
    'scipy.differentiate.derivative'
    """
    found = differentiable(f, x).jacobian()
    warn_of_failure(found, stacklevel=3)
    return found


def jvp(f: Callable[[Any], Any], x: Any, direction: Any) -> FloatArray:
    """Return the Jacobian's product with a direction, ``J @ direction``: how f moves as x moves that way.

    Parameters
    ----------
    f : callable
        As for `jacobian`.
    x : array of shape (u,), or a number
        As for `jacobian`.
    direction : array of shape (u,)
        A step in units of ``x``.

    Returns
    -------
    array of shape (v,)
        At the cost of about one derivative, whatever u is.

    Raises
    ------
    InvalidInputError
        A point, a value or a direction that is not a finite vector of its shape.
    NotDifferentiableError
        A step function, or a kink at the point.

    Notes
    -----
    Forward mode: A. Griewank, A. Walther 2008, Evaluating Derivatives, 2nd ed., chapter 3.

    Examples
    --------
    >>> jvp(lambda x: x[0] * x[1], [2.0, 3.0], [1.0, 0.0]).round(6)
    array([3.])
    """
    there = differentiable(f, x)
    return there.jvp(_like(direction, there.point, "direction"))


def vjp(f: Callable[[Any], Any], x: Any, cotangent: Any) -> FloatArray:
    """Return a cotangent's product with the Jacobian, ``cotangent @ J``: the gradient of the weighted outputs.

    Parameters
    ----------
    f : callable
        As for `jacobian`.
    x : array of shape (u,), or a number
        As for `jacobian`.
    cotangent : array of shape (v,)
        Weights of the outputs.

    Returns
    -------
    array of shape (u,)
        At the cost of about one gradient: cheap where a library differentiates, u derivatives by differences.

    Raises
    ------
    InvalidInputError
        A point, a value or a cotangent that is not a finite vector of its shape.
    NotDifferentiableError
        A step function, or a kink at the point.

    Notes
    -----
    Reverse mode: A. Griewank, A. Walther 2008, Evaluating Derivatives, 2nd ed., chapter 3.

    Examples
    --------
    >>> vjp(lambda x: x[0] * x[1], [2.0, 3.0], 10.0).round(6)
    array([30., 20.])
    """
    there = differentiable(f, x)
    return there.vjp(_like(cotangent, there.value, "cotangent"))


def as_linear_operator(f: Callable[[Any], Any], x: Any) -> LinearOperator:
    """Return the Jacobian as a SciPy operator of shape (v, u) that is never formed.

    Parameters
    ----------
    f : callable
        As for `jacobian`.
    x : array of shape (u,), or a number
        As for `jacobian`.

    Returns
    -------
    scipy.sparse.linalg.LinearOperator
        Its products are `jvp` and `vjp`.

    Raises
    ------
    InvalidInputError
        A point or a value that is not a finite vector.
    NotDifferentiableError
        By its products: a step function, or a kink at the point.

    Examples
    --------
    >>> import numpy as np
    >>> operator = as_linear_operator(np.sin, np.zeros(3))
    >>> (operator @ np.array([1.0, 2.0, 3.0])).round(6)
    array([1., 2., 3.])
    """
    there = differentiable(f, x)
    return LinearOperator(
        (len(there.value), len(there.point)),
        matvec=lambda step: there.jvp(np.ravel(step)),
        rmatvec=lambda weights: there.vjp(np.ravel(weights)),
        dtype=np.float64,
    )


def differentiable(f: Callable[[Any], Any], x: Any) -> Differentiable:
    """Return whatever can differentiate a function at a point."""
    if not callable(f):
        raise InvalidInputError(f"f is a {type(f).__name__}; expected a function of x")
    backend = backend_of(f, x)
    if callable(getattr(f, "jacobian", None)):
        return ClosedForm(f, x, np.asarray if backend is None else backend.like(x))
    if backend is None:
        point = checked_vector(x, "x")
        found = f(point.copy())
        backend = backend_of(f, found)
        if backend is None:
            return Numerical(f, point, found)
    return backend.bind(f, x)


def jacobians(f: Callable[[Any], Any], points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a smooth function's values and Jacobians at many points.

    Parameters
    ----------
    points : array of shape (n_points, u)

    Returns
    -------
    values, jacobians : arrays of shape (n_points, v), (n_points, v, u)
    """
    there = [differentiable(f, point) for point in points]
    values = np.stack([function.value for function in there])
    quick = np.zeros(len(points), dtype=bool)
    matrices = np.zeros((*values.shape, points.shape[1]))
    if isinstance(there[0], Numerical):
        matrices, quick = there[0].jacobians(points, values)
    for i in np.flatnonzero(~quick):
        matrices[i] = there[i].jacobian().jacobian
    return values, matrices


def _like(values: Any, like: FloatArray, name: str) -> FloatArray:
    return checked(np.atleast_1d(as_array(values, name)), like.shape, name)
