r"""How far a column is moved for a recount: far enough that rows cross, near enough for a derivative.

Steps are 1, 2 or 5 times a power of ten, so that a step may be read and two samples of one population take the same;
on a lattice, of its spacing, so that what stands on it stays on it. A recount at steps :math:`\delta` and
:math:`r\delta` tells the bias :math:`(D_{r\delta} - D_\delta) / (r^2 - 1)` of the first, of which only what exceeds its
noise is believed; of the rest, :math:`\delta^2 / 6` of a normal density's is expected, :math:`\delta` in spreads of the
column. The step with the least sum of that bias, squared, and of the variance is taken, each relative to the squared
rate at which rows of a class cross. A few rows of each class choose, for a tenth of what the recount itself costs; a
choice among a handful of steps by so few of the rows leaves the errors at the step that is chosen as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.engines.outcomes import Outcomes
from conjac.inference.delta import divide
from conjac.inference.intervals import HALF_ROW
from conjac.inputs import Inputs, robust_spread

Predict = Callable[[Any], AnyArray]
"""From rows, as the model takes them, to the places of their predicted classes, array of shape (n_rows,)."""

ROUND = np.array([1.0, 2.0, 5.0])
NARROWEST, WIDEST = 0.05, 0.8
"""Range of steps that are tried, in spreads of the column."""
SHARE = 0.2
"""Predictions spent on the choice, for each row that moves."""
MOST = 1 / 3
"""Share of a class's rows that choose, at most: a step must not be chosen by the very rows that are counted at it."""


@dataclass(frozen=True, eq=False)
class Step:
    """The step of one column.

    Attributes
    ----------
    half : float
        Half of the distance between the two recounts, in the column's own units; nan where no rows move.
    bias, bias_stderr : array of shape (n_classes, n_classes)
        Estimated bias of the cells' difference quotients per unit of the column, and how well that is known.
    """

    half: float
    bias: FloatArray
    bias_stderr: FloatArray

    @classmethod
    def given(cls, half: float, n_columns: int) -> Self:
        """Return a step that was not chosen, of whose bias nothing is known."""
        unknown = np.full((n_columns, n_columns), np.nan)
        return cls(half, unknown, unknown)


def ladder(spread: float, lattice: float | None) -> FloatArray:
    """Return the steps that may be taken, ascending, and one more that tells the bias of the last.

    Examples
    --------
    >>> ladder(1.0, None).tolist(), ladder(1.5, 1.0).tolist(), ladder(0.3, 1.0).tolist()
    ([0.05, 0.1, 0.2, 0.5, 1.0], [1.0, 2.0], [1.0, 2.0])
    """
    unit = lattice or 1.0
    low, high = (np.floor(np.log10(end * spread / unit)) for end in (NARROWEST, WIDEST))
    powers = np.arange(0 if lattice else low, max(high, 0 if lattice else low) + 2)
    steps = unit * (10.0 ** powers[:, None] * ROUND).ravel()
    steps = steps[steps >= NARROWEST * spread]
    n_inside = max(1, int((steps <= WIDEST * spread).sum()))
    return np.asarray(steps[: n_inside + 1])


def choose(
    predict: Predict, inputs: Inputs, outcomes: Outcomes, place: int, lattice: float | None, rows: IntArray
) -> Step:
    """Choose the step of a column, by some of its rows.

    Parameters
    ----------
    predict : callable
    inputs : Inputs
    outcomes : Outcomes
        Of the same rows.
    place : int
        Of the column.
    lattice : float or None
        Spacing of the column's values where they lie on a lattice.
    rows : array of shape (n_moving,)
        Which rows move.
    """
    column = inputs.column(place)
    spread, rows = robust_spread(column), rows[~np.isnan(column[rows])]
    n = outcomes.n_columns
    if np.isnan(spread) or not len(rows):
        return Step.given(np.nan, n)
    steps = ladder(spread, lattice)
    true = outcomes.true.astype(np.intp)
    some = _sample(rows, true[rows], int(len(rows) * SHARE / (2 * len(steps))))
    below, above = _predicted(predict, inputs, place, steps, some)
    weight = np.ones(len(some)) if outcomes.weight is None else outcomes.weight[some]
    of_all, of_some = (np.bincount(true[part], minlength=n) for part in (rows, some))
    trial = _Trial(steps, true[some], weight, below, above, n)
    errors, bias, doubt = trial.weighed(spread, divide(of_all, of_some, np.nan))
    best = int(np.argmin(errors))
    return Step(float(steps[best]), bias[best], doubt[best])


