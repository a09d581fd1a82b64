"""Between probabilities and what margins are made of: log-odds of two classes, logarithms of more."""

from __future__ import annotations

import numpy as np

from conjac._typing import FloatArray


def to_margins(p: FloatArray, cotangent: FloatArray) -> FloatArray:
    """Pull a cotangent of probabilities back to their log-odds (n_rows, 1), or their logarithms.

    Parameters
    ----------
    p : array of shape (n_rows, n_classes)
    cotangent : array of shape (n_rows, n_classes) or (1, n_classes)
    """
    if p.shape[1] == 2:
        return ((cotangent[:, 1] - cotangent[:, 0]) * p[:, 0] * p[:, 1])[:, None]
    return np.asarray(p * (cotangent - (cotangent * p).sum(axis=1, keepdims=True)))


def from_margins(p: FloatArray, cotangent: FloatArray) -> FloatArray:
    """Pull a cotangent of log-odds, or of logarithms, back to the probabilities; 0 where one is 0."""
    if p.shape[1] == 2:
        cotangent, p = np.hstack([0 * cotangent, cotangent]), (p[:, 0] * p[:, 1])[:, None]
    return np.divide(cotangent, p, out=np.zeros(np.broadcast_shapes(cotangent.shape, p.shape)), where=p > 0)
