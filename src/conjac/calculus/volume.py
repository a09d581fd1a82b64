"""How much a square map stretches volume."""

from __future__ import annotations

from typing import Any

import numpy as np

from conjac._typing import FloatArray
from conjac.errors import InvalidInputError
from conjac.reading import as_array, as_float, refuse_non_finite


def determinant(J: Any) -> FloatArray:
    """Return the determinant of a Jacobian: the signed factor by which the map stretches volume.

    Parameters
    ----------
    J : JacobianResult or array of shape (..., u, u)
        Square.

    Returns
    -------
    array of shape (...)
        Negative where the map reverses orientation, 0 where it is not invertible.

    Raises
    ------
    InvalidInputError
        A Jacobian that is not square, or not finite.

    Notes
    -----
    By LU decomposition: G. H. Golub, C. F. Van Loan 2013, Matrix Computations, 4th ed., section 3.2.

    Examples
    --------
    >>> float(determinant([[3.0, 1.0], [0.0, 2.0]]))
    6.0
    """
    return np.asarray(np.linalg.det(square(J)))


def log_abs_det(J: Any) -> FloatArray:
    """Return the logarithm of the determinant's absolute value, which does not overflow; -inf where it is 0.

    Parameters
    ----------
    J : JacobianResult or array of shape (..., u, u)
        Square.

    Returns
    -------
    array of shape (...)
        Natural logarithm.

    Raises
    ------
    InvalidInputError
        A Jacobian that is not square, or not finite.

    Notes
    -----
    By LU decomposition: G. H. Golub, C. F. Van Loan 2013, Matrix Computations, 4th ed., section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> float(log_abs_det(1e-5 * np.eye(100)).round(2))
    -1151.29
    """
    return np.asarray(np.linalg.slogdet(square(J))[1])


def square(J: Any) -> FloatArray:
    """Return the matrix of a square Jacobian, or an error that says why there is no determinant."""
    matrix = as_float(as_array(J, "J"), "J").astype(np.float64)
    if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2]:
        raise InvalidInputError(
            f"J has shape {matrix.shape}: a determinant needs as many outputs as inputs. A map into more "
            "dimensions stretches volume by sqrt(det(J.T @ J))"
        )
    refuse_non_finite(matrix, "J")
    return matrix
