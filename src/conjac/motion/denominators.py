"""What the cells of a matrix are divided by, and what a unit of each cell adds to them as normalised."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from conjac._typing import FloatArray, Normalize, Sparse
from conjac.inference import Cells, Table
from conjac.inference.delta import divide


def groups(shape: tuple[int, int], how: Normalize | None) -> Sparse:
    """Return which cells share a denominator that moves, sparse array of shape (n_cells, n_cells)."""
    n_classes, n_columns = shape
    if how == "true":
        return sparse.csr_array(sparse.kron(sparse.eye_array(n_classes), np.ones((n_columns, n_columns))))
    if how == "pred":
        return sparse.csr_array(sparse.kron(np.ones((n_classes, n_classes)), sparse.eye_array(n_columns)))
    return sparse.csr_array((n_classes * n_columns, n_classes * n_columns))


def totals(cells: FloatArray, how: Normalize | None) -> FloatArray:
    """Return what each cell is divided by, array of shape (n_cells,); the total weight is known, and stays.

    Parameters
    ----------
    cells : array of shape (n_classes, n_columns)
    how : {"true", "pred", "all", None}
    """
    if how in ("true", "pred"):
        axis = 1 if how == "true" else 0
        return np.broadcast_to(cells.sum(axis=axis, keepdims=True), cells.shape).ravel()
    return np.full(cells.size, cells.sum() if how == "all" else 1.0)


def figures(own: FloatArray, together: FloatArray, groups: Sparse) -> Sparse:
    """Return what a unit of each cell adds to the figure of each: so much as itself, so much as one of its group."""
    return sparse.csr_array(sparse.diags_array(own) + sparse.diags_array(together) @ groups)


def cells_stderr(counted: Cells, how: Normalize | None) -> FloatArray:
    """Return the standard error of each cell as normalised, array of shape (n_classes, n_columns); at one point."""
    cells = counted.weight[0].astype(np.float64)
    total = totals(cells, how)
    alone = divide(np.ones_like(total), total, 0.0)
    adds = figures(alone, -divide(cells.ravel(), total, 0.0) * alone, groups(cells.shape, how))
    return np.asarray(np.sqrt(Table.of(counted).variance(adds)).reshape(cells.shape))
