"""Rows as a search over offsets wants them: a column of scores after another, and the cells at any offsets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.rules import ArgmaxRule, first_true, top_two

SEED = 0
APART = 1.0
"""How far below all rows the offset of an option lies that no row takes."""
RESIDUE = 1e-11
"""Share of all weight under which a cell is empty."""
AT_MOST = 10_000
"""Rows by which the unit of raw scores is found."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Labels and what is compared of each row, before offsets.

    Attributes
    ----------
    compared : array of shape (n_columns, n_samples)
        In units of ``step``.
    true : array of shape (n_samples,)
    weight : array of shape (n_samples,) or None
    n_classes : int
        True classes; with a reject option, a column fewer than there are.
    fixed : array of shape (n_columns, n_columns)
        Cells of rows that are left out since no offset in reach moves them.
    reach : array of shape (2, n_columns)
        Least and largest offsets.
    step : float
        What an offset of 1 stands for: 1 of logarithms; of raw scores a power of 2 near the median distance between a
        row's two highest, so that the same is done for scores in any unit.
    """

    compared: FloatArray
    true: IntArray
    weight: FloatArray | None
    n_classes: int
    fixed: FloatArray
    reach: FloatArray
    step: float = 1.0

    @classmethod
    def of(cls, rule: ArgmaxRule, true: IntArray, score: AnyArray, weight: FloatArray | None) -> Self:
        """Read rows; the offsets of the rule are left out."""
        plain = ArgmaxRule(np.zeros_like(rule.offsets), rule.scale)
        compared = plain.compared(score)
        step = _step(compared) if rule.scale == "score" else 1.0
        compared /= step
        reach = np.stack([np.full(len(compared), end) for end in (-np.inf, np.inf)])
        fixed = np.zeros((len(compared), len(compared)))  # a reject option has a row as well, of nobody
        return cls(compared, true, weight, score.shape[1], fixed, reach, step)

    def thinned(self, per_class: int) -> Self:
        """Return about so many rows of each class, or all of a smaller one, each with the weight of those it is for."""
        rows = np.bincount(self.true, minlength=self.n_classes)
        rng = np.random.default_rng(SEED)  # one of so many that follow each other: rows may come in some rhythm
        by_class = np.split(np.argsort(self.true.astype(np.uint16), kind="stable"), np.cumsum(rows)[:-1])
        kept = []
        for own, stride in zip(by_class, np.maximum(1, rows // per_class), strict=True):
            first = np.arange(0, len(own), stride)
            kept.append(own[np.minimum(first + rng.integers(stride, size=len(first)), len(own) - 1)])
        part = self._of_rows(np.sort(np.concatenate(kept)))
        times = (rows / np.maximum(1, np.bincount(part.true, minlength=self.n_classes)))[part.true]
        return replace(part, weight=times if part.weight is None else part.weight * times)

    def near(self, offsets: FloatArray, reach: float) -> Self:
        """Return the rows that offsets within reach of these may move; the others are counted once."""
        moved = self.compared + offsets[:, None]
        highest, second = top_two(moved)
        predicted, may_move = first_true(moved == highest), highest - second <= 2 * reach
        counted = np.where(may_move, 0.0, 1.0 if self.weight is None else self.weight)
        fixed = replace(self, weight=counted).cells(predicted)
        near = self._of_rows(np.flatnonzero(may_move))
        return replace(near, fixed=fixed, reach=np.stack([offsets - reach, offsets + reach]))

    def _of_rows(self, rows: IntArray) -> Self:
        weight = None if self.weight is None else self.weight[rows]
        return replace(self, compared=self.compared.take(rows, axis=1), true=self.true[rows], weight=weight)

    @property
    def unit(self) -> float:
        """Squared weight to a unit of weight."""
        return 1.0 if self.weight is None else float((self.weight**2).sum() / self.weight.sum())

    @property
    def n_columns(self) -> int:
        """Outcomes of a rule."""
        return len(self.compared)

    def rejecting(self, share: float) -> FloatArray:
        """Return offsets that are alike for all classes, and reject a share of the rows if they may."""
        offsets = np.zeros(self.n_columns)
        if self.n_columns > self.n_classes:
            highest = self.compared[: self.n_classes].max(axis=0)
            offsets[-1] = np.quantile(highest, share) if share else highest.min() - APART
        return offsets

    def cells(self, predicted: IntArray) -> FloatArray:
        """Return the confusion matrix of predictions, array of shape (n_columns, n_columns)."""
        code = self.true * self.n_columns + predicted
        flat = np.bincount(code, self.weight, self.fixed.size)
        return self.fixed + np.asarray(flat, dtype=np.float64).reshape(self.fixed.shape)

    def at(self, offsets: FloatArray) -> FloatArray:
        """Return the confusion matrix at offsets."""
        return self.cells((self.compared + offsets[:, None]).argmax(axis=0))


def swept(cells: FloatArray) -> FloatArray:
    """Return cells, changed, without what is next to nothing: residues of weights taken away, shares of rows far off.

    Parameters
    ----------
    cells : array of shape (..., n_columns, n_columns)
        All of one total.
    """
    np.putmask(cells, cells < RESIDUE * cells.reshape(-1, *cells.shape[-2:])[0].sum(), 0.0)
    return cells


def _step(compared: FloatArray) -> float:
    some = np.sort(compared[:, :: max(1, compared.shape[1] // AT_MOST)], axis=0)
    apart = some[-1] - some[-2]
    if not (apart > 0).any():
        return 1.0
    return float(2.0 ** np.round(np.log2(np.median(apart[apart > 0]))))
