"""Whether a model's derivative in its parameters is that of its scores: compared with differences on a few rows."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple, Self

import numpy as np

from conjac._typing import FloatArray
from conjac.errors import NotDifferentiableError
from conjac.inputs import Inputs
from conjac.models.checked import BENT, ROUNDED, SINGLE, TOLERANCE, Combined, Comparison
from conjac.models.contract import Model
from conjac.models.parametric import Parametric

MOST_ROWS = 8
N_DIRECTIONS = 2
LOOKS = ((2.0**-17, TOLERANCE), (2.0**-11, BENT))
"""By how much scores are to move, as a share of the largest, with tolerances: for double precision, and for single."""
FARTHEST = 2.0**-3
"""Of the size that parameters have at first: how far they move at most."""
WAY_OUT = "name the parameters that come after it, as Parameters('head'), or put a smooth layer in its place"


def checked_parameters(model: Model, parametric: Parametric, few: Inputs) -> str:
    """Compare the derivative in the parameters with differences of the scores, along two directions drawn at random.

    Parameters
    ----------
    model : Model
    parametric : Parametric
        Its own, in the same order of classes.
    few : Inputs
        The rows to look at; of more than 8, the first.

    Returns
    -------
    str
        What was found, in words.

    Raises
    ------
    NotDifferentiableError
        Derivatives that are not those of the scores, as behind a layer that rounds and passes gradients straight
        through, or that detaches.
    """
    few = few.take(slice(0, MOST_ROWS))
    look, drawn = Combined.of(model, few.native), _directions(parametric)
    pulls = _Pulls.of(parametric, few, look.cotangent, drawn)
    _refuse_silence(model, parametric, few, look, pulls.largest, drawn[0])
    slopes = pulls.along
    farthest = np.abs(slopes).max(axis=1)
    size = np.abs(look.base).max() or 1.0

    def over(step: float, tolerance: float) -> Comparison:
        found = []
        for direction, slope, fast in zip(drawn, slopes, farthest, strict=True):
            by = min(FARTHEST, step * size / fast) if fast > 0 else step
            up, down = (replace(model, scores=parametric.moved(side * by * direction)) for side in (1, -1))
            sides = look.value(up, few.native), look.value(down, few.native)
            found.append(Comparison.of(*sides, 2 * by * slope, look.eps, tolerance))
        return Comparison(np.concatenate([one.off for one in found]), tolerance)

    found = Comparison.best(over, max(look.eps, SINGLE), LOOKS)  # scores in double precision may be made in single
    if len(found.off) and not found.enough:
        raise NotDifferentiableError(
            f"the gradient by the model's parameters is {np.median(found.off):.0%} off differences of its scores, in "
            "the median row: a layer in it rounds or detaches, and passes gradients around that; " + WAY_OUT
        )
    return found.told()


def _directions(parametric: Parametric) -> FloatArray:
    """Draw directions in which each leaf moves as far as its entries are large at first, if it is about square."""
    drawn = np.random.default_rng(0).normal(size=(N_DIRECTIONS, parametric.structure.size))
    for direction in drawn:
        for leaf in parametric.structure.leaves(direction):
            leaf *= max(1, leaf.size) ** -0.25
    return drawn


class _Pulls(NamedTuple):
    """Rows' derivatives, of which only what is needed is kept.

    Attributes
    ----------
    along : array of shape (n_directions, n_rows)
    largest : array of shape (n_parameters,)
        Largest size of each over the rows.
    """

    along: FloatArray
    largest: FloatArray

    @classmethod
    def of(cls, parametric: Parametric, few: Inputs, cotangent: FloatArray, drawn: FloatArray) -> Self:
        own = np.broadcast_to(np.atleast_2d(cotangent), (few.n_rows, np.shape(cotangent)[-1]))
        along, largest = np.empty((len(drawn), few.n_rows)), np.zeros(drawn.shape[1])
        for row in range(few.n_rows):
            one = slice(row, row + 1)
            slope = parametric.pull(few.take(one).native, own[one])
            along[:, row] = drawn @ slope
            np.maximum(largest, np.abs(slope), out=largest)
        return cls(along, largest)


def _refuse_silence(
    model: Model, parametric: Parametric, few: Inputs, look: Combined, largest: FloatArray, direction: FloatArray
) -> None:
    """Refuse leaves whose gradient is 0 in all rows, and which move the scores nevertheless: steps, seen from afar."""
    step, structure = direction.copy(), parametric.structure
    leaves = zip(structure.names, structure.leaves(largest), structure.leaves(step), strict=True)
    silent = []
    for name, slope, leaf in leaves:
        if slope.any():
            leaf[...] = 0
        else:
            silent.append(name)
    if not silent:
        return
    there = look.value(replace(model, scores=parametric.moved(step)), few.native)
    if (np.abs(there - look.base) > ROUNDED * look.eps * np.maximum(np.abs(there), np.abs(look.base))).any():
        raise NotDifferentiableError(
            f"the gradient by {silent[0]} is 0 in the rows looked at, and the scores follow it: a layer after it "
            f"rounds, compares or detaches; {WAY_OUT}"
        )
