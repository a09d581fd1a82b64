"""The rows that a Jacobian keeps, as they were checked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from conjac._typing import CoordinateName
from conjac.engines.outcomes import rows_of
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.jacobian import ConfusionJacobian
from conjac.motion import Motion
from conjac.reading import ClassReading, Reading
from conjac.rules import ThresholdRule
from conjac.validation import ClassPredictions, Predictions
from conjac.views.report.parts import parts_of

INSTEAD = "pass labels and scores to Explorer.from_predictions, or a model and its rows to Explorer.from_estimator"


def rows_kept(J: ConfusionJacobian) -> Predictions | ClassPredictions:
    """Return the rows that a Jacobian was counted from; the scores are the caller's own array.

    Parameters
    ----------
    J : ConfusionJacobian

    Raises
    ------
    NotSupportedError
        It keeps no rows, as of a frame or a tally; no scores, as of a mix or of refits;
        it takes them as calibrated; or it may reject rows.
    InvalidInputError
        Scores that were changed since they were counted.
    """
    kept = rows_of(J._outcomes, "explore")
    if kept.rule is None or kept.score is None:
        raise NotSupportedError(f"explore: by {J.parameters[0]!r}, this result keeps no scores; {INSTEAD}")
    if kept.n_columns > len(J.labels):
        raise NotSupportedError("explore: a reject option has no offset on the page; leave it out of offsets")
    if isinstance(J._motion, Motion) and np.isfinite(J._motion.flux.calibration).all():
        raise NotSupportedError(
            "explore: of assume_calibrated, a curve knows it at every threshold: "
            "ConfusionCurve.from_predictions(..., assume_calibrated=True).explore()"
        )
    if (kept.rule.predict(kept.score) != kept.predicted).any():
        raise InvalidInputError("explore: the array of scores was changed since they were counted; count again")
    block = None if kept.block is None else kept.block.astype(np.intp)
    notes = {name: J.diagnostics[name] for name in ("n_clusters",) if name in J.diagnostics}
    rows = kept.true.astype(np.intp), kept.score, kept.weight, block
    if isinstance(kept.rule, ThresholdRule):
        return Predictions(tuple(J.labels), *rows, Reading(), notes)
    return ClassPredictions(tuple(J.labels), *rows, ClassReading.of(kept.score, J.coordinate), notes)


def parts_kept(rows: Any, by: Any, coordinate: CoordinateName) -> list[tuple[str, Any]]:
    """Return the rows of each group by its name, each row in the block of clusters that it was in.

    Parameters
    ----------
    rows : Predictions or ClassPredictions
    by : array of shape (n_samples,) or None
    coordinate : str

    Raises
    ------
    InvalidInputError
        As `conjac.views.report.parts.parts_of`.
    """
    if by is None:
        return []
    parts = parts_of(rows, by, None, coordinate)
    if rows.block is None:
        return [(part.title, part.rows) for part in parts]
    return [(part.title, replace(part.rows, block=rows.block[part.places])) for part in parts]
