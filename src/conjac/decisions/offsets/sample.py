"""Rows as a search over offsets wants them: a column of scores after another, and the cells at any offsets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.rules import ArgmaxRule

SEED = 0
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
    fixed : array of shape (n_classes, n_columns)
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
        return cls(compared, true, weight, np.zeros((score.shape[1], len(compared))), reach, step)

    def thinned(self, per_class: int) -> Self:
        """Return about so many rows of each class, or all of a smaller one, each with the weight of those it is for."""
        rows = np.bincount(self.true, minlength=self.n_classes)
        rng = np.random.default_rng(SEED)  # one of so many that follow each other: rows may come in some rhythm
        kept = np.zeros(len(self.true), dtype=bool)
        for true, stride in enumerate(np.maximum(1, rows // per_class)):
            first = np.arange(0, rows[true], stride)
            one = np.minimum(first + rng.integers(stride, size=len(first)), rows[true] - 1)
            kept[np.flatnonzero(self.true == true)[one]] = True
        part = self._where(kept)
        times = (rows / np.maximum(1, np.bincount(part.true, minlength=self.n_classes)))[part.true]
        return replace(part, weight=times if part.weight is None else part.weight * times)

    def near(self, offsets: FloatArray, reach: float) -> Self:
        """Return the rows that offsets within reach of these may move; the others are counted once."""
        moved = self.compared + offsets[:, None]
        predicted = moved.argmax(axis=0)
        place = np.arange(moved.shape[1])
        highest = moved[predicted, place]
        moved[predicted, place] = -np.inf
        may_move = highest - moved.max(axis=0) <= 2 * reach
        still = self._where(~may_move)
        fixed = still.cells(predicted[~may_move])
        return replace(self._where(may_move), fixed=fixed, reach=np.stack([offsets - reach, offsets + reach]))

    def _where(self, chosen: Any) -> Self:
        weight = None if self.weight is None else self.weight[chosen]
        compared = np.ascontiguousarray(self.compared[:, chosen])
        return replace(self, compared=compared, true=self.true[chosen], weight=weight)

    @property
    def unit(self) -> float:
        """Squared weight to a unit of weight."""
        return 1.0 if self.weight is None else float((self.weight**2).sum() / self.weight.sum())

    @property
    def n_classes(self) -> int:
        """True classes."""
        return len(self.fixed)

    @property
    def n_columns(self) -> int:
        """Outcomes of a rule."""
        return len(self.compared)

    def cells(self, predicted: IntArray) -> FloatArray:
        """Return the confusion matrix of predictions, array of shape (n_classes, n_columns)."""
        code = self.true * self.n_columns + predicted
        flat = np.bincount(code, self.weight, self.n_classes * self.n_columns)
        return self.fixed + np.asarray(flat, dtype=np.float64).reshape(self.fixed.shape)

    def at(self, offsets: FloatArray) -> FloatArray:
        """Return the confusion matrix at offsets."""
        return self.cells((self.compared + offsets[:, None]).argmax(axis=0))


def _step(compared: FloatArray) -> float:
    some = np.sort(compared[:, :: max(1, compared.shape[1] // AT_MOST)], axis=0)
    apart = some[-1] - some[-2]
    if not (apart > 0).any():
        return 1.0
    return float(2.0 ** np.round(np.log2(np.median(apart[apart > 0]))))
