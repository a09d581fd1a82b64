"""Results as tidy frames and as plain types."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np

from conjac.errors import InvalidInputError, MissingDependencyError

EXTRAS = {"pandas": "pandas", "polars": "polars", "pyarrow": "arrow"}


def to_frame(columns: Mapping[str, Any], backend: Any) -> Any:
    """Return columns, lists or arrays, as a frame of the backend's own type; raises as `needs_backend` does."""
    needs_backend(backend)
    return nw.from_dict(dict(columns), backend=backend).to_native()


def needs_backend(backend: Any) -> None:
    """Refuse a backend of frames that is unknown, or not installed.

    Raises
    ------
    InvalidInputError
        An unknown backend.
    MissingDependencyError
        The backend is not installed.
    """
    if backend not in EXTRAS:
        raise InvalidInputError(f"backend={backend!r}: expected one of {sorted(EXTRAS)}")
    if find_spec(backend) is None:
        raise MissingDependencyError(f"backend={backend!r} is not installed; pip install 'conjac[{EXTRAS[backend]}]'")


def as_plain(value: Any) -> Any:
    """Return nested results as types that JSON knows: arrays as lists, nan and infinities as None."""
    if isinstance(value, Mapping):
        return {str(key): as_plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return as_plain(value.tolist())
    if isinstance(value, np.generic):
        return as_plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Sequence):
        return [as_plain(item) for item in value]
    return str(value)
