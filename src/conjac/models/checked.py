"""Whether a model's derivative is that of its scores: compared with differences on a few rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.inputs import Inputs
from conjac.models.contract import Model
from conjac.models.margins import to_margins

MOST_ROWS = 16
TOLERANCE = 1e-3
"""Relative difference at which two derivatives are the same."""
BENT = 0.015
"""The same in single precision, whose steps are so wide that some of many rectifiers turn within them."""
LOOKS = ((2.0**-17, TOLERANCE), (2.0**-7, TOLERANCE), (2.0**-11, BENT))
"""Steps, of a standard deviation, with tolerances: for double precision, and two for single."""
SINGLE = 1e-9
"""Above the precision of double, below that of single."""
ROUNDED = 8
"""What rounding may amount to, in units of the scores' precision."""
ENOUGH = 0.75
"""Share of rows that must agree; at others the scores may bend."""


@dataclass(frozen=True)
class Comparison:
    """A derivative beside differences, row by row.

    Attributes
    ----------
    off : array of shape (n_rows,)
        Relative differences of the rows whose scores moved by more than their rounding.
    tolerance : float
        Relative difference at which both are the same.
    """

    off: FloatArray
    tolerance: float = TOLERANCE

    @classmethod
    def of(
        cls, above: FloatArray, below: FloatArray, predicted: FloatArray, eps: float, tolerance: float = TOLERANCE
    ) -> Self:
        """Compare scores on either side, and what their derivative says of their difference, arrays (n_rows,)."""
        size = np.maximum(np.abs(above - below), np.abs(predicted))
        largest = np.maximum(np.abs(above), np.abs(below)).max(initial=0.0)  # what a small score is a difference of
        told = size * tolerance > ROUNDED * eps * largest
        if tolerance > TOLERANCE and len(size):  # what turns moves all rows alike, those that hardly move too
            size = np.maximum(size, np.median(size))
        return cls(np.abs(above - below - predicted)[told] / size[told], tolerance)

    @classmethod
    def best(cls, over: Callable[[float, float], Self], eps: float, looks: Sequence[tuple[float, float]]) -> Self:
        """Return that over the first step over which enough rows agree, or else the best.

        Parameters
        ----------
        over : callable
            From a step and a tolerance to a comparison.
        eps : float
            Precision of the scores.
        looks : sequence of (float, float)
            Steps with tolerances; those wider than `TOLERANCE` serve in single precision alone.
        """
        found = cls(np.empty(0))
        for step, tolerance in looks:
            if tolerance > TOLERANCE and eps < SINGLE:
                continue
            found = max(found, over(step, tolerance), key=lambda one: (len(one.agreed), len(one.off)))
            if found.enough:
                break
        return found

    @property
    def agreed(self) -> FloatArray:
        """Those of rows on which both are the same."""
        return self.off[self.off <= self.tolerance]

    @property
    def enough(self) -> bool:
        """Whether most rows agree."""
        return len(self.agreed) >= max(1.0, ENOUGH * len(self.off))

    def told(self) -> str:
        """Return what was found, in words."""
        if not len(self.off):
            return "not checked: the scores move by no more than their rounding on the rows looked at"
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
    look = Combined.of(model, few.native)
    slope = np.asarray(model.pull(few.native, look.cotangent))
    speed = _speed(few, slope)
    try:
        found = Comparison.best(
            lambda step, tolerance: _compare(model, look, few, slope, step * speed, tolerance), look.eps, LOOKS
        )
    except ValueError as error:  # the model's own: of inputs that must not be negative, for one
        told = f"not checked: the model refuses rows beside those given ({error})"
        return replace(model, derivative=f"{model.derivative}, {told}")
    believed = found.enough or not len(found.off)
    return replace(model, pull=model.pull if believed else None, derivative=f"{model.derivative}, {found.told()}")


