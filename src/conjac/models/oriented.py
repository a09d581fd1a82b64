"""A model's scores and derivatives in the order of the labels, of two classes those of the positive one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.errors import ConjacError, InvalidInputError
from conjac.inputs import Inputs, untied
from conjac.models.contract import Model, Pull, Push
from conjac.reading import Reading, as_array, as_float

Read = Callable[[AnyArray], AnyArray]
"""From scores as a model tells them to those of the positive class, or of each label."""


def oriented(model: Model, labels: Sequence[Any], told: AnyArray) -> tuple[Model, AnyArray]:
    """Return the model with its classes in the order of the labels, and its rows' scores so.

    How scores are read, as probabilities or as raw ones, is settled by all rows at hand: a few may look like either.

    Parameters
    ----------
    model : Model
    labels : sequence of length n_classes
        Of two, the positive one is last.
    told : array of shape (n_rows,), (n_rows, 2) or (n_rows, n_classes)
        From `scored`.

    Returns
    -------
    Model
        Whose scores have the shape (n_rows,) for two classes, and (n_rows, n_classes) for more.
    array of shape (n_rows,) or (n_rows, n_classes)

    Raises
    ------
    InvalidInputError
        Labels that are not the model's classes, or scores of another shape.
    """
    classes = tuple(labels) if model.classes is None else model.classes
    if sorted(map(str, labels)) != sorted(map(str, classes)):
        raise InvalidInputError(
            f"labels={list(labels)}: the classifier knows {list(classes)}; list these, in any order"
        )
    read = read_of(classes, labels, told)
    columns = columns_of(model, classes, labels, told)
    response = model.response
    if len(labels) == 2 and str(classes[0]) == str(labels[1]):
        response = f"{response}, of {labels[1]!r}"
    turned = model if _same(columns) else _turned(model, columns)
    ordered = replace(turned, classes=tuple(labels), response=response, columnwise=False)
    if (parametric := turned.parametric) is not None:
        ordered = replace(ordered, parametric=lambda names: parametric(names).read(read))
    return replace(ordered, scores=lambda X: read(model.scores(X))), read(told)


def columns_of(model: Model, classes: Sequence[Any], labels: Sequence[Any], told: AnyArray) -> FloatArray:
    """Return what of the model's outputs each score in the order of the labels is made of.

    Outputs are those of which its derivatives are. Of two classes there is one score, the positive one's.

    Parameters
    ----------
    classes : sequence of length n_classes
        The model's.
    model, labels, told
        As for `oriented`.

    Returns
    -------
    array of shape (n_outputs, 1) or (n_classes, n_classes)
    """
    if len(labels) != 2:
        return np.eye(len(labels))[:, [classes.index(label) for label in labels]]
    positive = 0 if str(classes[0]) == str(labels[1]) else 1
    if not (model.columnwise and told.ndim == 2 and told.shape[1] == 2):
        return np.array([[-1.0 if positive == 0 else 1.0]])
    is_column = model.scale == "score" and Reading.of(told, positive).kind == "column"
    found = np.zeros((2, 1)) if is_column else -np.ones((2, 1))
    found[positive] = 1.0
    return found


def read_of(classes: Sequence[Any], labels: Sequence[Any], told: AnyArray) -> Read:
    """Return how scores are read in the order of the labels; can be pickled.

    Parameters
    ----------
    classes : sequence of length n_classes
        The model's.
    labels, told
        As for `oriented`.
    """
    if len(labels) != 2:
        return partial(_ordered, [classes.index(label) for label in labels])
    return _positive(told, 0 if str(classes[0]) == str(labels[1]) else 1)


def scored(model: Model, X: Any) -> AnyArray:
    """Return all rows' scores; of arrays and frames by blocks of rows.

    Raises
    ------
    InvalidInputError
        A frame without the columns that the model was fitted on, a model that fails on X, or scores that are missing or
        infinite, or are not one or one a class for each row.
    """
    X = untied(X)
    if not (hasattr(X, "columns") or (isinstance(X, np.ndarray) and X.ndim >= 2)):
        return _scored(model, X, 0)
    inputs = Inputs.of(X, model.columns)
    if inputs.is_frame:
        _refuse_lacking(model, inputs)
    blocks = list(inputs.blocks())
    parts = [_scored(model, X if len(blocks) == 1 else inputs.take(rows).native, rows.start) for rows in blocks]
    return np.concatenate(parts)


def _scored(model: Model, native: Any, start: int) -> AnyArray:
    try:
        told = model.scores(native)
    except ConjacError:
        raise
    except Exception as error:  # whatever a model raises: libraries of frames have classes of their own
        what = f"{type(native).__name__} of shape {getattr(native, 'shape', len(native))}"
        raise InvalidInputError(
            f"the model fails on X, a {what}: {type(error).__name__}: {error}; pass what it was fitted on"
        ) from error
    found = as_float(as_array(told, "the model's scores"), "the model's scores")
    n_rows = native.shape[0] if hasattr(native, "shape") else len(native)
    if not found.ndim or len(found) != n_rows:
        raise InvalidInputError(f"the model gave scores of shape {found.shape} for {n_rows} rows of X")
    bad = np.flatnonzero(~np.isfinite(found.reshape(len(found), -1)).all(axis=1))
    if len(bad):
        raise InvalidInputError(
            f"the model scores row {start + bad[0]} of X as {found[bad[0]]} ({len(bad)} such rows there); "
            "fill what is missing in X, drop such rows, or mend the model"
        )
    return found


def _refuse_lacking(model: Model, inputs: Inputs) -> None:
    """Refuse a frame without the columns that the model was fitted on."""
    lacking = [name for name in model.columns or () if name not in inputs.names]
    if lacking:
        raise InvalidInputError(
            f"X lacks {len(lacking)} of the columns that the model was fitted on: {', '.join(map(repr, lacking[:10]))}"
        )


def _positive(told: AnyArray, column: int) -> Read:
    """Return how the positive class's score is read: its column, its own, or what the other's is not."""
    if told.ndim == 2 and told.shape[1] == 2:
        return Reading.of(told, column).score
    if told.ndim > 2 or (told.ndim == 2 and told.shape[1] != 1):
        raise InvalidInputError(
            f"the model's scores have shape {told.shape}; expected (n_rows,) or (n_rows, 2) for two classes"
        )
    if column == 1:
        return _single
    whole = 1 if len(told) and told.min() >= 0 and told.max() <= 1 else 0
    return partial(_rest, whole)


def _single(scores: AnyArray) -> AnyArray:
    return np.reshape(as_array(scores, "the model's scores"), -1)


def _rest(whole: int, scores: AnyArray) -> AnyArray:
    return np.asarray(whole - _single(scores))


def _ordered(places: Sequence[int], scores: AnyArray) -> AnyArray:
    scores = as_array(scores, "the model's scores")
    if scores.ndim != 2 or scores.shape[1] != len(places):
        raise InvalidInputError(
            f"the model's scores have shape {scores.shape}; expected (n_rows, {len(places)}), a score a class"
        )
    return np.asarray(scores[:, places])


def _turned(model: Model, columns: FloatArray) -> Model:
    pull, push, parametric = model.pull, model.push, model.parametric
    return replace(
        model,
        pull=None if pull is None else partial(_pulled, pull, columns),
        push=None if push is None else partial(_pushed, push, columns),
        parametric=None if parametric is None else lambda names: parametric(names).turned(columns),
    )


def _same(columns: FloatArray) -> bool:
    return columns.shape[0] == columns.shape[1] and bool((columns == np.eye(len(columns))).all())


def _pulled(pull: Pull, columns: FloatArray, X: Any, cotangent: AnyArray) -> FloatArray:
    return pull(X, np.asarray(cotangent) @ columns.T)


def _pushed(push: Push, columns: FloatArray, X: Any) -> FloatArray:
    return np.asarray(np.einsum("ikp,ko->iop", push(X), columns, optimize=True))
