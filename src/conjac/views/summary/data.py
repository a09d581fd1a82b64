"""The data at a glance: how many rows, of which class, with which scores, and whether the scores are calibrated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.inference import Cells, metric_interval, quantile
from conjac.metrics import resolve
from conjac.validation import N_BLOCKS, ClassPredictions, Predictions
from conjac.views.summary.measure import NAN, Measure, clean

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


@dataclass(frozen=True)
class Weighing:
    """How many rows there are, and what they weigh.

    Attributes
    ----------
    rows : int
        Without weights.
    weighted : bool
    weight : float
        Sum of the weights; the number of rows without them.
    weight_range : tuple of float
    effective_rows : float
        Kish's effective number of rows: the square of the sum of weights over the sum of their squares.
    clusters : int or None
    """

    rows: int
    weighted: bool
    weight: float
    weight_range: tuple[float, float]
    effective_rows: float
    clusters: int | None

    @classmethod
    def of(cls, rows: Predictions | ClassPredictions) -> Weighing:
        """Weigh rows."""
        weight = np.ones(len(rows.true)) if rows.weight is None else rows.weight
        return cls(
            rows=len(rows.true),
            weighted=rows.weight is not None,
            weight=float(weight.sum()),
            weight_range=(float(weight.min()), float(weight.max())),
            effective_rows=float(weight.sum() ** 2 / (weight**2).sum()),
            clusters=rows.notes.get("n_clusters"),
        )


@dataclass(frozen=True)
class Data:
    """What the figures are figures of.

    Attributes
    ----------
    rows, positives, negatives : int
        Rows, without weights.
    weighted : bool
    weight : float
        Sum of the weights; the number of rows without them.
    weight_range : tuple of float
    effective_rows : float
        Kish's effective number of rows: the square of the sum of weights over the sum of their squares.
    clusters : int or None
    prevalence : Measure
    imbalance : float
        Negatives to a positive, by weight.
    distinct : int
        Different scores.
    distinct_share : float
    largest_tie : int
        Rows of the most frequent score.
    zeros, ones : int or None
        Scores of exactly 0 and 1; None for raw scores.
    separated : bool
        Whether every positive's score lies above every negative's.
    set_aside : tuple of (str, int)
        Reasons, and how many rows were left out for each.
    calibration : Calibration or None
        None for raw scores, and where class totals are fixed by design.
    """

    rows: int
    positives: int
    negatives: int
    weighted: bool
    weight: float
    weight_range: tuple[float, float]
    effective_rows: float
    clusters: int | None
    prevalence: Measure
    imbalance: float
    distinct: int
    distinct_share: float
    largest_tie: int
    zeros: int | None
    ones: int | None
    separated: bool
    set_aside: tuple[tuple[str, int], ...]
    calibration: Calibration | None

    @classmethod
    def of(
        cls, rows: Predictions, *, probabilities: bool, by_design: bool, level: float, set_aside: Mapping[str, int]
    ) -> Data:
        """Describe rows.

        Parameters
        ----------
        rows : Predictions
        probabilities : bool
            Whether scores are probabilities.
        by_design : bool
            Whether class totals are fixed, so that prevalence is no finding.
        level : float
            Of the intervals.
        set_aside : mapping of str to int
        """
        weight = np.ones(len(rows.true)) if rows.weight is None else rows.weight
        everyone = np.zeros(len(rows.true), dtype=np.intp)
        positive = rows.true == 1
        by_class = np.bincount(rows.true, weight, minlength=2)
        scores, counts = np.unique(rows.score, return_counts=True)
        prevalence = _shares(rows, weight, everyone, 1, level)[0]
        if by_design:
            prevalence = Measure(prevalence.value)
        both = positive.any() and not positive.all()
        return cls(
            **asdict(Weighing.of(rows)),
            positives=int(positive.sum()),
            negatives=int((~positive).sum()),
            prevalence=prevalence,
            imbalance=float(by_class[0] / by_class[1]) if by_class[1] else NAN,
            distinct=len(scores),
            distinct_share=len(scores) / len(rows.true),
            largest_tie=int(counts.max()),
            zeros=int((rows.score == 0).sum()) if probabilities else None,
            ones=int((rows.score == 1).sum()) if probabilities else None,
            separated=bool(both and rows.score[positive].min() > rows.score[~positive].max()),
            set_aside=tuple((clean(reason), int(n)) for reason, n in set_aside.items()),
            calibration=calibrate(rows, weight, level) if probabilities and not by_design else None,
        )


def calibrate(rows: Predictions, weight: FloatArray, level: float) -> Calibration:
    """Compare scores with what was observed, over all rows and in bins of about equal mass."""
    score = rows.score.astype(np.float64)
    order = np.argsort(score, kind="stable")
    before = np.cumsum(weight[order])
    wanted = int(np.clip(len(score) // ROWS_A_BIN, 2, N_BINS))
    edges = np.unique(score[order][np.searchsorted(before, np.arange(1, wanted) / wanted * before[-1])])
    bins, place = np.unique(np.searchsorted(edges, score, side="left"), return_inverse=True)
    mass = np.bincount(place, weight)
    mean = np.bincount(place, weight * score) / np.where(mass > 0, mass, 1)
    observed = _shares(rows, weight, place, len(bins), level)
    low, high = np.full(len(bins), np.inf), np.full(len(bins), -np.inf)
    np.minimum.at(low, place, score)
    np.maximum.at(high, place, score)
    count = np.bincount(place)
    known = [k for k in range(len(bins)) if mass[k] > 0]
    error = sum(mass[k] * abs(observed[k].value - mean[k]) for k in known) / mass.sum()
    return Calibration(
        mean_score=float(weight @ score / weight.sum()),
        observed=float(weight @ rows.true / weight.sum()),
        difference=_mean(rows.true - score, weight, rows.block, level),
        expected_error=float(error),
        bins=tuple(Bin(int(count[k]), float(low[k]), float(high[k]), float(mean[k]), observed[k]) for k in known),
    )


def _shares(rows: Predictions, weight: FloatArray, place: IntArray, n_places: int, level: float) -> list[Measure]:
    """Return the share of positives among the rows of each place, with Wilson's interval."""

    def table(values: FloatArray) -> FloatArray:
        sums = np.bincount(2 * place + rows.true, values, minlength=2 * n_places).reshape(n_places, 2)
        return np.stack([np.zeros_like(sums), sums], axis=-1)

    by_block: AnyArray | None = None
    if rows.block is not None:
        size = N_BLOCKS * 2 * n_places
        sums = np.bincount((2 * place + rows.true) * N_BLOCKS + rows.block, weight, minlength=size)
        by_block = sums.reshape(n_places, 2, 1, N_BLOCKS)
        by_block = np.concatenate([np.zeros_like(by_block), by_block], axis=2)
    cells = Cells(table(weight), table(weight**2), by_block)
    prevalence = resolve("prevalence", rows.labels)
    lower, upper = metric_interval(prevalence, cells, level)
    value = prevalence.value(cells.weight)
    return [Measure(float(v), float(a), float(b)) for v, a, b in zip(value, lower, upper, strict=True)]


def _mean(values: FloatArray, weight: FloatArray, block: IntArray | None, level: float) -> Measure:
    """Return a weighted mean with its normal interval; Student's t over blocks of clusters."""
    mean = float(weight @ values / weight.sum())
    residual = weight * (values - mean)
    df = None
    if block is None:
        variance = float((residual**2).sum())
    else:
        used = len(np.unique(block))
        df = used - 1
        variance = float((np.bincount(block, residual) ** 2).sum() * used / max(df, 1))
    half = quantile(level, df) * variance**0.5 / float(weight.sum())
    return Measure(mean, mean - half, mean + half)
