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
from conjac.density.local import REACH, Moments, gauss
from conjac.density.near import sums_by
from conjac.density.tangent import NORMAL_REFERENCE, RATE, WIDER
from conjac.facets import Facets
from conjac.rules import ArgmaxRule

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
        facets = Facets.of(rule, score[few])
        n_columns, n_pairs = rule.n_columns, rule.n_columns**2
        if not len(facets.row):  # a reject option that no row comes near
            return cls(np.ones((n_columns,) * 3), False, np.zeros((n_columns, n_columns)))
        margin = facets.margin
        order = np.argsort(margin)
        row, pair, margin = facets.row[order], facets.pair[order], margin[order]
        code = true[few][row] * n_pairs + pair
        w = np.ones(len(code)) if weight is None else weight[few][row]
        spread, n = _spread(code, margin, w, n_columns * n_pairs)
        pooled, n_pooled = _spread(pair, margin, w, n_pairs)
        overall = _spread(np.zeros_like(code), margin, w, 1)[0][0]
        pooled = np.where(n_pooled >= FEWEST, pooled, overall)
        spread = np.where(n >= FEWEST, spread, np.tile(pooled, n_columns))
        n = np.maximum(n * stride / per_cluster, 1.0)
        width = NORMAL_REFERENCE * spread * n**-0.2 * (WIDER * n**RATE if for_optima or n_columns == 2 else 1.0)
        width = _resolved(width, code, margin, w, per_cluster)
        gap = np.abs(margin)
        near = gap < width[code]
        apart = ATOM * float(np.median(width[code]))
        on_atoms = _on_atoms(gap[near], apart)
        if on_atoms:
            width = _between_atoms(np.sqrt(3) * width, gap, apart)
        widest = width[n > 1].max(initial=width.min())
        of_pair = np.minimum(width, widest).reshape(n_columns, n_columns, n_columns)
        lower, upper = np.triu_indices(n_columns, 1)
        of_pair[:, upper, lower] = of_pair[:, lower, upper]
        reach = np.where(np.eye(n_columns), 0, of_pair).max(axis=2) * (1 if on_atoms else REACH)
        return cls(of_pair, on_atoms, reach)


def _spread(group: IntArray, margin: FloatArray, weight: FloatArray, size: int) -> tuple[FloatArray, FloatArray]:
    """Return each group's robust standard deviation and effective number of rows; the margins are in order."""
    total, total2 = np.bincount(group, weight, size), np.bincount(group, weight**2, size)
    safe = np.where(total > 0, total, 1.0)
    mean = np.bincount(group, weight * margin, size) / safe
    variance = np.bincount(group, weight * (margin - mean[group]) ** 2, size) / safe
    ordered = margin[np.argsort(group.astype(np.min_scalar_type(size)), kind="stable")]
    ends = np.cumsum(np.bincount(group, minlength=size))
    starts = np.concatenate([[0], ends[:-1]])
    quarter = ((ends - starts) // 4).astype(np.intp)  # the same rows where margins change their sign
    low, high = ordered[np.minimum(starts + quarter, len(margin) - 1)], ordered[np.maximum(ends - 1 - quarter, 0)]
    sd, iqr = np.sqrt(variance), (high - low) / 1.349
    spread = np.where(iqr > 0, np.minimum(sd, iqr), sd)
    return np.where(spread > 0, spread, 1.0), np.where(total2 > 0, total**2 / np.where(total2 > 0, total2, 1.0), 0.0)


def _resolved(
    width: FloatArray, code: IntArray, margin: FloatArray, weight: FloatArray, per_cluster: float
) -> FloatArray:
    """Halve the widths at which the sample tells another flux than at half of them.

    The rows of a cluster may be copies of one, and are taken as such: or noise would be halved upon.
    """
    width = width.copy()
    for _ in range(HALVINGS):
        wide, wide2 = _log_flux(width, code, margin, weight)
        narrow, narrow2 = _log_flux(width / 2, code, margin, weight)
        with np.errstate(invalid="ignore"):
            noise = np.sqrt(per_cluster * np.maximum(narrow2 - wide2, narrow2 / 4))
            differs = np.abs(narrow - wide) > BEYOND * noise
        if not differs.any():
            break
        width[differs] /= 2
    return width


def _log_flux(
    width: FloatArray, code: IntArray, margin: FloatArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return each flux's logarithm and about its variance; nan where fewer than 10 effective rows are near."""
    z = margin / width[code]
    near = np.abs(z) < REACH
    z, code, weighted = z[near], code[near], gauss(z[near]) * weight[near]
    mass, first, second = (sums_by(code, weighted * z**power, len(width)) for power in (0, 1, 2))
    squares = sums_by(code, weighted**2, len(width))
    with np.errstate(divide="ignore", invalid="ignore"):
        n_eff = mass**2 / squares
        told = np.log(mass / width) + Moments(mass, first, second).log_ratio()
    return np.where(n_eff >= FEWEST, told, np.nan), 2 / n_eff


def _on_atoms(gap: FloatArray, apart: float) -> bool:
    if len(gap) < FEWEST:
        return False
    distinct = 1 + np.count_nonzero(np.diff(np.sort(gap)) > apart)
    return bool(distinct < DISTINCT * len(gap))


def _between_atoms(width: FloatArray, gap: FloatArray, apart: float) -> FloatArray:
    """Return widths that end half-way between two atoms, or as far beyond the last."""
    ordered = np.sort(gap)
    atoms = ordered[np.concatenate([[True], np.diff(ordered) > apart])]
    between = np.diff(atoms) / 2
    beyond = between[-1] if len(between) else width.max()
    middles = atoms + np.append(between, beyond)
    return np.asarray(middles[np.minimum(np.searchsorted(middles, width), len(middles) - 1)])
