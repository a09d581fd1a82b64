r"""The Jacobian of a model's class scores in its inputs, row by row: `score_jacobian`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray, Scale
from conjac.coordinates import class_scores, margins
from conjac.errors import InvalidInputError, NotDifferentiableError
from conjac.inputs import Inputs, spread
from conjac.models import Model, bind, checked, oriented, scored
from conjac.models.contract import Pull
from conjac.models.numerical import STEP, Differences

LOOKED_AT = 32
"""Rows on which derivatives are tried."""
AT_ONCE = 2**21
"""Derivatives of a batch."""
MOST = 10**8
"""Entries above which the whole is not made at once."""


@dataclass(frozen=True, eq=False)
class ScoreJacobian:
    """Derivatives of class scores, computed for the rows that are asked for.

    Made by `score_jacobian`.

    Attributes
    ----------
    shape : tuple of int
        (n_samples, n_classes, n_features), or of images ``(n_samples, n_classes, *image_shape)``: a heat map a class.
    classes : tuple or None
        The model's, in the order of the second axis.
    columns : tuple of str
        The features, in the order of the third axis; of images flat, in C order.
    response : str
        What is differentiated, such as "predict_proba".
    derivative : str
        Whose formula it is.

    Notes
    -----
    Analytic where the model's formula is known, by the library for networks, else by central differences, as
    ``derivative`` says. See :doc:`/features`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> slopes = cj.score_jacobian(lambda X: np.tanh(X[:, 0] * X[:, 1]), np.arange(12.0).reshape(6, 2) / 12)
    >>> [len(part) for _, part in slopes.batches()], slopes.derivative
    ([6], 'central differences over 0.01 sd')
    """

    shape: tuple[int, ...]
    classes: tuple[Any, ...] | None
    columns: tuple[str, ...]
    response: str
    derivative: str
    _inputs: Inputs
    _model: Model
    _pull: Pull
    _of_probabilities: bool
    _n_outputs: int
    _numeric: tuple[int, ...]

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.shape[0]

    def __getitem__(self, rows: Any) -> FloatArray:
        """Return the derivatives of one row, of shape ``shape[1:]``, or of some, ``(n_rows, *shape[1:])``."""
        places = np.arange(len(self))[rows]
        found = [self._of(np.atleast_1d(places)[part]) for part in _parts(places.size, self.shape)]
        table = np.concatenate(found) if found else np.zeros((0, *self.shape[1:]))
        return table[0] if places.ndim == 0 else table

    def batches(self) -> Iterator[tuple[slice, FloatArray]]:
        """Yield slices of rows with their derivatives, few enough to hold.

        Yields
        ------
        rows : slice
            Of the rows.
        slopes : array of shape (n_part, n_classes, n_features)
            Their derivatives, in the unit of the score per unit of each input.
        """
        for part in _parts(len(self), self.shape):
            yield part, self._of(np.arange(part.start, part.stop))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> AnyArray:
        """Return all derivatives.

        Raises
        ------
        InvalidInputError
            More than 1e8 of them.
        """
        del copy
        if np.prod(self.shape) > MOST:
            raise InvalidInputError(f"{self.shape} makes {np.prod(self.shape)} derivatives; take rows, or batches()")
        return np.asarray(self[:], dtype=dtype)

    def _of(self, rows: IntArray) -> FloatArray:
        some = self._inputs.take(rows).native
        pulled = np.stack([self._pull(some, unit) for unit in np.eye(self._n_outputs)], axis=1)
        if self._n_outputs == 1:
            pulled = np.concatenate([np.zeros_like(pulled), pulled], axis=1)
        if self._of_probabilities:
            score = np.asarray(self._model.scores(some), dtype=np.float64).reshape(len(rows), -1)
            p = (np.hstack([1 - score, score]) if score.shape[1] == 1 else score)[:, :, None]
            pulled = p * (pulled - (p * pulled).sum(axis=1, keepdims=True))
        found = np.full(pulled.shape, np.nan)
        found[..., list(self._numeric)] = pulled[..., list(self._numeric)]
        return found.reshape(len(rows), *self.shape[1:])


def score_jacobian(model: Any, X: Any, *, output: str = "auto") -> ScoreJacobian:
    r"""Return the Jacobian of class scores in the inputs: :math:`\partial s_{ik} / \partial x_{ij}`.

    Parameters
    ----------
    model : fitted classifier, callable or `conjac.models.Model`
        What scores rows.
    X : array or frame of shape (n_samples, n_features), or images of shape (n_samples, ...)
        Rows at which the scores are differentiated.
    output : {"auto", "probabilities", "scores", "logits"}
        What is differentiated. Raw scores of two classes are the second's less the first's, which is 0, but those of a
        network that gives two.

    Returns
    -------
    ScoreJacobian
        Of shape (n_samples, n_classes, n_features), or ``(n_samples, n_classes, *image_shape)``, made for the rows that
        are asked for; ``numpy.asarray`` makes all. It is nan in columns that hold no numbers.

    Raises
    ------
    NotDifferentiableError
        Scores that are steps, as those of trees.
    InvalidInputError
        Nothing that scores, or an output that it does not have.

    Notes
    -----
    See :doc:`/features`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> import conjac as cj
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]])
    >>> slopes = cj.score_jacobian(LogisticRegression().fit(X, [0, 0, 1, 1]), X)
    >>> slopes.shape, bool(np.allclose(slopes[0].sum(axis=0), 0))
    ((4, 2, 2), True)
    """
    bound = bind(model, output)
    inputs = Inputs.of(X, bound.columns)
    numeric = tuple(place for place in range(len(inputs.names)) if inputs.head(place, LOOKED_AT).dtype.kind in "iufb")
    stride = max(1, inputs.n_rows // LOOKED_AT)
    few = inputs.take(np.arange(0, inputs.n_rows, stride)[:LOOKED_AT])
    told, bound = scored(bound, few.native), checked(bound, few)
    n_classes = max(2, told.shape[1] if told.ndim == 2 else 2)
    pull, derivative, scale = bound.pull, bound.derivative, bound.scale
    if pull is None:
        if bound.stepwise:
            raise NotDifferentiableError(
                f"{bound.response} of {type(model).__name__} is a step function, whose derivative is 0 wherever there "
                "is one; rank_drifts and Features count rows again on either side instead"
            )
        bound, score = oriented(bound, bound.classes or range(n_classes), scored(bound, X))
        scale = "logit" if score.min() >= 0 and score.max() <= 1 else "score"
        compared = partial(_compared, bound, scale)
        differences = Differences(compared, numeric, STEP * np.maximum(spread(inputs, numeric, None), 1e-12))
        if not differences.smooth(few):
            raise NotDifferentiableError(f"{bound.response} is a step function, or rougher than differences resolve")
        pull, derivative = differences.pull, f"central differences over {STEP} sd"
    return ScoreJacobian(
        (inputs.n_rows, n_classes, *inputs.shape),
        bound.classes,
        inputs.names,
        bound.response,
        derivative,
        inputs,
        bound,
        pull,
        scale == "logit",
        n_classes if n_classes > 2 or (bound.columnwise and told.shape[-1] == 2 == told.ndim) else 1,
        numeric,
    )


def _compared(model: Model, scale: Scale, native: Any) -> FloatArray:
    """Return what is differentiated, array of shape (n_rows, n_outputs)."""
    found = np.asarray(model.scores(native))
    return margins(found, scale)[:, None] if found.ndim == 1 else class_scores(found.T, scale).T


def _parts(n: int, shape: tuple[int, ...]) -> list[slice]:
    step = max(1, AT_ONCE // int(np.prod(shape[1:])))
    return [slice(start, min(start + step, n)) for start in range(0, n, step)]
