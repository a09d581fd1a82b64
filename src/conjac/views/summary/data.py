"""The data at a glance: how many rows, of which class, with which scores, and whether the scores are calibrated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from conjac.curve import ConfusionCurve
from conjac.validation import ClassPredictions, Predictions
from conjac.views.summary.calibration import Calibration, calibrate, shares
from conjac.views.summary.entries import Entries
from conjac.views.summary.measure import NAN, Measure, clean


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
    weight_range : tuple of float, or None
    effective_rows : float
        Kish's effective number of rows: the square of the sum of weights over the sum of their squares.
    clustered : bool
    clusters : int or None
    prevalence : Measure
    imbalance : float
        Negatives to a positive, by weight.
    summed : bool
        Whether rows were summed as they were read: what only single rows can tell is None.
    distinct : int or None
        Different scores.
    distinct_share : float or None
    largest_tie : int or None
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
    weight_range: tuple[float, float] | None
    effective_rows: float
    clustered: bool
    clusters: int | None
    prevalence: Measure
    imbalance: float
    summed: bool
    distinct: int | None
    distinct_share: float | None
    largest_tie: int | None
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
        scores, counts = np.unique(rows.score, return_counts=True)
        return cls(
            **asdict(Weighing.of(rows)),
            **_of_both(Entries.of_rows(rows), probabilities, by_design, level),
            summed=False,
            distinct=len(scores),
            distinct_share=len(scores) / len(rows.true),
            largest_tie=int(counts.max()),
            zeros=int((rows.score == 0).sum()) if probabilities else None,
            ones=int((rows.score == 1).sum()) if probabilities else None,
            set_aside=_told(set_aside),
        )

    @classmethod
    def of_curve(cls, curve: ConfusionCurve, *, level: float, set_aside: Mapping[str, int]) -> Data:
        """Describe rows that were summed as they were read, by their curve.

        Parameters
        ----------
        curve : ConfusionCurve
            From a tally.
        level, set_aside
            As for `of`.
        """
        tally, told = curve.tally, curve.diagnostics
        entries = Entries.of_tally(tally)
        return cls(
            **_of_both(entries, tally.scale == "logit", curve.condition_on == "class", level),
            rows=int(tally.rows.sum()),
            weighted=tally.weight.dtype.kind == "f",
            weight=float(entries.weight.sum()),
            weight_range=None,
            effective_rows=float(entries.weight.sum() ** 2 / entries.weight2.sum()),
            clusters=told.get("n_clusters"),
            summed=True,
            distinct=None,
            distinct_share=None,
            largest_tie=None,
            zeros=told.get("exact_zeros"),
            ones=told.get("exact_ones"),
            set_aside=_told(set_aside),
        )


def _of_both(entries: Entries, probabilities: bool, by_design: bool, level: float) -> dict[str, Any]:
    """Return what rows and sums of them tell alike."""
    by_class = np.bincount(entries.true, entries.weight, minlength=2)
    negatives, positives = (int(rows) for rows in entries.by_class)
    prevalence = shares(entries, np.zeros(len(entries.true), dtype=np.intp), 1, level)[0]
    return {
        "positives": positives,
        "negatives": negatives,
        "clustered": entries.block is not None,
        "prevalence": Measure(prevalence.value) if by_design else prevalence,
        "imbalance": float(by_class[0] / by_class[1]) if by_class[1] else NAN,
        "separated": entries.separated,
        "calibration": calibrate(entries, level) if probabilities and not by_design else None,
    }


def _told(set_aside: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((clean(reason), int(n)) for reason, n in set_aside.items())
