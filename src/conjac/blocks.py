"""Rows some at a time, on as many threads as there are processors: NumPy lets go of the interpreter within a block."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray

ROWS_AT_ONCE = 2**17
"""Few enough that what is made of them stays in a processor's cache."""
MANY = 2**18
"""Rows from which more than one thread pays, and passes over them in place of a sort."""
STRIPES = 16
"""Parts of the rows that are summed by themselves, however many threads there are: sums are then the same anywhere."""

Summed = TypeVar("Summed")


def over_stripes(n_rows: int, work: Callable[[Iterator[slice]], Summed]) -> list[Summed]:
    """Apply some work to the blocks of each stripe of rows.

    Parameters
    ----------
    n_rows : int
    work : callable
        From slices of rows to what it makes of them.

    Returns
    -------
    list of length at most 16
        In the order of rows.
    """
    if n_rows <= MANY:
        return [work(_blocks(0, n_rows))]
    ends = [n_rows * k // STRIPES for k in range(STRIPES + 1)]
    stripes = [_blocks(first, last) for first, last in pairwise(ends)]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None) as pool:
        return list(pool.map(work, stripes))


def extremes(values: AnyArray) -> tuple[Any, Any]:
    """Return the least and the largest value; nan, both, if any is."""
    parts = over_stripes(len(values), lambda blocks: [(values[rows].min(), values[rows].max()) for rows in blocks])
    low, high = zip(*(pair for part in parts for pair in part), strict=True)
    return np.min(low), np.max(high)


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums over rows by place and class, arrays of shape (n_places, n_classes).

    Attributes
    ----------
    rows : array of int
    weight, weight2 : array
        Of the weights and of their squares; ``rows`` itself without weights.
    offset : array
    """

    rows: IntArray
    weight: AnyArray
    weight2: AnyArray
    offset: FloatArray


Placed = tuple[IntArray, FloatArray | None]
"""Each row's place, and what of it to sum besides, if anything."""


def sums_by(
    place_of: Callable[[slice], Placed], n_places: int, true: IntArray, weight: FloatArray | None, n_classes: int = 2
) -> Sums:
    """Sum rows by their place and class, some at a time.

    Parameters
    ----------
    place_of : callable
        From a slice of rows to their places, an array that may be written to, and their offsets.
    n_places : int
    true : array of shape (n_samples,)
        Less than ``n_classes``.
    weight : array of shape (n_samples,) or None
    n_classes : int
    """
    size = n_places * n_classes

    def work(blocks: Iterator[slice]) -> list[AnyArray]:
        rows = np.zeros(size, dtype=np.int64)
        sums = np.zeros((1 if weight is None else 3, size))
        for some in blocks:
            place, offset = place_of(some)
            place *= n_classes
            place += true[some]
            place = place.astype(np.intp, copy=False)
            rows += np.bincount(place, minlength=size)
            columns = [] if weight is None else [weight[some], weight[some] ** 2]
            for total, values in zip(sums, [offset, *columns], strict=True):
                if values is not None:
                    total += np.bincount(place, values, size)
        return [rows, *sums]

    shape = n_places, n_classes
    rows, offset, *weights = (
        np.sum(part, axis=0).reshape(shape) for part in zip(*over_stripes(len(true), work), strict=True)
    )
    first, second = weights or (rows, rows)
    return Sums(rows, first, second, offset)


def _blocks(first: int, last: int) -> Iterator[slice]:
    return (slice(at, min(at + ROWS_AT_ONCE, last)) for at in range(first, last, ROWS_AT_ONCE))
