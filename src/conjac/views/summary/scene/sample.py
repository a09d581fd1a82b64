r"""A stratified sample of rows, for what several offsets do together.

Strata are the cells of the matrix, each in a half of rows whose two highest classes are near each other and one of rows
where they are not; small ones of a true class are taken together. Each is given rows by the square root of its size
(power allocation: M. D. Bankier 1988, The American Statistician 42:174), the far halves fewer, and its rows stand for
its weight.

Errors come from random groups (K. M. Wolter 2007, Introduction to Variance Estimation, chapter 2), drawn within strata
so that they are even. With n of the N rows of a stratum in the sample and :math:`n_g` of them in group g,

.. math:: D_g = \sum_i \alpha\, w_i (y_i - \bar y)\,\mathbf 1[i \in g], \qquad
          \alpha^2 = \frac{n\,(1 - n / N)}{n - \sum_g n_g^2 / n},

summed over strata, has :math:`E \sum_g D_g^2` equal to the variance of the sum of :math:`w_i y_i` over the sample,
however few rows a stratum has; it is 0 for one that is taken whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import BoolArray, FloatArray, IntArray
from conjac.rules import ArgmaxRule, top_two
from conjac.validation import ClassPredictions

REPLICATES = 20
FEW = 4
"""Rows of a stratum, at least, or all of a smaller one."""
FAR = 0.25
"""Share that strata are given of rows that lie farther than most from changing sides."""
SMALL = 8
"""Rows below which a stratum is taken together with others of its class."""
BELOW = np.float32(-1e-30)
"""What a row's highest is compared with where a tie goes to another class."""


@dataclass(frozen=True, eq=False)
class JointSample:
    """Rows of a sample.

    Attributes
    ----------
    score : array of shape (n, K), float32
        What is compared at the scene's offsets, less the row's highest, so that the largest of a row is 0.
    true : array of shape (n,)
    weight : array of shape (n,)
        What a row stands for: those of a stratum add up to its weight.
    stratum : array of shape (n,)
        A row's stratum; numbered from 0, each of one true class.
    replicate : array of shape (n,)
        Its random group, from 0 to ``n_replicates`` - 1.
    spread : array of shape (n,)
        Its weight in the deviations of that group.
    n_replicates : int
    told : str
        How many of how many rows, and how they were chosen.
    """

    score: FloatArray
    true: IntArray
    weight: FloatArray
    stratum: IntArray
    replicate: IntArray
    spread: FloatArray
    n_replicates: int
    told: str

    @classmethod
    def of(
        cls, rows: ClassPredictions, rule: ArgmaxRule, compared: FloatArray, n_sample: int, random_state: int
    ) -> Self:
        """Draw rows.

        Parameters
        ----------
        rows : ClassPredictions
        rule : ArgmaxRule
            Of the scene.
        compared : array of shape (n_columns, n_samples)
            `ArgmaxRule.compared` of the rows.
        n_sample : int
            About.
        random_state : int
        """
        everyone = np.ones(len(rows.true)) if rows.weight is None else rows.weight
        counted = np.flatnonzero(everyone > 0)
        weight, true, predicted = everyone[counted], rows.true[counted], rule.predict(rows.score)[counted]
        highest, second = top_two(compared[:, counted])
        far = highest - second > np.median(highest - second)
        stratum = _strata(true * len(rows.labels) + predicted, true, far, n_sample)
        size = np.bincount(stratum)
        taken = allocation(size, n_sample, np.where(np.bincount(stratum, far) > 0, FAR, 1.0))
        order = np.lexsort((np.random.default_rng(random_state).random(len(counted)), stratum))
        rank = np.arange(len(order)) - np.repeat(size.cumsum() - size, size)
        kept = rank < taken[stratum[order]]
        few, rank = order[kept], rank[kept]
        mine = stratum[few]
        stands = weight[few] * (np.bincount(stratum, weight) / np.bincount(mine, weight[few]))[mine]
        return cls(
            score=_shown(compared[:, counted[few]], predicted[few]),
            true=true[few],
            weight=stands,
            stratum=mine,
            replicate=(rank + (taken.cumsum() - taken)[mine]) % REPLICATES,
            spread=stands * _spread(size, taken)[mine],
            n_replicates=REPLICATES,
            told=_told(len(few), len(counted), len(size)),
        )


def allocation(size: IntArray, n_sample: int, preferred: FloatArray) -> IntArray:
    """Return how many rows of each stratum to take, by the square root of its size times a preference.

    Examples
    --------
    >>> import numpy as np
    >>> allocation(np.array([3, 100, 10_000]), 113, np.ones(3))
    array([  3,  10, 100])
    """
    root, low, high = np.sqrt(size) * preferred, 0.0, float(np.sqrt(size.max()) / np.min(preferred))
    for _ in range(60):
        middle = (low + high) / 2
        many = _taken(size, root * middle).sum() > n_sample
        low, high = (low, middle) if many else (middle, high)
    return _taken(size, root * low)


def _taken(size: IntArray, asked: FloatArray) -> IntArray:
    return np.minimum(size, np.maximum(FEW, np.round(asked).astype(np.intp)))


def _strata(cell: IntArray, true: IntArray, far: BoolArray, n_sample: int) -> IntArray:
    """Return each row's stratum, numbered from 0: few enough that the least of each leave room in the sample."""
    halves, small = 2 * cell + far, SMALL
    size = np.bincount(halves)
    while FEW * np.count_nonzero(size >= small) > n_sample / 2:
        small *= 2
    together = len(size) + 2 * true + far
    return np.unique(np.where(size[halves] < small, together, halves), return_inverse=True)[1]


def _spread(size: IntArray, taken: IntArray) -> FloatArray:
    """Return alpha of each stratum, of even groups."""
    least, more = np.divmod(taken, REPLICATES)
    squares = (REPLICATES - more) * least**2 + more * (least + 1) ** 2
    room = taken - squares / taken
    return np.asarray(np.sqrt(np.divide(taken * (1 - taken / size), room, out=np.zeros(len(size)), where=room > 0)))


def _shown(compared: FloatArray, predicted: IntArray) -> FloatArray:
    """Return what is compared, less each row's highest, array of shape (n, K); a row's first 0 is the predicted."""
    score = np.asarray((compared - compared.max(axis=0)).T, dtype=np.float32)
    place = np.arange(len(score))
    score[place, predicted] = 0
    earlier = (np.arange(score.shape[1]) < predicted[:, None]) & (score == 0)
    score[earlier] = BELOW
    return np.asarray(score)


def _told(n: int, n_rows: int, n_strata: int) -> str:
    if n == n_rows:
        return f"All {n_rows:,} rows: nothing is estimated."
    return (
        f"{n:,} of {n_rows:,} rows, drawn at random within {n_strata:,} strata by true class, predicted class and "
        "nearness to another one: of each by the square root of its size, and more of the near."
    )
