"""Decision rules: from scores to predicted classes, and to the margins on each decision boundary.

A rule is ``argmax_k (u_k + b_k)``. The binary threshold t is that rule with u = (0, logit p) and
b = (0, -logit t), so its one facet is the pair (0, 1) with margin ``logit p - logit t``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from conjac._typing import AnyArray, BoolArray, FloatArray, IntArray, Scale
from conjac.coordinates import class_scores

Facet = tuple[int, int]
"""A decision boundary j|k between two classes; the margin is positive where k wins."""

REJECT = "reject"
"""What the column of a reject option is called."""
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

    n_columns: ClassVar[int] = 2
    """Outcomes of the rule."""

    def predict(self, score: AnyArray) -> BoolArray:
        """Return True where the positive class is predicted.

        Parameters
        ----------
        score : array of shape (n_samples,)
            Of the positive class.

        Returns
        -------
        array of shape (n_samples,)
            Of bool.
        """
        return np.asarray(score >= in_dtype_of(score, self.threshold))


@dataclass(frozen=True, eq=False)
class ArgmaxRule:
    """Predict the class with the largest ``u_k + offsets[k]``; the lower index of equal ones.

    Parameters
    ----------
    offsets : array of shape (n_classes,) or (n_classes + 1,)
        Added to each class's score; with equal ones, of the classes alone, the scores are compared as they are given.
        One more is that of a reject option, whose u is 0: nothing is predicted, told as index ``n_classes``, where no
        class is above it. For probabilities that is the logarithm of the least probability to act on.
    scale : {"logit", "score"}
        Whether u is the logarithm of the probabilities that are given, or the scores as they are.

    Examples
    --------
    >>> import numpy as np
    >>> p = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]])
    >>> ArgmaxRule(np.array([0.0, np.log(2), 0.0])).predict(p)
    array([1, 2])
    >>> ArgmaxRule(np.array([0.0, 0.0, 0.0, np.log(0.6)])).predict(p)
    array([3, 2])
    """

    offsets: FloatArray
    scale: Scale = "logit"

    @property
    def n_columns(self) -> int:
        """Outcomes of the rule."""
        return len(self.offsets)

    def at(self, offsets: FloatArray) -> ArgmaxRule:
        """Return the rule with other offsets, less the first's.

        Parameters
        ----------
        offsets : array of shape (n_columns,)
            In units of the scale.

        Returns
        -------
        ArgmaxRule
            On the same scale.
        """
        return replace(self, offsets=offsets - offsets[0])

    def rejects(self, n_classes: int) -> bool:
        """Tell whether the rule may predict nothing.

        Parameters
        ----------
        n_classes : int
            Without the reject option.

        Returns
        -------
        bool
            Whether it has an offset more.
        """
        return self.n_columns > n_classes

    def compared(self, score: AnyArray) -> FloatArray:
        """Return what is compared.

        Parameters
        ----------
        score : array of shape (n_samples, n_classes)
            A column a class.

        Returns
        -------
        array of shape (n_columns, n_samples)
            In float64.
        """
        moved = class_scores(score.T, self.scale)
        if self.rejects(score.shape[1]):
            moved = np.concatenate([moved, np.zeros((1, len(score)))])
        if self.offsets.any():
            moved += self.offsets[:, None]
        return moved

    def predict(self, score: AnyArray) -> IntArray:
        """Return the index of each row's predicted class.

        Parameters
        ----------
        score : array of shape (n_samples, n_classes)
            A column a class.

        Returns
        -------
        array of shape (n_samples,)
            Of integers; ``n_classes`` where nothing is predicted.
        """
        if not self.rejects(score.shape[1]) and np.ptp(self.offsets) == 0:
            return np.asarray(score.argmax(axis=1))
        compared = self.compared(score)
        return first_true(compared == compared.max(axis=0))


def first_true(columns: BoolArray) -> IntArray:
    """Return the first place in each column that is True, of columns that have one; `argmax`, but much faster."""
    n = len(columns)
    backwards = np.arange(n, 0, -1, dtype=np.min_scalar_type(n))
    return np.asarray(n - (columns * backwards[:, None]).max(axis=0).astype(np.intp))


def top_two(columns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return each row's highest and second highest, arrays of shape (n_rows,)."""
    highest, second, lower = columns[0].copy(), np.full(columns.shape[1], -np.inf), np.empty(columns.shape[1])
    for column in columns[1:]:
        np.minimum(highest, column, out=lower)
        np.maximum(second, lower, out=second)
        np.maximum(highest, column, out=highest)
    return highest, second


def outcomes_of(labels: Sequence[Any], n_columns: int) -> list[Any]:
    """Return what the columns of a matrix are called: the labels, and the reject option where there is one."""
    return [*labels, REJECT][:n_columns]


def in_dtype_of(score: AnyArray, threshold: FloatArray | float) -> Any:
    """Return thresholds in the dtype in which NumPy compares them with these scores.

    float32 scores are compared in float32, as ``score >= 0.1`` does with a Python float; integers in float64.
    """
    dtype = score.dtype if score.dtype.kind == "f" else np.float64
    with np.errstate(over="ignore"):
        return np.asarray(threshold, dtype=np.float64).astype(dtype)
