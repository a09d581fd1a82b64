"""Whether a model's derivative is that of its scores: compared with differences on a few rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.inputs import Inputs
from conjac.models.contract import Model
from conjac.models.margins import to_margins

MOST_ROWS = 16
STEPS = (2.0**-17, 2.0**-7)
"""Of a standard deviation: for double precision, and for single."""
TOLERANCE = 1e-3
"""Relative difference at which two derivatives are the same."""
ENOUGH = 0.75
"""Share of rows that must agree; at others the scores may bend."""


@dataclass(frozen=True)
class Comparison:
    """A derivative beside differences, row by row.

    Attributes
    ----------
    off : array of shape (n_rows,)
        Relative differences of the rows whose scores moved by more than their rounding.
    """

    off: FloatArray

    @property
    def agreed(self) -> FloatArray:
        """Those of rows on which both are the same."""
        return self.off[self.off <= TOLERANCE]

    @property
    def enough(self) -> bool:
        """Whether most rows agree."""
        return len(self.agreed) >= max(1.0, ENOUGH * len(self.off))

    def told(self) -> str:
        """Return what was found, in words."""
        if not len(self.off):
            return "not checked: the scores are flat on the rows looked at"
        if not self.enough:
            return f"not used: {np.median(self.off):.1%} off differences of the scores, in the median row"
        n_bent = len(self.off) - len(self.agreed)
        bent = f", but for {n_bent} where scores may bend" if n_bent else ""
        return f"checked on {len(self.off)} rows: at most {self.agreed.max():.0e} off{bent}"


def checked(model: Model, few: Inputs) -> Model:
    """Return the model with its derivative compared with its scores' differences; without it, where these differ.

    All columns of numbers are moved at once, each by its own multiple of its standard deviation. Whole numbers that
    the derivative leaves alone may be codes of categories, and are not moved.

    Parameters
    ----------
    model : Model
    few : Inputs
        The rows to look at; of more than 16, the first.

    Returns
    -------
    Model
        Whose ``derivative`` says how far it was off.

    Examples
    --------
    >>> import numpy as np
    >>> wrong = Model(lambda X: X[:, 0] ** 2, pull=lambda X, cotangent: cotangent * X, derivative="formula")
    >>> found = checked(wrong, Inputs.of(np.array([[1.0], [2.0], [4.0]])))
    >>> found.pull, found.derivative
    (None, 'formula, not used: 50.0% off differences of the scores, in the median row')
    """
    if model.pull is None:
        return model
    few = few.take(slice(0, MOST_ROWS))
    value, cotangent = _looked_at(model, few.native)
    slope = np.asarray(model.pull(few.native, cotangent))
    speed = _speed(few, slope)
    found = Comparison(np.empty(0))
    for step in STEPS:
        try:
            compared = _compare(value, few, slope, step * speed)
        except ValueError as error:  # the model's own: of inputs that must not be negative, for one
            told = f"not checked: the model refuses rows beside those given ({error})"
            return replace(model, derivative=f"{model.derivative}, {told}")
        found = max(found, compared, key=lambda one: (len(one.agreed), len(one.off)))
        if found.enough:
            break
    believed = found.enough or not len(found.off)
    return replace(model, pull=model.pull if believed else None, derivative=f"{model.derivative}, {found.told()}")


def _looked_at(model: Model, native: Any) -> tuple[Callable[[Any], FloatArray], FloatArray]:
    """Return a combination of the scores that is well conditioned, and its cotangent of what margins are made of."""
    first = _columns(model, native)
    width = first.shape[1]
    drawn = np.random.default_rng(0).normal(size=(width,))
    weights = drawn - drawn.mean() if width > 1 else np.ones(1)
    in_their_dtype = weights.astype(np.result_type(first, np.float32))

    def value(moved: Any) -> FloatArray:
        return np.asarray(_columns(model, moved) @ in_their_dtype)

    if model.scale == "score":
        return value, weights
    if width == 1:
        return value, to_margins(np.hstack([1 - first, first]), np.array([[0.0, 1.0]]))
    return value, to_margins(first, weights[None])


def _columns(model: Model, native: Any) -> AnyArray:
    """Return scores in their own dtype, one column for two classes."""
    found = np.asarray(model.scores(native))
    found = found[:, None] if found.ndim == 1 else found
    if found.shape[1] != 2:
        return found
    return found[:, 1:] if model.scale == "logit" else found[:, 1:] - found[:, :1]


def _speed(few: Inputs, slope: FloatArray) -> FloatArray:
    """Return how far each column moves: some standard deviations, 0 of what is no number."""
    speed = np.random.default_rng(0).uniform(0.5, 1.5, len(few.names))
    for place in range(len(few.names)):
        column = few.column(place)
        known = column[np.isfinite(column)].astype(np.float64) if column.dtype.kind in "iuf" else np.zeros(0)
        is_code = not slope[:, place].any() and (known == np.round(known)).all()
        speed[place] *= 0.0 if is_code or not len(known) else known.std() or 1.0
    return speed


def _compare(value: Callable[[Any], FloatArray], few: Inputs, slope: FloatArray, step: FloatArray) -> Comparison:
    """Compare over one step either way; columns of single precision count as far as they moved."""
    up, down = _moved(few, step), _moved(few, -step)
    predicted = np.zeros(few.n_rows)
    for place in map(int, np.flatnonzero(step)):
        by = up.column(place).astype(np.float64) - down.column(place).astype(np.float64)
        predicted += slope[:, place] * np.where(np.isfinite(by), by, 0)
    above, below = value(up.native), value(down.native)
    size = np.maximum(np.abs(above - below), np.abs(predicted))
    rounding = 8 * np.finfo(above.dtype).eps * np.maximum(np.abs(above), np.abs(below))
    told = size * TOLERANCE > rounding
    return Comparison(np.abs(above - below - predicted)[told] / size[told])


def _moved(few: Inputs, step: FloatArray) -> Inputs:
    for place in map(int, np.flatnonzero(step)):
        few = replace(few, native=few.moved(place, float(step[place])))
    return few