@dataclass(frozen=True, eq=False)
class _Trial:
    """Some rows, predicted on either side at each of several steps: ``below`` and ``above`` are (n_steps, n_rows)."""

    steps: FloatArray
    true: IntArray
    weight: FloatArray
    below: AnyArray
    above: AnyArray
    n: int

    def weighed(self, spread: float, times: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return each step's expected error, but the last one's, and the bias of its difference quotients.

        Parameters
        ----------
        spread : float
            Of the column.
        times : array of shape (n,)
            By how much more rows of each class the recount will have.

        Returns
        -------
        errors : array of shape (n_steps - 1,)
        bias, doubt : array of shape (n_steps - 1, n, n)
            What is expected of the bias after the trial, and its standard deviation; nan of classes without rows.
        """
        of_class = (self.true[:, None] == np.arange(self.n)) * self.weight[:, None]
        drawn = of_class.any(axis=0)
        of_class, n = of_class[:, drawn], self.n
        of_class2, turned = of_class**2, self.above != self.below
        one_row = of_class2.sum(axis=0) / of_class.sum(axis=0)
        rate = ((turned @ of_class).sum(axis=0) + HALF_ROW * one_row) / (2 * self.steps.sum())
        wider = 1 / ((self.steps[1:] / self.steps[:-1]) ** 2 - 1)[:, None]
        near = 1 / (2 * self.steps[:-1])[:, None]

        gained = np.stack([self._gained(step) for step in range(len(self.steps))])
        bias = np.diff(gained, axis=0) * wider[:, :, None]
        relative = (bias[:, drawn] ** 2).sum(axis=2) / (2 * rate**2)
        noise = (self._differing() @ of_class2 + 2 * HALF_ROW * (one_row * near) ** 2) * wider**2 / (2 * rate**2)
        expected = (self.steps[:-1, None] / spread) ** 4 / 36
        believed = expected / (expected + noise)
        error = believed**2 * relative + believed * noise + one_row * near / (rate * times[drawn])
        kept, doubt = np.full((2, len(bias), n, 1), np.nan)
        kept[:, drawn, 0], doubt[:, drawn, 0] = believed, np.sqrt(believed * noise) * rate
        total = (error / (1 + error)).sum(axis=1)  # a class that no step could serve has no say
        scale = times[:, None]
        return total, bias * kept * scale, np.broadcast_to(doubt * scale, bias.shape)

    def _gained(self, step: int) -> FloatArray:
        """Return the cells' difference quotients at a step, array of shape (n, n)."""
        above, below = (
            np.bincount(self.true * self.n + side[step], self.weight, self.n**2) for side in (self.above, self.below)
        )
        return np.asarray((above - below).reshape(self.n, self.n) / (2 * self.steps[step]))

    def _differing(self) -> FloatArray:
        """Return how far each row's contributions to a step and to the next differ, squared: (n_steps - 1, n_rows)."""
        above, below, speed = self.above, self.below, 1 / (2 * self.steps)[:, None]
        own = 2.0 * (above != below) * speed**2
        same = (above[1:] == above[:-1]) * 1.0 + (below[1:] == below[:-1])
        same -= (above[1:] == below[:-1]) * 1.0 + (below[1:] == above[:-1])
        return np.asarray(own[1:] + own[:-1] - 2 * same * speed[1:] * speed[:-1])


def _sample(rows: IntArray, true: IntArray, n: int) -> IntArray:
    """Return about n rows, as many of each class where there are."""
    classes = [rows[true == k] for k in np.unique(true)]
    each = n // len(classes)
    if each == 0:
        return _spaced(rows, max(1, n))
    return np.concatenate([_spaced(own, min(each, max(1, int(MOST * len(own))))) for own in classes])


def _spaced(rows: IntArray, n: int) -> IntArray:
    """Return n rows, one from each of as many equal parts; anywhere in it, so that no period of the rows is met."""
    edges = np.arange(n + 1) * len(rows) // n
    within = np.random.default_rng(0).random(n) * np.diff(edges)
    return rows[edges[:-1] + within.astype(np.intp)]


def _predicted(
    predict: Predict, inputs: Inputs, place: int, steps: FloatArray, rows: IntArray
) -> tuple[AnyArray, AnyArray]:
    """Return predictions below and above at each step, arrays of shape (n_steps, n_rows)."""
    signed = np.concatenate([-steps, steps])
    parts = []
    for part in inputs.take(rows).blocks(len(signed)):
        some = rows[part]
        stacked = inputs.take(np.tile(some, len(signed))).moved(place, np.repeat(signed, len(some)))
        parts.append(predict(stacked).reshape(len(signed), len(some)))
    below, above = np.split(np.concatenate(parts, axis=1), 2)
    return below, above
