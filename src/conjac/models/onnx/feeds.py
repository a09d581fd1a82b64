"""From rows to what a session takes: one matrix, or a tensor a column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac._typing import AnyArray
from conjac.errors import InvalidInputError
from conjac.inputs import Inputs

TYPES: dict[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
    "tensor(string)": np.object_,
}


@dataclass(frozen=True)
class Tensor:
    """What a session takes by one name.

    Attributes
    ----------
    name : str
    dtype : numpy.dtype
    shape : tuple of int or None
        None where the graph leaves it open.
    """

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class Feeds:
    """How rows become what a session takes.

    Attributes
    ----------
    tensors : tuple of Tensor
    """

    tensors: tuple[Tensor, ...]

    @classmethod
    def of(cls, inputs: Sequence[Any]) -> Feeds:
        """Read the inputs of a session.

        Raises
        ------
        InvalidInputError
            Inputs that are no columns: images, sequences, several matrices.
        """
        shown = ", ".join(describe(one) for one in inputs)
        for one in inputs:
            if one.type not in TYPES or len(one.shape) > 2:
                raise InvalidInputError(
                    f"the model takes {shown}; expected numbers or text of shape (n, n_columns), or (n, 1) a column"
                )
        tensors = tuple(Tensor(one.name, np.dtype(TYPES[one.type]), _sizes(one.shape)) for one in inputs)
        if len(tensors) > 1 and any(len(tensor.shape) == 2 and tensor.shape[1] != 1 for tensor in tensors):
            raise InvalidInputError(
                f"the model takes {shown}; expected one matrix, or inputs of one column each: export it with these"
            )
        return cls(tensors)

    @property
    def columns(self) -> tuple[str, ...] | None:
        """Names of the columns, where the session knows them."""
        return tuple(tensor.name for tensor in self.tensors) if len(self.tensors) > 1 else None

    @property
    def batch(self) -> int | None:
        """Rows that the session takes at once, where their number is fixed."""
        return next((tensor.shape[0] for tensor in self.tensors if tensor.shape and tensor.shape[0]), None)

    def __call__(self, X: Any) -> dict[str, AnyArray]:
        """Return the rows as the session takes them.

        Raises
        ------
        InvalidInputError
            A column too many or too few, or one of values that the session does not take.
        """
        inputs = Inputs.of(X, self.columns)
        if len(self.tensors) == 1:
            return {self.tensors[0].name: _matrix(inputs, self.tensors[0])}
        if inputs.is_frame:
            absent = [tensor.name for tensor in self.tensors if tensor.name not in inputs.names]
            if absent:
                raise InvalidInputError(
                    f"X lacks what the model takes: {', '.join(map(repr, absent))}; add these columns"
                )
        elif len(inputs.names) != len(self.tensors):
            taken = ", ".join(tensor.name for tensor in self.tensors)
            raise InvalidInputError(
                f"X has {len(inputs.names)} columns and the model takes {len(self.tensors)}: {taken}; pass these"
            )
        return {
            tensor.name: _cast(inputs.column(inputs.place(tensor.name)), tensor.dtype, tensor.name).reshape(
                (-1, 1) if len(tensor.shape) == 2 else -1
            )
            for tensor in self.tensors
        }


def describe(tensor: Any) -> str:
    """Return a session's input or output in words, such as ``'X' of shape (n, 3)``."""
    kind = "" if tensor.type in TYPES and tensor.type != "tensor(string)" else f" {tensor.type}"
    sizes = ", ".join("n" if size is None else str(size) for size in _sizes(tensor.shape))
    return f"{tensor.name!r}{kind}" + (f" of shape ({sizes}{',' * (len(tensor.shape) == 1)})" if tensor.shape else "")


def _sizes(shape: Sequence[Any]) -> tuple[int | None, ...]:
    return tuple(size if isinstance(size, int) and size > 0 else None for size in shape)


def _matrix(inputs: Inputs, tensor: Tensor) -> AnyArray:
    width = tensor.shape[1] if len(tensor.shape) == 2 else 1 if tensor.shape else None
    n_columns = len(inputs.names)
    if width not in (None, n_columns):
        raise InvalidInputError(
            f"X has {n_columns} columns and the model's input {tensor.name!r} takes {width}; pass these alone, in its "
            "order (at the shell: --features A,B)"
        )
    if not inputs.is_frame and inputs.native.dtype.kind == "f" and tensor.dtype.kind == "f":
        matrix = np.asarray(inputs.native, dtype=tensor.dtype)
    else:
        cast = [_cast(inputs.column(place), tensor.dtype, name) for place, name in enumerate(inputs.names)]
        matrix = np.column_stack(cast)
    return matrix[:, 0] if len(tensor.shape) == 1 else matrix


def _cast(values: AnyArray, dtype: np.dtype[Any], name: str) -> AnyArray:
    """Return a column in the session's type, where that takes each of its values."""
    if dtype.kind == "O":
        return np.array([_as_text(value, row, name) for row, value in enumerate(values)], dtype=object)
    try:
        numbers = values.astype(np.float64) if values.dtype == object else values
        if dtype.kind == "f":
            return numbers.astype(dtype)
    except (TypeError, ValueError):
        row, value = next((row, value) for row, value in enumerate(values) if not _is_number(value))
        raise InvalidInputError(
            f"column {name!r} holds {value!r} in row {row}; the model takes numbers there"
        ) from None
    odd = np.flatnonzero(~np.isin(numbers, (0, 1)) if dtype.kind == "b" else numbers % 1 != 0)
    if len(odd):
        taken = "true and false" if dtype.kind == "b" else "whole numbers"
        raise InvalidInputError(
            f"column {name!r} holds {numbers[odd[0]]} in row {odd[0]}; the model takes {taken} there"
        )
    return numbers.astype(dtype)


def _as_text(value: Any, row: int, name: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | np.integer):
        return str(int(value))
    raise InvalidInputError(
        f"column {name!r} holds {value!r} in row {row}; the model takes text there, which knows nothing missing"
    )


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return value is None
    return True
