"""What half precision cannot hold: scores and derivatives that are not finite, and cotangents that would vanish."""

from __future__ import annotations

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.errors import InvalidInputError, NotDifferentiableError
from conjac.models.structure import Structure

OVERFLOWS = "overflows, as in half precision, or divides by 0; evaluate it in single precision"


def refuse_scores(X: AnyArray, found: AnyArray) -> None:
    """Refuse scores that are not finite of rows that are.

    Raises
    ------
    InvalidInputError
        The first such row.
    """
    lost, missing = (~np.isfinite(array.reshape(len(array), -1).astype(np.float64)).all(axis=1) for array in (found, X))
    guilty = np.flatnonzero(lost & ~missing)
    if len(guilty):
        raise InvalidInputError(
            f"the network scores row {guilty[0]} of X as {found[guilty[0]]} ({len(guilty)} such rows), whose inputs "
            f"are finite: it {OVERFLOWS}"
        )


def refuse_rows(pulled: FloatArray) -> None:
    """Refuse derivatives by the inputs, array of shape (n_rows, n_columns), that are not finite.

    Raises
    ------
    NotDifferentiableError
        In how many rows.
    """
    lost = np.flatnonzero(~np.isfinite(pulled).all(axis=1))
    if len(lost):
        raise NotDifferentiableError(
            f"the gradient by the inputs is not finite in {len(lost)} of {len(pulled)} rows: the network {OVERFLOWS}"
        )


def refuse_leaves(structure: Structure, flat: FloatArray) -> None:
    """Refuse derivatives by parameters that are not finite.

    Raises
    ------
    NotDifferentiableError
        By the first such one.
    """
    for name, leaf in zip(structure.names, structure.leaves(flat), strict=True):
        if not np.isfinite(leaf).all():
            raise NotDifferentiableError(f"the gradient by {name} is not finite: the network {OVERFLOWS}")


def size_of(cotangent: AnyArray) -> float:
    """Return the power of 2 below the largest cotangent: without it, half precision would lose small ones."""
    largest = np.abs(cotangent).max(initial=0.0)
    return float(np.ldexp(0.5, np.frexp(largest)[1])) if 0 < largest < np.inf else 1.0
