"""Several classes at a glance: how many rows, of how many classes, and whether the scores are calibrated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from conjac._typing import IntArray
from conjac.validation import ClassPredictions, check_predictions
from conjac.views.summary.calibration import Calibration, calibrate
from conjac.views.summary.data import Weighing
from conjac.views.summary.entries import Entries
from conjac.views.summary.measure import NAN, clean


@dataclass(frozen=True)
class ClassData:
    """What the figures are figures of.

    Attributes
    ----------
    weighing : Weighing
        How many rows, and what they weigh.
    n_classes : int
    absent : tuple of str
        Classes that no row is of.
    rarest, commonest : tuple of (str, int)
        Of the classes that rows are of: the label, and its rows.
    imbalance : float
        Rows of the commonest to one of the rarest, by weight.
    exact_zeros : int or None
        Rows with a probability of exactly 0; None for raw scores.
    set_aside : tuple of (str, int)
        Reasons, and how many rows were left out for each.
    calibration : Calibration or None
        Of the predicted class's probability against being right; None for raw scores, and where class totals are fixed
        by design.
    """

    weighing: Weighing
    n_classes: int
    absent: tuple[str, ...]
    rarest: tuple[str, int]
    commonest: tuple[str, int]
    imbalance: float
    exact_zeros: int | None
    set_aside: tuple[tuple[str, int], ...]
    calibration: Calibration | None

    @classmethod
    def of(
        cls,
        rows: ClassPredictions,
        predicted: IntArray,
        *,
        by_design: bool,
        level: float,
        set_aside: Mapping[str, int],
    ) -> ClassData:
        """Describe rows.

        Parameters
        ----------
        rows : ClassPredictions
        predicted : array of shape (n_samples,)
            Index of each row's predicted class.
        by_design : bool
            Whether class totals are fixed, so that shares of the rows are no finding.
        level : float
            Of the intervals.
        set_aside : mapping of str to int
        """
        counts = np.bincount(rows.true, minlength=len(rows.labels))
        weights = np.bincount(rows.true, rows.weight, minlength=len(rows.labels))
        drawn = np.flatnonzero(counts)
        few, many = drawn[counts[drawn].argmin()], drawn[counts[drawn].argmax()]
        probabilities = rows.reading.scale == "logit"
        return cls(
            weighing=Weighing.of(rows),
            n_classes=len(rows.labels),
            absent=tuple(clean(label) for label, n in zip(rows.labels, counts, strict=True) if not n),
            rarest=(clean(rows.labels[few]), int(counts[few])),
            commonest=(clean(rows.labels[many]), int(counts[many])),
            imbalance=float(weights[many] / weights[few]) if weights[few] else NAN,
            exact_zeros=int((rows.score == 0).any(axis=1).sum()) if probabilities else None,
            set_aside=tuple((clean(reason), int(n)) for reason, n in set_aside.items()),
            calibration=_of_top(rows, predicted, level) if probabilities and not by_design else None,
        )


def _of_top(rows: ClassPredictions, predicted: IntArray, level: float) -> Calibration:
    """Compare the predicted class's probability with how often it is right."""
    score = rows.score[np.arange(len(predicted)), predicted]
    right = check_predictions(
        (predicted == rows.true).astype(int), score, labels=[0, 1], sample_weight=rows.weight, one_class=True
    )
    return calibrate(Entries.of_rows(replace(right, block=rows.block)), level)
