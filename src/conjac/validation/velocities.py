"""Derivatives of scores by what moves them, told a row each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conjac._typing import FloatArray
from conjac.errors import InvalidInputError
from conjac.reading import as_array, as_float, refuse_non_finite


def check_speeds(velocities: Any, names: tuple[str, ...], shape: tuple[int, ...]) -> FloatArray:
    """Return derivatives of scores, array of the scores' shape and one more axis, of the parameters.

    Parameters
    ----------
    velocities : mapping of str to array, or None
    names : tuple of str
        Of the parameters, in their order.
    shape : tuple of int
        Of the scores.

    Raises
    ------
    InvalidInputError
        Other names, another shape, or what is no finite number.
    """
    told = {} if velocities is None else velocities
    if not isinstance(told, Mapping) or set(told) != set(names):
        given = sorted(told) if isinstance(told, Mapping) else f"a {type(told).__name__}"
        raise InvalidInputError(f"velocities: {given} given; expected a mapping of {list(names)} to arrays")
    found = np.empty((*shape, len(names)))
    for place, name in enumerate(names):
        where = f"velocities[{name!r}]"
        column = as_float(as_array(told[name], where), where)
        if column.shape != shape:
            raise InvalidInputError(f"{where} has shape {column.shape}; expected {shape}, as the scores")
        refuse_non_finite(column, where)
        found[..., place] = column
    return found
