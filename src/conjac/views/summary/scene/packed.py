"""Nested results with arrays as one JSON text and one run of bytes, small enough to be mailed: `pack`.

An array becomes ``{"$": k}``, and entry k of the list of arrays tells its kind, shape and length in bytes:

======  ================== ===========================================================================
kind    of                 how
======  ================== ===========================================================================
"i"     integers           exact
"f"     float32, `Rounded` figures: so many significant binary digits, of float32 `DIGITS`: more than people read
"d"     float64            exact: thresholds, counts of weighted rows
======  ================== ===========================================================================

Along the last axis "i" and "f" are kept as differences, since figures next to each other are alike; of all numbers the
first bytes come first, then the second, and so on, which a compressor likes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from conjac._typing import AnyArray
from conjac.errors import InvalidInputError
from conjac.frames import as_plain

DIGITS = 14
"""Significant binary digits of a figure: a relative error of at most 6e-5."""
LARGEST = 2**31 - 1


class Rounded(NamedTuple):
    """Figures to so many significant binary digits.

    Attributes
    ----------
    figures : array
    digits : int
        At most 24.
    """

    figures: AnyArray
    digits: int


class Packed(NamedTuple):
    """What `pack` makes.

    Attributes
    ----------
    tree : nested dict and list
        Ready for JSON.
    blob : bytes
        All arrays, one after another.
    """

    tree: dict[str, Any]
    blob: bytes


def pack(value: Mapping[str, Any]) -> Packed:
    """Return a nested mapping without its arrays, and these; arrays that are alike are kept once.

    Parameters
    ----------
    value : mapping
        Of plain types, mappings, sequences and arrays.

    Examples
    --------
    >>> import numpy as np
    >>> packed = pack({"n": 3, "counts": np.array([10, 12, 11])})
    >>> packed.tree["value"], packed.tree["arrays"], len(packed.blob)
    ({'n': 3, 'counts': {'$': 0}}, [{'kind': 'i', 'shape': [3], 'bytes': 12}], 12)
    """
    arrays: list[dict[str, Any]] = []
    parts: list[bytes] = []
    seen: dict[Any, int] = {}

    def put(told: dict[str, Any], data: bytes) -> dict[str, int]:
        place = seen.setdefault((*map(str, told.values()), data), len(arrays))
        if place == len(arrays):
            arrays.append({**told, "bytes": len(data)})
            parts.append(data)
        return {"$": place}

    def of(one: Any) -> Any:
        if isinstance(one, np.ndarray) and one.dtype == np.float32:
            one = Rounded(one, DIGITS)
        if isinstance(one, Rounded):
            data = _shuffled(_differences(_rounded(*one)))
            return put({"kind": "f", "digits": one.digits, "shape": list(one.figures.shape)}, data)
        if isinstance(one, np.ndarray) and one.dtype.kind in "iufb":
            kind, data = encoded(one)
            return put({"kind": kind, "shape": list(one.shape)}, data)
        if isinstance(one, Mapping):
            return {str(key): of(item) for key, item in one.items()}
        if isinstance(one, list | tuple):
            return [of(item) for item in one]
        return as_plain(one)

    return Packed({"value": of(value), "arrays": arrays}, b"".join(parts))


def encoded(array: AnyArray) -> tuple[str, bytes]:
    """Return the kind of an array that is kept exactly, and its bytes.

    Raises
    ------
    InvalidInputError
        Integers that float64 does not hold.
    """
    if array.dtype.kind in "iub":
        whole = array.astype(np.int64)
        if np.abs(whole).max(initial=0) <= LARGEST // 2:
            return "i", _shuffled(_differences(whole))
        if np.abs(whole).max() > 2**53:
            raise InvalidInputError("a count of more than 2^53 rows cannot be shown")
    return "d", _shuffled(array.astype("<f8"))


def _rounded(figures: AnyArray, digits: int) -> AnyArray:
    """Return float32 as integers in the same order, to so many digits; nan of any kind is one number."""
    with np.errstate(over="ignore"):  # what float32 does not hold is as good as without end
        told = np.where(np.isnan(figures), np.nan, figures).astype(np.float32)
    bits, dropped = told.view(np.int32).astype(np.int64), 24 - digits
    half = 1 << (dropped - 1) if dropped else 0
    magnitude = ((bits & 0x7FFFFFFF) + half) >> dropped
    return np.where(bits < 0, -magnitude, magnitude)


def _differences(whole: AnyArray) -> AnyArray:
    """Return differences along the last axis, the sign in the last bit: 0, -1, 1, -2 as 0, 1, 2, 3."""
    steps = np.diff(whole, axis=-1, prepend=0) if whole.ndim else whole
    return ((steps << 1) ^ (steps >> 63)).astype("<u4")


def _shuffled(numbers: AnyArray) -> bytes:
    return np.ascontiguousarray(numbers).view(np.uint8).reshape(-1, numbers.dtype.itemsize).T.tobytes()
