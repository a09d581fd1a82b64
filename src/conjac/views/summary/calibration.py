"""Whether scores can be read as probabilities: how often rows of like scores are positive."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.inference import Cells, metric_interval, quantile
from conjac.metrics import resolve
from conjac.validation import N_BLOCKS
from conjac.views.summary.entries import Entries
from conjac.views.summary.measure import Measure

N_BINS, ROWS_A_BIN = 10, 20


@dataclass(frozen=True)
class Bin:
    """One bin of the reliability table.

    Attributes
    ----------
    rows : int
    low, high : float
        The smallest and largest score in it.
    mean_score : float
    observed : Measure
        Share of positives, with Wilson's interval.
    """

    rows: int
    low: float
    high: float
    mean_score: float
    observed: Measure


@dataclass(frozen=True)
class Calibration:
    """Whether scores can be read as probabilities.

    Attributes
    ----------
    mean_score, observed : float
        Means over all rows of the score and of being positive.
    difference : Measure
        Observed less mean score: calibration in the large.
    expected_error : float
        Mean distance of a bin's observed share from its mean score.
    bins : tuple of Bin
        About ten, of equal mass, fewer if rows are few; a score is never split over two.
    """

    mean_score: float
    observed: float
    difference: Measure
    expected_error: float
    bins: tuple[Bin, ...]


def calibrate(entries: Entries, level: float) -> Calibration:
    """Compare scores with what was observed, over all rows and in bins of about equal mass."""
    weight, score = entries.weight, entries.score.astype(np.float64)
    order = np.argsort(score, kind="stable")
    before = np.cumsum(weight[order])
    wanted = int(np.clip(entries.rows.sum() // ROWS_A_BIN, 2, N_BINS))
    edges = np.unique(score[order][np.searchsorted(before, np.arange(1, wanted) / wanted * before[-1])])
    bins, place = np.unique(np.searchsorted(edges, score, side="left"), return_inverse=True)
    mass = np.bincount(place, weight)
    mean = np.bincount(place, weight * score) / np.where(mass > 0, mass, 1)
    observed = shares(entries, place, len(bins), level)
    low, high = np.full(len(bins), np.inf), np.full(len(bins), -np.inf)
    np.minimum.at(low, place, score)
    np.maximum.at(high, place, score)
    count = np.bincount(place, entries.rows)
    known = [k for k in range(len(bins)) if mass[k] > 0]
    error = sum(mass[k] * abs(observed[k].value - mean[k]) for k in known) / mass.sum()
    return Calibration(
        mean_score=float(weight @ score / weight.sum()),
        observed=float(weight @ entries.true / weight.sum()),
        difference=_mean(entries.true - score, entries, level),
        expected_error=float(error),
        bins=tuple(Bin(int(count[k]), float(low[k]), float(high[k]), float(mean[k]), observed[k]) for k in known),
    )


def shares(entries: Entries, place: IntArray, n_places: int, level: float) -> list[Measure]:
    """Return the share of positives among the rows of each place, with Wilson's interval."""

    def table(values: FloatArray) -> FloatArray:
        sums = np.bincount(2 * place + entries.true, values, minlength=2 * n_places).reshape(n_places, 2)
        return np.stack([np.zeros_like(sums), sums], axis=-1)

    by_block: AnyArray | None = None
    if entries.block is not None:
        size = N_BLOCKS * 2 * n_places
        sums = np.bincount((2 * place + entries.true) * N_BLOCKS + entries.block, entries.weight, minlength=size)
        by_block = sums.reshape(n_places, 2, 1, N_BLOCKS)
        by_block = np.concatenate([np.zeros_like(by_block), by_block], axis=2)
    cells = Cells(table(entries.weight), table(entries.weight2), by_block)
    prevalence = resolve("prevalence", (0, 1))
    lower, upper = metric_interval(prevalence, cells, level)
    value = prevalence.value(cells.weight)
    return [Measure(float(v), float(a), float(b)) for v, a, b in zip(value, lower, upper, strict=True)]


def _mean(values: FloatArray, entries: Entries, level: float) -> Measure:
    """Return a weighted mean with its normal interval; Student's t over blocks of clusters."""
    total = float(entries.weight.sum())
    mean = float(entries.weight @ values / total)
    df = None
    if entries.block is None:
        variance = float(entries.weight2 @ (values - mean) ** 2)
    else:
        used = len(np.unique(entries.block))
        df = used - 1
        residual = entries.weight * (values - mean)
        variance = float((np.bincount(entries.block, residual) ** 2).sum() * used / max(df, 1))
    half = quantile(level, df) * variance**0.5 / total
    return Measure(mean, mean - half, mean + half)
