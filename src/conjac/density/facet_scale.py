r"""How wide to look at each facet: bandwidths from the spread of the margins of a sample of rows.

With n rows of a class that belong to a facet, or clusters of them, whose margins have standard deviation :math:`\sigma`
(robustly, the smaller of it and the interquartile range over 1.349), :math:`h = (4/3)^{1/5}\,\sigma\,n^{-1/5}`. It is
wider by :math:`1.09\,n^{2/45}`, as in `conjac.density.tangent`, between two classes, whose facet has no corners to cut
its density off; and for optima, whose curvature is read from slopes next to each other, and asks for less noise at the
price of some bias. It is halved while half of it tells another flux beyond noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.density.estimator import TANGENT
from conjac.density.local import REACH, Moments
from conjac.density.near import sums_by
from conjac.density.tangent import NORMAL_REFERENCE, RATE, WIDER
from conjac.facets import Facets
from conjac.rules import ArgmaxRule
from conjac.weights import Weights

SAMPLE = 2**15
"""Rows by which bandwidths are chosen."""
SEED = 0
FEWEST = 10
HALVINGS = 3
BEYOND = 3.0
"""Standard errors by which a flux at half the bandwidth must differ for the bandwidth to be halved."""
DISTINCT = 0.5
"""Share of distinct margins near facets below which the scores are taken to sit on atoms."""
ATOM = 1e-9
"""Share of a bandwidth by which two atoms are apart."""


@dataclass(frozen=True, eq=False)
class FacetScale:
    """Widths for every true class and facet.

    Attributes
    ----------
    width : array of shape (n_columns, n_columns, n_columns)
        Bandwidth of the kernel, or half-width of the step, by true class and by both classes of the facet.
    on_atoms : bool
    reach : array of shape (n_columns, n_columns)
        Largest margin at which a row counts, by its true and by its predicted class.
    """

    width: FloatArray
    on_atoms: bool
    reach: FloatArray

    @classmethod
    def of(
        cls,
        rule: ArgmaxRule,
        true: IntArray,
        score: AnyArray,
        weight: FloatArray | None,
        per_cluster: float = 1.0,
        for_optima: bool = False,
    ) -> Self:
        """Look at rows spread evenly over all that count; for ``per_cluster`` and ``for_optima`` see `Boundary.of`."""
        counted = np.arange(len(true)) if weight is None else np.flatnonzero(weight)
        stride = max(1, len(counted) // SAMPLE)
        first = np.arange(
            0, len(counted), stride
        )  # one of so many that follow each other: rows may come in some rhythm
        ahead = np.random.default_rng(SEED).integers(stride, size=len(first))
        few = counted[np.minimum(first + ahead, len(counted) - 1)]
        weights = Weights.of(None if weight is None else weight[few])
        return cls.of_facets(Facets.of(rule, score[few]), true[few], weights, stride, per_cluster, for_optima)

    @classmethod
    def of_facets(
        cls,
        facets: Facets,
        true: IntArray,
        weights: Weights,
        stride: int = 1,
        per_cluster: float = 1.0,
        for_optima: bool = False,
    ) -> Self:
        """Look at rows, or at bundles of them, that are sorted to facets.

        Parameters
        ----------
        facets : Facets
            With margins of any size.
        true : array of shape (n_samples,)
        weights : Weights
        stride : int
            Rows that each of these stands for.
        per_cluster, for_optima
            See `Boundary.of`.
        """
        n_columns, n_pairs = facets.n_columns, facets.n_columns**2
        if not len(facets.row):  # a reject option that no row comes near
            return cls(np.ones((n_columns,) * 3), False, np.zeros((n_columns, n_columns)))
        margins = _Margins.of(facets, weights)
        pair = facets.pair[margins.order]
        code = true[margins.row] * n_pairs + pair
        spread, n = margins.spread(code, n_columns * n_pairs)
        pooled, n_pooled = margins.spread(pair, n_pairs)
        overall = margins.spread(np.zeros_like(code), 1)[0][0]
        pooled = np.where(n_pooled >= FEWEST, pooled, overall)
        spread = np.where(n >= FEWEST, spread, np.tile(pooled, n_columns))
        n = np.maximum(n * stride / per_cluster, 1.0)
        width = NORMAL_REFERENCE * spread * n**-0.2 * (WIDER * n**RATE if for_optima or n_columns == 2 else 1.0)
        width = margins.resolved(width, code, per_cluster)
        apart = ATOM * float(np.median(width[code]))
        on_atoms = margins.on_atoms(width[code], apart)
        if on_atoms:
            width = _between_atoms(np.sqrt(3) * width, np.abs(margins.margin), apart)
        widest = width[n > 1].max(initial=width.min())
        of_pair = np.minimum(width, widest).reshape(n_columns, n_columns, n_columns)
        lower, upper = np.triu_indices(n_columns, 1)
        of_pair[:, upper, lower] = of_pair[:, lower, upper]
        reach = np.where(np.eye(n_columns), 0, of_pair).max(axis=2) * (1 if on_atoms else REACH)
        return cls(of_pair, on_atoms, reach)


@dataclass(frozen=True, eq=False)
class _Margins:
    """Margins in ascending order, arrays of shape (n_entries,), with what counts of each.

    Attributes
    ----------
    order : array
        Places among the entries of the facets.
    row, margin : array
    rows : array
        How many rows each is.
    weights : Weights
    within : array
        Variance within bundles; 0 of rows.
    """

    order: IntArray
    row: AnyArray
    margin: FloatArray
    rows: FloatArray
    weights: Weights
    within: FloatArray

    @classmethod
    def of(cls, facets: Facets, weights: Weights) -> Self:
        margin = facets.margin
        order = np.argsort(margin)
        row, size = facets.row[order], len(order)
        rows = np.ones(size) if weights.rows is None else weights.rows[row].astype(np.float64)
        within = np.zeros(size) if facets.within is None else facets.within[order]
        return cls(order, row, margin[order], rows, weights, within)

    def spread(self, group: IntArray, size: int) -> tuple[FloatArray, FloatArray]:
        """Return each group's robust standard deviation and effective number of rows."""
        ones, margin = np.ones(len(group)), self.margin
        weight, weight2 = self.weights.first(self.row, ones), self.weights.second(self.row, ones)
        total, total2 = np.bincount(group, weight, size), np.bincount(group, weight2, size)
        safe = np.where(total > 0, total, 1.0)
        mean = np.bincount(group, weight * margin, size) / safe
        variance = np.bincount(group, weight * ((margin - mean[group]) ** 2 + self.within), size) / safe
        by_group = np.argsort(group.astype(np.min_scalar_type(size)), kind="stable")
        until = np.cumsum(self.rows[by_group])
        ends = np.cumsum(np.bincount(group, self.rows, size))
        starts = np.concatenate([[0], ends[:-1]])
        quarter = (ends - starts) // 4  # the same rows where margins change their sign
        last = len(margin) - 1
        low, high = (
            margin[by_group[np.minimum(np.searchsorted(until, place, "right"), last)]]
            for place in (starts + quarter, ends - 1 - quarter)
        )
        sd, iqr = np.sqrt(variance), (high - low) / 1.349
        spread = np.where(iqr > 0, np.minimum(sd, iqr), sd)
        return np.where(spread > 0, spread, 1.0), np.where(
            total2 > 0, total**2 / np.where(total2 > 0, total2, 1.0), 0.0
        )

    def resolved(self, width: FloatArray, code: IntArray, per_cluster: float) -> FloatArray:
        """Halve the widths at which the sample tells another flux than at half of them.

        The rows of a cluster may be copies of one, and are taken as such: or noise would be halved upon.
        """
        width = width.copy()
        for _ in range(HALVINGS):
            wide, wide2 = self._log_flux(width, code)
            narrow, narrow2 = self._log_flux(width / 2, code)
            with np.errstate(invalid="ignore"):
                noise = np.sqrt(per_cluster * np.maximum(narrow2 - wide2, narrow2 / 4))
                differs = np.abs(narrow - wide) > BEYOND * noise
            if not differs.any():
                break
            width[differs] /= 2
        return width

    def _log_flux(self, width: FloatArray, code: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return each flux's logarithm and about its variance; nan where fewer than 10 effective rows are near."""
        z = self.margin / width[code]
        near = np.abs(z) < REACH
        row, code = self.row[near], code[near]
        moments = TANGENT.moments(z[near], self.within[near] / width[code] ** 2)
        mass, first, second = (sums_by(code, self.weights.first(row, part), len(width)) for part in moments)
        squares = sums_by(code, self.weights.second(row, moments[0] ** 2), len(width))
        with np.errstate(divide="ignore", invalid="ignore"):
            n_eff = mass**2 / squares
            told = np.log(mass / width) + Moments(mass, first, second).log_ratio()
        return np.where(n_eff >= FEWEST, told, np.nan), 2 / n_eff

    def on_atoms(self, width: FloatArray, apart: float) -> bool:
        """Tell whether fewer than half of the gaps below a width differ; those in a bundle do, if any two of it."""
        gap = np.abs(self.margin)
        near = np.flatnonzero(gap < width)
        near = near[np.argsort(gap[near])]
        rows = self.rows[near]
        if rows.sum() < FEWEST:
            return False
        alone = self.within[near] <= apart**2
        distinct = 1 + np.count_nonzero(np.diff(gap[near]) > apart) + (rows - 1)[~alone].sum()
        return bool(distinct < DISTINCT * rows.sum())


def _between_atoms(width: FloatArray, gap: FloatArray, apart: float) -> FloatArray:
    """Return widths that end half-way between two atoms, or as far beyond the last."""
    ordered = np.sort(gap)
    atoms = ordered[np.concatenate([[True], np.diff(ordered) > apart])]
    between = np.diff(atoms) / 2
    beyond = between[-1] if len(between) else width.max()
    middles = atoms + np.append(between, beyond)
    return np.asarray(middles[np.minimum(np.searchsorted(middles, width), len(middles) - 1)])
