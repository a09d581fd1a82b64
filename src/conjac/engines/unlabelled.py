r"""Rows whose labels are not known: what they are expected to show if their scores are calibrated.

Each row counts as p of a positive and 1 - p of a negative, both in one block, since they are one row. That is the
matrix expected of such rows; of these very rows, given their scores, the cells vary about it by the labels alone:
:math:`\sum w^2 p (1 - p)` on either side of a threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.density import Calibration
from conjac.errors import InvalidInputError
from conjac.reading import Reading
from conjac.tally import Tally
from conjac.validation import N_BLOCKS, Predictions, check_vector, check_weight


@dataclass(frozen=True, eq=False)
class Unlabelled:
    """The noise of labels that are not known, and the rows, if any, that tell whether the scores are calibrated.

    Attributes
    ----------
    score : array of shape (n_samples,)
        Ascending.
    noise : array of shape (n_samples,)
        Each row's w^2 p (1 - p).
    labelled : Tally or None
    """

    score: AnyArray
    noise: FloatArray
    labelled: Tally | None = None

    @classmethod
    def of(cls, rows: Predictions, labelled: Tally | None) -> Self:
        """Measure the rows that `expected_rows` made."""
        n = len(rows.score) // 2
        assert rows.weight is not None
        negative, positive = rows.weight[:n], rows.weight[n:]
        order = np.argsort(rows.score[:n], kind="stable")
        return cls(rows.score[:n][order], (negative * positive)[order], labelled)

    @property
    def notes(self) -> dict[str, Any]:
        """What is assumed of the scores, for the result's diagnostics."""
        checked = "not checked, since no row has a label"
        if self.labelled is not None:
            checked = f"tested by {self.labelled.rows.sum()} labelled rows: see calibration_at"
        return {
            "n_samples": len(self.score),
            "counts": "expected, without labels",
            "assumes": f"calibration: that a share p of the rows scored p is positive; {checked}",
        }

    def merge(self, other: Unlabelled) -> Unlabelled:
        """Return both sets of rows."""
        score, noise = (np.concatenate([getattr(self, name), getattr(other, name)]) for name in ("score", "noise"))
        order = np.argsort(score, kind="stable")
        tallies = [u.labelled for u in (self, other) if u.labelled is not None]
        labelled = tallies[0].merge(tallies[1]) if len(tallies) == 2 else next(iter(tallies), None)
        return Unlabelled(score[order], noise[order], labelled)

    def noise_at(self, threshold: FloatArray) -> FloatArray:
        """Return the variance of the cells below and above thresholds, array of shape (n_points, 2)."""
        below = np.append(0.0, np.cumsum(self.noise))
        place = np.searchsorted(self.score, threshold)
        return np.stack([below[place], below[-1] - below[place]], axis=-1)

    def calibration(self, cut: FloatArray) -> Calibration:
        """Return what the labelled rows say of the scores, near cuts.

        Raises
        ------
        InvalidInputError
            There are none.
        """
        if self.labelled is None:
            raise InvalidInputError(
                "calibration cannot be told from scores alone; pass some labelled rows: from_scores(p, labelled=(y, p))"
            )
        return Calibration.at(self.labelled, cut)


def expected_rows(y_score: Any, sample_weight: Any, labels: tuple[Any, Any]) -> Predictions:
    """Return each row as p of a positive and 1 - p of a negative.

    Raises
    ------
    InvalidInputError
        Scores that are no probabilities, missing or infinite ones, bad weights.
    """
    reading = Reading.of(y_score, 1)
    score = check_vector(reading.score(y_score), "y_score")
    outside = np.flatnonzero((score < 0) | (score > 1))
    if len(outside):
        raise InvalidInputError(
            f"y_score[{outside[0]}] is {score[outside[0]]!s}: without labels, scores must be probabilities in [0, 1]"
        )
    n = len(score)
    weight = check_weight(sample_weight, n)
    plain = np.ones(n) if weight is None else weight
    share = score.astype(np.float64)
    return Predictions(
        labels=labels,
        true=np.repeat(np.arange(2, dtype=np.intp), n),
        score=np.concatenate([score, score]),
        weight=np.concatenate([plain * (1 - share), plain * share]),
        block=np.tile(np.arange(n, dtype=np.intp) % N_BLOCKS, 2),
        reading=reading,
        notes=dict(reading.note),
    )
