r"""Bundles: rows of several classes as sums that merge by addition, for offsets that are fixed.

A row belongs to the facet of its highest class and every other one that lies no further below than twice the gap to the
second highest (`conjac.facets`). A bundle holds the rows of one true class, predicted class and block that belong to
the same facets, with gaps in the same bins: a row of greater weight, at the mean of their gaps. So a row near two
boundaries counts once, and the fluxes across both keep their covariance.

Gaps d are binned by :math:`\lfloor m \sqrt{d / R} \rfloor`, with a reach R: finely near the boundary, where kernels may
be narrow, and coarsely far from it. With m = 128 for a row that belongs to one facet, and 32, 16 or 8 for one that
belongs to 2, 3 or more, so that there are few such bundles; beyond R, by which bandwidths are chosen, with a fourth of
these. Bundles keep the variance of their gaps, and a kernel is averaged over it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray, Scale
from conjac.errors import InvalidInputError
from conjac.facets import Facets
from conjac.rules import ArgmaxRule
from conjac.weights import Weights

BINS = (128, 32, 16, 8)
"""Up to the reach, by the number of facets that a row belongs to: 1, 2, 3 and more."""
WIDER = 4
"""How many times as wide bins are beyond the reach, of rows that belong to several facets."""
REACH = 4.0
"""Of log-odds."""
NO_BIN = -1
ROWS_AT_ONCE = 2**17
ONE_GAP = 1e-9
"""Variance of a bundle's gaps over their squared mean up to which they are one gap but for rounding."""
SUMS = ("rows", "weight", "weight2", "gap", "square")


@dataclass(frozen=True, eq=False)
class Bundles:
    """Sums per (true class, predicted class, block, and bin of the gap down to each class).

    Attributes
    ----------
    labels : tuple of length n_classes
    rule : ArgmaxRule
        To whose facets rows are sorted.
    reach : float
        Gap up to which bins are fine, a power of two.
    clustered : bool
        Whether blocks are clusters of rows; if not, every row is independent and the block is 0.
    n_clusters : int
        One that is spread over several parts counts in each.
    keys : array of shape (n_bundles, 3 + n_columns)
        True class, predicted class and block; then bins, -1 of a class that the rows share no facet with.
    rows : array of shape (n_bundles,)
        Rows, exact integers.
    weight, weight2 : array of shape (n_bundles,)
        Sums of the weights and of their squares; exact integers without weights.
    gap, square : array of shape (n_bundles, n_columns)
        Sums of weight times gap and times its square; 0 where there is no bin.

    Examples
    --------
    >>> import numpy as np
    >>> empty = Bundles.zero(("a", "b", "c"), ArgmaxRule(np.zeros(3)))
    >>> one = empty.add(np.array([0, 2]), np.array([[0.6, 0.3, 0.1], [0.1, 0.2, 0.7]]))
    >>> both = one.merge(empty.add(np.array([0]), np.array([[0.6, 0.3, 0.1]])))
    >>> both.rows, both.keys[:, :2]
    (array([2, 1]), array([[0, 0],
           [2, 2]]))
    """

    labels: tuple[Any, ...]
    rule: ArgmaxRule
    reach: float
    clustered: bool
    n_clusters: int
    keys: IntArray
    rows: IntArray
    weight: AnyArray
    weight2: AnyArray
    gap: FloatArray
    square: FloatArray

    @classmethod
    def zero(
        cls, labels: tuple[Any, ...], rule: ArgmaxRule, *, reach: float = REACH, clustered: bool = False
    ) -> Bundles:
        """Return no bundle at all: the neutral element of `merge`."""
        if np.frexp(reach)[0] != 0.5:
            raise InvalidInputError(f"reach={reach}: expected a power of two, by which gaps are divided exactly")
        none, of_class = np.zeros(0, dtype=np.intp), np.zeros((0, rule.n_columns))
        keys = np.zeros((0, 3 + rule.n_columns), dtype=np.intp)
        return cls(labels, rule, reach, clustered, 0, keys, none, none, none, of_class, of_class)

    @classmethod
    def of_sums(
        cls,
        labels: tuple[Any, ...],
        rule: ArgmaxRule,
        keys: IntArray,
        sums: Mapping[str, Any],
        *,
        reach: float = REACH,
        clustered: bool = False,
        n_clusters: int = 0,
    ) -> Bundles:
        """Return the bundles of sums that an engine made, in any order; those of equal keys are added.

        Parameters
        ----------
        labels, rule, keys, reach, clustered, n_clusters
            As the attributes.
        sums : mapping of str to array
            "rows", "weight", "weight2", "gap" and "square".
        """
        empty = cls.zero(labels, rule, reach=reach, clustered=clustered)
        return _sum([replace(empty, keys=np.asarray(keys, dtype=np.intp), n_clusters=n_clusters, **sums)])

    def add(
        self,
        true: IntArray,
        score: AnyArray,
        weight: FloatArray | None = None,
        block: IntArray | None = None,
        n_clusters: int = 0,
    ) -> Bundles:
        """Return these bundles with more rows.

        Parameters
        ----------
        true : array of shape (n_samples,)
            Index of each row's class.
        score : array of shape (n_samples, n_classes)
        weight : array of shape (n_samples,), optional
        block : array of shape (n_samples,), optional
            Each row's block; required where `clustered`.
        n_clusters : int
            Of these rows, where `clustered`.
        """
        if self.clustered != (block is not None):
            raise InvalidInputError("block: clustered bundles take each row's block, others take none")
        parts = [replace(self, n_clusters=self.n_clusters + n_clusters)]
        for start in range(0, len(score), ROWS_AT_ONCE):
            at = slice(start, start + ROWS_AT_ONCE)
            w, b = None if weight is None else weight[at], None if block is None else block[at]
            parts.append(self._of_rows(true[at], score[at], w, b))
        return _sum(parts)

    def merge(self, other: Bundles) -> Bundles:
        """Return the bundles of both sets of rows.

        Raises
        ------
        InvalidInputError
            Other labels, another rule or reach, or clusters in one of them only.
        """
        if not isinstance(other, Bundles):
            raise InvalidInputError(f"other is a {type(other).__name__}; expected Bundles")
        theirs = other._form
        for name, mine in self._form.items():
            if mine != theirs[name]:
                raise InvalidInputError(
                    f"bundles with different {name} do not merge: {mine} and {theirs[name]}; build both with the same"
                )
        return _sum([self, other])

    @property
    def _form(self) -> dict[str, Any]:
        told = {name: getattr(self, name) for name in ("labels", "reach", "clustered")}
        return {**told, "scale": self.rule.scale, "offsets": self.rule.offsets.tolist()}

    @property
    def true(self) -> IntArray:
        """True class of each bundle, array of shape (n_bundles,)."""
        return self.keys[:, 0]

    @property
    def block(self) -> IntArray | None:
        """Block of each bundle, array of shape (n_bundles,); None where rows are independent."""
        return self.keys[:, 2] if self.clustered else None

    @property
    def weights(self) -> Weights:
        """What each bundle counts."""
        return Weights(self.rows, self.weight, self.weight2)

    @property
    def rows_per_cluster(self) -> float:
        """Mean number of rows that are not independent of each other."""
        return float(self.rows.sum() / max(self.n_clusters, 1)) if self.clustered else 1.0

    @cached_property
    def facets(self) -> Facets:
        """Each bundle's facets, at the means of its gaps."""
        row, other = np.nonzero((self.keys[:, 3:] > NO_BIN) & (self.weight > 0)[:, None])
        weight = self.weight[row]
        gap = self.gap[row, other] / weight
        within = self.square[row, other] / weight - gap**2
        within[within <= ONE_GAP * gap**2] = 0
        return Facets(self.rule.n_columns, self.keys[:, 1], row, other, gap, within)

    def _of_rows(self, true: IntArray, score: AnyArray, weight: FloatArray | None, block: IntArray | None) -> Bundles:
        facets, n = Facets.of(self.rule, score), len(score)
        gap = np.full((n, self.rule.n_columns), np.inf)
        gap[facets.row, facets.other] = facets.gap
        near = np.isfinite(gap)
        gap[~near] = 0
        root = np.sqrt(gap / self.reach)
        n_near = near.sum(axis=1, keepdims=True)
        per = np.array(BINS)[np.clip(n_near, 1, len(BINS)) - 1]
        wide = np.where((n_near > 1) & (root >= 1), WIDER, 1)
        bins = np.where(near, np.floor(root * (per / wide)) * wide, NO_BIN)
        keys = np.column_stack([true, facets.predicted, np.zeros(n) if block is None else block, bins]).astype(np.intp)
        ones = np.ones(n, dtype=np.intp)
        counted = ones if weight is None else weight
        weighted = gap * counted[:, None]
        sums: dict[str, Any] = {"rows": ones, "weight": counted, "weight2": counted * counted}
        return _sum([replace(self, keys=keys, n_clusters=0, **sums, gap=weighted, square=weighted * gap)])


