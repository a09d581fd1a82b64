"""From class shares where a model is used, other than where it was fitted, to the offsets that suit them."""

from __future__ import annotations

from typing import Any

import numpy as np

from conjac._typing import FloatArray
from conjac.errors import InvalidInputError
from conjac.reading import as_array, as_float, refuse_non_finite
from conjac.readonly import locked

SUM_TOLERANCE = 1e-6


def bayes_offsets(prevalence: Any, training_prevalence: Any) -> FloatArray:
    r"""Return the offsets that carry probabilities from one prevalence of the classes to another.

    Parameters
    ----------
    prevalence : array of shape (n_classes,)
        Share of each class where decisions are made, in the order of the labels; above 0, summing to 1.
    training_prevalence : array of shape (n_classes,)
        Share of each class in what the model was fitted to, weights of classes included.

    Returns
    -------
    array of shape (n_classes,)
        :math:`b_k = \log(\pi'_k / \pi_k)`, less that of the first class, for ``offsets=``; in units of
        log-probability. Read-only.

    Raises
    ------
    InvalidInputError
        Shares that are not one a class, not above 0, or do not sum to 1 within 1e-6.

    Notes
    -----
    Under label shift, where :math:`p(x | k)` stays, :math:`p'(k | x) \propto p(k | x) \, \pi'_k / \pi_k` (Saerens,
    Latinne & Decaestecker 2002, Neural Computation 14:21, eq. 2.4; of two classes Elkan 2001, IJCAI 17:973,
    theorem 2). So the class most probable there is ``argmax(log p + b)``, if the probabilities hold. Offsets for the
    scorer of raw scores are these only where the scores are log-probabilities up to a constant a row.

    Examples
    --------
    A model fitted to balanced classes, used where the second is one row in ten:

    >>> import numpy as np
    >>> import conjac as cj
    >>> offsets = cj.bayes_offsets([0.9, 0.1], [0.5, 0.5])
    >>> offsets.round(3)
    array([ 0.   , -2.197])
    >>> p = np.array([[0.3, 0.7], [0.05, 0.95]])
    >>> (np.log(p) + offsets).argmax(axis=1)
    array([0, 1])

    Of two classes that is a threshold, the probability at which both are equal again:

    >>> float(round(1 / (1 + np.exp(offsets[1])), 3))
    0.9
    """
    now, then = _shares(prevalence, "prevalence"), _shares(training_prevalence, "training_prevalence")
    if now.shape != then.shape:
        raise InvalidInputError(
            f"prevalence has {len(now)} classes and training_prevalence has {len(then)}; expected the same, in order"
        )
    offsets = np.log(now) - np.log(then)
    return locked(offsets - offsets[0])


def _shares(values: Any, name: str) -> FloatArray:
    shares = as_float(as_array(values, name), name).astype(np.float64)
    if shares.ndim != 1 or len(shares) < 2:
        raise InvalidInputError(
            f"{name} has shape {shares.shape}; expected (n_classes,), a share for each of 2 or more"
        )
    refuse_non_finite(shares, name)
    if shares.min() <= 0:
        k = int(np.argmin(shares))
        raise InvalidInputError(
            f"{name}[{k}] is {shares[k]:g}; expected shares above 0: leave out a class that is absent"
        )
    if abs(shares.sum() - 1) > SUM_TOLERANCE:
        raise InvalidInputError(f"{name} sums to {shares.sum():.6g}, not to 1; divide counts by their sum")
    return shares
