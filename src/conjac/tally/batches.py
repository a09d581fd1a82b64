"""A batch of rows, checked for a tally that is there already."""

from __future__ import annotations

from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.errors import InvalidInputError
from conjac.reading import as_array
from conjac.validation import check_clusters, check_predictions, check_speeds


def check_batch(
    tally: Any, y_true: Any, y_score: Any, sample_weight: Any, groups: Any, velocities: Any
) -> tuple[IntArray, AnyArray, FloatArray | None, IntArray | None, FloatArray] | None:
    """Return the rows as `Tally.add` takes them; None of an empty batch."""
    labels, scale, clustered = tally.labels, tally.scale, tally.clustered
    if clustered != (groups is not None):
        raise InvalidInputError(
            "groups: this tally is of clusters; name each row's"
            if clustered
            else "groups: this tally is of independent rows; start it with Tally.zero(..., clustered=True)"
        )
    score = as_array(y_score, "y_score")
    if score.ndim != 1:
        raise InvalidInputError(
            f"y_score has shape {score.shape}; a tally takes one score a row, that of {labels[1]!r}: shape (n_samples,)"
        )
    if not score.size and not as_array(y_true, "y_true").size:
        return None
    rows = check_predictions(y_true, score, labels=labels, sample_weight=sample_weight, one_class=True)
    if scale == "logit" and (rows.score.min() < 0 or rows.score.max() > 1):
        row = int(np.flatnonzero((rows.score < 0) | (rows.score > 1))[0])
        raise InvalidInputError(
            f"y_score[{row}] is {rows.score[row]}, and a tally on the logit scale takes probabilities, in [0, 1]; "
            "pass those, or start a tally on the score scale"
        )
    block = None if groups is None else check_clusters(groups, len(rows.true))[0]
    return rows.true, rows.score, rows.weight, block, check_speeds(velocities, tally.velocities, rows.score.shape)
