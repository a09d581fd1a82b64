"""How the scores of several classes are read from what the user passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from conjac._typing import AnyArray, Scale
from conjac.errors import InvalidInputError
from conjac.reading.binary import SUM_TOLERANCE
from conjac.reading.values import as_array, as_float, refuse_non_finite

ROUNDED = 0.005
"""Of each probability, by which rows may miss 1: two decimals. A factor of a row moves none of its argmax."""


@dataclass(frozen=True)
class ClassReading:
    """A score a class: probabilities, compared by their logarithms, or scores as they are.

    Attributes
    ----------
    scale : {"logit", "score"}
    n_classes : int

    Examples
    --------
    >>> ClassReading.of([[0.2, 0.3, 0.5]], None).scale
    'logit'
    """

    scale: Scale
    n_classes: int

    @classmethod
    def of(cls, y_score: Any, coordinate: str | None) -> Self:
        """Decide how to read scores.

        Raises
        ------
        InvalidInputError
            Missing or infinite scores, a coordinate that is not for classes, or scores that it does not fit.
        """
        columns = as_float(as_array(y_score, "y_score"), "y_score")
        if not len(columns):
            raise InvalidInputError("y_score is empty; at least one row is needed")
        low, high = columns.min(), columns.max()
        if not np.isfinite([low, high]).all():
            refuse_non_finite(columns, "y_score")
        if coordinate not in (None, "logit", "score"):
            raise InvalidInputError(
                f"coordinate={coordinate!r}: offsets are told in 'logit' (of probabilities) or 'score' (of raw scores)"
            )
        inside = bool(low >= 0 and high <= 1)
        if coordinate == "logit" and not inside:
            row = int(np.argmax((columns < 0).any(axis=1) | (columns > 1).any(axis=1)))
            raise InvalidInputError(
                f"coordinate='logit' takes probabilities, but y_score[{row}] is {columns[row].tolist()}; "
                "pass coordinate='score' for raw scores"
            )
        if coordinate is None and inside:
            sums = columns @ np.ones(columns.shape[1], dtype=np.result_type(columns, np.float32))
            if max(sums.max() - 1, 1 - sums.min()) > max(SUM_TOLERANCE, ROUNDED * columns.shape[1]):
                row = int(np.argmax(np.abs(sums - 1)))
                raise InvalidInputError(
                    f"y_score[{row}] = {columns[row].tolist()} lies in [0, 1] but does not sum to 1; divide rows by "
                    "their sums, or pass coordinate='score' for raw scores, or 'logit' for their logarithms"
                )
        return cls("logit" if coordinate == "logit" or (coordinate is None and inside) else "score", columns.shape[1])

    def score(self, y_score: Any) -> AnyArray:
        """Return scores, array of shape (n_samples, n_classes), in their own dtype.

        Raises
        ------
        InvalidInputError
            Another number of columns, missing or infinite scores, or no probabilities where they are asked for.
        """
        columns = as_float(as_array(y_score, "y_score"), "y_score")
        if columns.ndim != 2 or columns.shape[1] != self.n_classes:
            raise InvalidInputError(
                f"y_score has shape {columns.shape}; expected (n_samples, {self.n_classes}), a score a class"
            )
        if not len(columns):
            return columns
        low, high = columns.min(), columns.max()
        if not np.isfinite([low, high]).all():
            refuse_non_finite(columns, "y_score")
        if self.scale == "logit" and not (low >= 0 and high <= 1):
            raise InvalidInputError("y_score has values outside [0, 1]; expected probabilities, as were read before")
        return columns
