"""How the positive class's score is read from what the user passes: the same way when counting and when predicting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from conjac._typing import AnyArray
from conjac.errors import InvalidInputError
from conjac.reading.values import as_array, as_float, refuse_non_finite

SUM_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Reading:
    """One score a row, one column of two probabilities, or the difference of two raw scores.

    Attributes
    ----------
    kind : {"score", "column", "difference"}
    positive : int
        The positive class's column, of two.

    Examples
    --------
    >>> Reading("difference").score([[0.5, 2.0], [3.0, 1.0]])
    array([ 1.5, -2. ])
    """

    kind: Literal["score", "column", "difference"] = "score"
    positive: int = 1

    @classmethod
    def of(cls, y_score: Any, positive: int) -> Reading:
        """Decide how to read scores.

        Raises
        ------
        InvalidInputError
            Missing or infinite scores, or two columns in [0, 1] that do not sum to 1.
        """
        columns = as_float(as_array(y_score, "y_score"), "y_score")
        if columns.ndim == 1:  # `score` looks at every value
            return cls("score", positive)
        refuse_non_finite(columns, "y_score")
        if columns.ndim != 2 or columns.shape[1] != 2 or not len(columns):
            return cls("score", positive)
        if columns.min() < 0 or columns.max() > 1:
            return cls("difference", positive)
        miss = np.abs(columns.sum(axis=1, dtype=np.float64) - 1)
        if miss.max() > SUM_TOLERANCE:
            row = int(np.argmax(miss))
            raise InvalidInputError(
                f"y_score[{row}] = {columns[row].tolist()} lies in [0, 1] but does not sum to 1; "
                "pass the positive class's column alone, or raw scores"
            )
        return cls("column", positive)

    def score(self, y_score: Any) -> AnyArray:
        """Return the positive class's scores, array of shape (n_samples,), in their own dtype.

        Raises
        ------
        InvalidInputError
            Another form than was read before, or missing or infinite scores. Where one score a row was read,
            two columns of probabilities will do.
        """
        columns = as_float(as_array(y_score, "y_score"), "y_score")
        refuse_non_finite(columns, "y_score")
        if self.kind == "score":
            if columns.ndim == 2 and columns.shape[1] == 1:
                columns = columns[:, 0]
            if columns.ndim == 2 and columns.shape[1] == 2:
                return Reading.of(columns, self.positive)._column(columns)
            if columns.ndim != 1:
                raise InvalidInputError(f"y_score has shape {columns.shape}; expected one score a row, (n_samples,)")
            return columns
        if columns.ndim != 2 or columns.shape[1] != 2:
            raise InvalidInputError(f"y_score has shape {columns.shape}; expected both classes' scores, (n_samples, 2)")
        own, other = columns[:, self.positive], columns[:, 1 - self.positive]
        return own if self.kind == "column" else np.asarray(own - other)

    def _column(self, columns: AnyArray) -> AnyArray:
        if self.kind != "column":
            raise InvalidInputError(
                "y_score has two columns of raw scores; expected one score a row, as was read before"
            )
        return columns[:, self.positive]

    @property
    def note(self) -> dict[str, str]:
        """What to tell of it, where there was a choice."""
        return {
            "score": {},
            "column": {"score": f"column {self.positive} of y_score"},
            "difference": {"score": "difference of the two columns of raw scores"},
        }[self.kind]
