"""Whether a fit is at the optimum of its training problem: what one Newton step would do to the cells."""

from __future__ import annotations

import numpy as np

from conjac._typing import FloatArray
from conjac.errors import NotStationaryError
from conjac.inference import Cells
from conjac.motion.denominators import cells_stderr

PASSES = 0.1
"""Standard errors of a cell by which a Newton step may move it without a word."""
FAR = 2.0
"""Standard errors beyond which derivatives at these parameters are worth nothing."""
WAY_OUT = (
    "the fit has not converged, or training_data are not the rows (and weights) that it was fitted on; pass those, fit "
    "with a lower tol and a higher max_iter, or take conjac.polish(estimator, X, y)"
)


def standing_errors(cells: Cells, step: FloatArray, way_out: str = WAY_OUT) -> float:
    """Return by how many of its standard errors a Newton step of the training problem moves a cell, at most.

    It is nan where cells have no slope, as past the end of the domain.

    Parameters
    ----------
    cells : Cells
    step : array of shape (n_columns, n_columns)
        By how much it moves each cell.
    way_out : str
        What to do about it.

    Raises
    ------
    NotStationaryError
        More than `FAR`.
    """
    weight = cells.weight[0]
    one_row = cells.weight2[0].sum() / max(weight.sum(), np.finfo(float).tiny)
    moved = float((np.abs(step) / np.maximum(cells_stderr(cells, None), one_row)).max())
    if moved > FAR:
        raise NotStationaryError(told(moved, way_out))
    return moved


def caution(moved: float, way_out: str = WAY_OUT) -> list[str]:
    """Say that a fit is not at its optimum, where that matters."""
    return [told(moved, way_out)] if moved > PASSES else []


def told(moved: float, way_out: str) -> str:
    """Return what a Newton step does, in words, and what to do about it."""
    return f"one Newton step of the training problem moves a cell by {moved:.2g} standard errors: {way_out}"
