"""Sums by key, held small and added by the hundred.

Keys are held column by column, each in the smallest integers that hold it, and a column of one number as that number.
Many sets of sums are added in batches that stay in the processor's cache: by a table of all keys there could be, or by
a sort where far outliers would make that table too large.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from conjac._typing import AnyArray, BoolArray, FloatArray, IntArray
from conjac.errors import InvalidInputError
from conjac.readonly import locked
from conjac.tally.moments import MOMENTS

KEYS = ("true", "facet", "bin", "side", "block")
DENSE = 8
"""Possible keys to a row up to which keys are looked up in a table of all."""
AT_ONCE = 2**17
"""Keys that are added together."""
ROUNDING = 1e-9
"""Of what was added, what a difference of sums may be off."""


class Sums(NamedTuple):
    """Sums by key.

    Attributes
    ----------
    columns : tuple of 5 arrays of shape (n_keys,)
        The keys, a column each of `KEYS`.
    rows, weight, weight2, offset : array of shape (n_keys,)
        As those of a `Tally`; where every row counts 1, ``weight`` and ``weight2`` are ``rows`` itself.
    moments : array of shape (n_keys, n_velocities, 5)
        As those of a `Tally`.
    """

    columns: tuple[AnyArray, ...]
    rows: IntArray
    weight: AnyArray
    weight2: AnyArray
    offset: FloatArray
    moments: FloatArray

    @classmethod
    def none(cls, n_velocities: int = 0) -> Sums:
        """Return those of no rows."""
        rows, moments = locked(np.zeros(0, dtype=np.int64)), locked(np.zeros((0, n_velocities, len(MOMENTS))))
        return cls(tuple(small(rows) for _ in KEYS), rows, rows, rows, locked(np.zeros(0)), moments)

    @property
    def unweighted(self) -> bool:
        """Whether every row counts 1."""
        return self.weight is self.rows

    def where(self, chosen: BoolArray) -> Sums:
        """Return those of some keys."""
        rows = locked(self.rows[chosen])
        weight, weight2 = (rows, rows) if self.unweighted else (self.weight[chosen], self.weight2[chosen])
        columns = tuple(small(column[chosen]) for column in self.columns)
        return Sums(columns, rows, weight, weight2, self.offset[chosen], self.moments[chosen])

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, each counted once."""
        distinct = {id(array): array for array in (*self.columns, *self[1:])}.values()
        return sum(a.itemsize if a.strides == (0,) else a.nbytes for a in distinct)


def add_up(parts: Sequence[Sums]) -> Sums:
    """Add sums of equal keys; keys come out sorted, whatever their order and that of the parts."""
    while True:
        parts = [_added(batch) for batch in _batches(parts)]
        if len(parts) == 1:
            return parts[0]


def subtract(whole: Sums, part: Sums) -> Sums | None:
    """Take a part away from its whole; None where it is not one."""
    rows = -part.rows
    weight, weight2 = (rows, rows) if part.unweighted else (-part.weight, -part.weight2)
    taken = part._replace(rows=rows, weight=weight, weight2=weight2, offset=-part.offset, moments=-part.moments)
    rest = add_up([whole, taken])
    most = add_up([whole, part])
    left = rest.rows > 0
    is_part = bool((rest.rows >= 0).all())
    for value, scale in ((rest.weight, most.weight), (rest.weight2, most.weight2)):
        slack = ROUNDING * scale
        is_part &= bool((value >= -slack).all() and (value <= slack)[~left].all())
    if not rest.unweighted:
        rest = rest._replace(weight=rest.weight.clip(0), weight2=rest.weight2.clip(0))
    return rest.where(left) if is_part else None


def _batches(parts: Sequence[Sums]) -> Iterator[list[Sums]]:
    """Yield two parts or more at a time, of about `AT_ONCE` keys."""
    batch: list[Sums] = []
    n_keys = 0
    for part in parts:
        batch.append(part)
        n_keys += len(part.rows)
        if n_keys >= AT_ONCE and len(batch) > 1:
            yield batch
            batch, n_keys = [], 0
    if batch:
        yield batch