def choose_reach(mean_square: float, scale: Scale) -> float:
    """Return the reach for rows, a power of two: of probabilities the same for all, so that parts merge.

    Parameters
    ----------
    mean_square : float
        Of the gap between the two highest.
    scale : {"logit", "score"}
    """
    if scale == "logit" or not mean_square > 0:
        return REACH
    return float(2.0 ** np.ceil(np.log2(mean_square) / 2 + 1))


def _sum(parts: list[Bundles]) -> Bundles:
    """Add bundles of one form: sort the keys, add the sums of equal ones."""
    keys = np.concatenate([part.keys for part in parts])
    first, index = _ranked(keys)
    sums: dict[str, Any] = {}
    for name in SUMS:
        values = np.concatenate([getattr(part, name) for part in parts])
        sums[name] = np.zeros((len(first), *values.shape[1:]), dtype=values.dtype)
        np.add.at(sums[name], index, values)
    return replace(parts[0], keys=keys[first], n_clusters=sum(part.n_clusters for part in parts), **sums)


def _ranked(keys: IntArray) -> tuple[IntArray, IntArray]:
    """Return where each distinct key first stands, in order, and each key's rank among them."""
    code, size = np.zeros(len(keys), dtype=np.int64), 1
    for column in keys.T:
        low = int(column.min(initial=0))
        span = int(column.max(initial=0)) - low + 1
        if size * span > 2**62:
            code = np.unique(code, return_inverse=True)[1]
            size = len(code)
        code, size = code * span + (column - low), size * span
    _, first, index = np.unique(code, return_index=True, return_inverse=True)
    return first, index
