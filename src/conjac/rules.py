"""Decision rules: from scores to predicted classes, and to the margins on each decision boundary.

A rule is ``argmax_k (u_k + b_k)``. The binary threshold t is that rule with u = (0, logit p) and
b = (0, -logit t), so its one facet is the pair (0, 1) with margin ``logit p - logit t``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac._typing import AnyArray, BoolArray, FloatArray

Facet = tuple[int, int]
"""A decision boundary j|k between two classes; the margin is positive where k wins."""

BINARY_FACETS: tuple[Facet, ...] = ((0, 1),)


@dataclass(frozen=True)
class ThresholdRule:
    """Predict the positive class where ``score >= threshold``.

    Parameters
    ----------
    threshold : float
        On the scores' own scale. At 0 or below every probability is positive; above 1 none is.

    Examples
    --------
    >>> import numpy as np
    >>> ThresholdRule(0.5).predict(np.array([0.2, 0.5, 0.9]))
    array([False,  True,  True])
    """

    threshold: float

    def predict(self, score: AnyArray) -> BoolArray:
        """Return True where the positive class is predicted; array of shape (n_samples,)."""
        return np.asarray(score >= in_dtype_of(score, self.threshold))


def in_dtype_of(score: AnyArray, threshold: FloatArray | float) -> Any:
    """Return thresholds in the dtype in which NumPy compares them with these scores.

    float32 scores are compared in float32, as ``score >= 0.1`` does with a Python float; integers in float64.
    """
    dtype = score.dtype if score.dtype.kind == "f" else np.float64
    with np.errstate(over="ignore"):
        return np.asarray(threshold, dtype=np.float64).astype(dtype)