def _added(parts: list[Sums]) -> Sums:
    n_keys = sum(len(part.rows) for part in parts)
    if not n_keys:
        return Sums.none(parts[0].moments.shape[1])
    columns = [np.concatenate(column) for column in zip(*(part.columns for part in parts), strict=True)]
    grid = _Grid.around(columns)
    index, found = _ranked(grid.encode(columns), grid.size)

    def total(values: Sequence[AnyArray]) -> AnyArray:
        return locked(sum_by(index, np.concatenate(values), len(found)))

    rows = weight = weight2 = total([part.rows for part in parts])
    if not all(part.unweighted for part in parts):
        weight, weight2 = total([part.weight for part in parts]), total([part.weight2 for part in parts])
    offset, moments = total([part.offset for part in parts]), total([part.moments for part in parts])
    return Sums(grid.decode(found), rows, weight, weight2, offset, moments)


class _Grid(NamedTuple):
    """All keys there could be, numbered in their order: from the lowest of each column, so many of each."""

    low: list[int]
    span: list[int]

    @classmethod
    def around(cls, columns: Sequence[AnyArray]) -> _Grid:
        ends = [(int(column.min()), int(column.max())) for column in columns]
        grid = cls([low for low, _ in ends], [high - low + 1 for low, high in ends])
        if grid.size > 2**62:
            raise InvalidInputError("thresholds: too many named thresholds for scores with such far outliers")
        return grid

    @property
    def size(self) -> int:
        size = 1
        for span in self.span:
            size *= span
        return size

    def encode(self, columns: Sequence[AnyArray]) -> IntArray:
        code = np.zeros(len(columns[0]), dtype=np.intp)
        for column, low, span in zip(columns, self.low, self.span, strict=True):
            if span > 1:
                code *= span
                code += column
                code -= low
        return code

    def decode(self, code: IntArray) -> tuple[AnyArray, ...]:
        columns = []
        for low, span in zip(reversed(self.low), reversed(self.span), strict=True):
            code, column = np.divmod(code, span) if span > 1 else (code, np.zeros_like(code))
            columns.append(small(column + low))
        return tuple(reversed(columns))


def group(keys: IntArray) -> tuple[IntArray, IntArray]:
    """Return each key's rank among the distinct keys, and where each distinct key first stands.

    Parameters
    ----------
    keys : array of shape (n_keys, n_columns)
    """
    if not len(keys):
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp)
    columns = list(keys.T)
    grid = _Grid.around(columns)
    index, found = _ranked(grid.encode(columns), grid.size)
    first = np.empty(len(found), dtype=np.intp)
    first[index[::-1]] = np.arange(len(keys) - 1, -1, -1)  # of equal places the last that is written stays
    return index, first


def _ranked(code: IntArray, size: int) -> tuple[IntArray, IntArray]:
    """Return each code's rank among the distinct ones, and these, ascending; codes lie below ``size``."""
    if size <= DENSE * len(code):  # a table of all keys there could be is faster than a sort
        present = np.zeros(size, dtype=bool)
        present[code] = True
        return (np.cumsum(present) - 1)[code], np.flatnonzero(present)
    order = np.argsort(code, kind="stable")  # which is quick where sorted parts follow each other
    ordered = code[order]
    new = np.diff(ordered, prepend=ordered[0] - 1) > 0
    index = np.empty_like(code)
    index[order] = np.cumsum(new) - 1
    return index, ordered[new]


def sum_by(index: IntArray, values: AnyArray, size: int) -> AnyArray:
    """Sum by index, array of shape (size, ...); integers stay exact integers."""
    if values.ndim > 1:
        columns = np.reshape(values, (len(values), int(np.prod(values.shape[1:])))).T
        summed = [np.bincount(index, column, size) for column in columns]
        return np.reshape(np.transpose(summed), (size, *values.shape[1:]))
    total = np.bincount(index, values, size)
    return total if values.dtype.kind == "f" else np.rint(total).astype(np.int64)


def small(column: AnyArray) -> AnyArray:
    """Return integers in the smallest signed type that holds them; equal ones as one number, told n times."""
    low, high = (int(column.min()), int(column.max())) if len(column) else (0, 0)
    dtype = np.min_scalar_type(min(low, -1 - high))  # signed: unsigned 64 bits beside signed would become floats
    return locked(np.broadcast_to(dtype.type(low), column.shape) if low == high else column.astype(dtype))
