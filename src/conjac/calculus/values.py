"""What a function returned, as a vector: the one place where its faults are named."""

from __future__ import annotations

from typing import Any

import numpy as np

from conjac._typing import FloatArray
from conjac.calculus.linear import checked_vector
from conjac.errors import InvalidInputError
from conjac.reading import as_array


def as_value(found: Any) -> FloatArray:
    """Return what f returned at the point, as a finite vector of its own.

    Raises
    ------
    InvalidInputError
        Nothing, rows of several lengths, text, more than one axis, or an entry that is complex or not finite.
    """
    if found is None:
        raise InvalidInputError("f(x) is None; expected a vector or a number")
    array = as_array(found, "f(x)")
    if np.iscomplexobj(array):
        raise InvalidInputError("f(x) is complex; expected real numbers: return its real and imaginary parts")
    return checked_vector(array, "f(x)").copy()


def as_value_elsewhere(found: Any, value: FloatArray, point: FloatArray) -> FloatArray:
    """Return what f returned at another point, as a vector of its own: nan where it is not real and finite.

    Raises
    ------
    InvalidInputError
        Another shape than at the point.
    """
    try:
        vector = np.array(found, dtype=np.float64, ndmin=1)
    except TypeError:  # complex, or None: f does not exist there
        return np.full_like(value, np.nan)
    if vector.shape != value.shape:
        raise InvalidInputError(f"f returns shape {value.shape} at x, and {vector.shape} at {point.tolist()}")
    return np.where(np.isfinite(vector), vector, np.nan)
