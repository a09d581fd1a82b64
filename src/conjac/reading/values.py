"""From whatever holds numbers or labels to arrays, or an error that names the argument."""

from __future__ import annotations

from typing import Any

import numpy as np

from conjac._typing import AnyArray
from conjac.blocks import extremes
from conjac.errors import InvalidInputError
from conjac.reading.foreign import on_host


def n_columns(y_score: Any) -> int:
    """Return how many scores a row has."""
    shape = as_array(y_score, "y_score").shape
    return int(shape[1]) if len(shape) == 2 else 1


def as_array(values: Any, name: str) -> AnyArray:
    """Return an array, or an error that names the argument."""
    if isinstance(values, np.ma.MaskedArray):
        objects = np.array(values.data, dtype=object)
        objects[np.ma.getmaskarray(values)] = None
        return objects
    try:
        values = on_host(values)
        array = np.asarray(values)
        if array.dtype.kind in "US" and not isinstance(values, np.ndarray):
            objects = np.asarray(values, dtype=object)  # nan or a number beside text must not become text
            return array if all(isinstance(value, str | bytes) for value in objects.flat) else objects
        return array
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"{name} cannot be made an array ({error}); expected rows of one length") from None


def as_float(values: AnyArray, name: str) -> AnyArray:
    """Keep numbers in their own dtype; turn numbers held as objects into float64."""
    if values.dtype.kind in "iuf":
        return values
    try:
        if values.dtype.kind == "O":
            values = np.array([np.nan if is_missing(v) else v for v in values.flat], dtype=object).reshape(values.shape)
        if values.dtype.kind not in "Ob":
            raise TypeError
        return values.astype(np.float64)
    except (TypeError, ValueError):
        raise InvalidInputError(f"{name} holds {values.dtype} values; expected numbers") from None


def is_missing(value: Any) -> bool:
    """Tell whether a value stands for none: None, nan, NaT, pandas.NA."""
    if value is None:
        return True
    try:
        return not bool(value == value)  # neither nan nor NaT equals itself
    except TypeError:  # pandas.NA has no truth value
        return True


def as_number(value: Any, name: str) -> float:
    """Return one finite or infinite number, or an error that names the argument."""
    number = as_array(value, name)
    if number.ndim != 0 or number.dtype.kind not in "iuf" or np.isnan(number):
        raise InvalidInputError(f"{name}={value!r}: expected one number")
    return float(number)


def refuse_non_finite(values: AnyArray, name: str) -> None:
    """Raise where a value is missing or infinite, and say where."""
    if not values.size or np.isfinite(extremes(values)).all():
        return
    bad = ~np.isfinite(values)
    if bad.any():
        where = np.argwhere(bad)
        index = ", ".join(str(i) for i in where[0])
        raise InvalidInputError(
            f"{name}[{index}] is {values[tuple(where[0])]} ({len(where)} missing or infinite in all); "
            "drop or fill those rows first"
        )