@dataclass(frozen=True, eq=False)
class Combined:
    """A combination of a model's scores that is well conditioned.

    Attributes
    ----------
    weights : array of shape (n_outputs,)
    cotangent : array of shape (n_outputs,) or (n_rows, n_outputs)
        Its own of what margins are made of.
    base : array of shape (n_rows,)
        Where it stands.
    eps : float
        Precision of the scores.
    """

    weights: AnyArray
    cotangent: FloatArray
    base: FloatArray
    eps: float

    @classmethod
    def of(cls, model: Model, native: Any) -> Self:
        """Draw one for some rows."""
        first = _columns(model, native)
        width, eps = first.shape[1], _precision(first)
        drawn = np.random.default_rng(0).normal(size=(width,))
        weights = drawn - drawn.mean() if width > 1 else np.ones(1)
        in_their_dtype = weights.astype(np.result_type(first, np.float32))
        if model.scale == "score":
            cotangent = weights
        elif width == 1:
            cotangent = to_margins(np.hstack([1 - first, first]), np.array([[0.0, 1.0]]))
        else:
            found = to_margins(first, weights[None])
            cotangent = np.hstack([-found, found]) if width == 2 else found
        return cls(in_their_dtype, cotangent, first @ in_their_dtype, eps)

    def value(self, model: Model, native: Any) -> FloatArray:
        """Return it for other rows, or of another model, array of shape (n_rows,)."""
        return np.asarray(_columns(model, native) @ self.weights)


def _columns(model: Model, native: Any) -> AnyArray:
    """Return scores in their own dtype, a column for each that the derivative takes a cotangent of."""
    found = np.asarray(model.scores(native))
    found = found[:, None] if found.ndim == 1 else found
    if found.shape[1] != 2 or model.columnwise:
        return found
    return found[:, 1:] if model.scale == "logit" else found[:, 1:] - found[:, :1]


def _precision(found: AnyArray) -> float:
    """Return the precision of scores; bfloat16, which NumPy does not know, is told in single precision."""
    if found.dtype == np.float32 and not (np.ascontiguousarray(found).view(np.uint32) & 0xFFFF).any():
        return 2.0**-7
    return float(np.finfo(found.dtype if found.dtype.kind == "f" else np.float64).eps)


def _speed(few: Inputs, slope: FloatArray) -> FloatArray:
    """Return how far each column moves: some standard deviations, 0 of what is no number."""
    speed = np.random.default_rng(0).uniform(0.5, 1.5, len(few.names))
    for place in range(len(few.names)):
        column = few.column(place)
        known = column[np.isfinite(column)].astype(np.float64) if column.dtype.kind in "iuf" else np.zeros(0)
        is_code = not slope[:, place].any() and (known == np.round(known)).all()
        speed[place] *= 0.0 if is_code or not len(known) else known.std() or 1.0
    return speed


def _compare(
    model: Model, look: Combined, few: Inputs, slope: FloatArray, step: FloatArray, tolerance: float
) -> Comparison:
    """Compare over one step either way; columns of single precision count as far as they moved."""
    up, down = _moved(few, step), _moved(few, -step)
    predicted = np.zeros(few.n_rows)
    for place in map(int, np.flatnonzero(step)):
        by = up.column(place).astype(np.float64) - down.column(place).astype(np.float64)
        predicted += slope[:, place] * np.where(np.isfinite(by), by, 0)
    return Comparison.of(look.value(model, up.native), look.value(model, down.native), predicted, look.eps, tolerance)


def _moved(few: Inputs, step: FloatArray) -> Inputs:
    if few.is_image and step.any():
        dtype = few.native.dtype if few.native.dtype.kind == "f" else np.dtype(np.float64)
        return replace(few, native=few.native.astype(dtype) + step.reshape(few.shape).astype(dtype))
    for place in map(int, np.flatnonzero(step)):
        few = replace(few, native=few.moved(place, float(step[place])))
    return few
