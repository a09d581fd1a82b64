"""Networks as models: what PyTorch, JAX and Keras have in common.

A library tells what its network does to one batch of rows; rows are split into batches here, so that memory does not
grow with their number, and sums over them are taken in double precision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from scipy.special import expit, softmax

from conjac._typing import AnyArray, FloatArray
from conjac.errors import InvalidInputError, NotDifferentiableError
from conjac.inputs import Inputs
from conjac.models.contract import Model
from conjac.models.overflow import refuse_leaves, refuse_rows, refuse_scores, size_of
from conjac.models.parametric import Parametric
from conjac.models.structure import Structure
from conjac.reading import as_array

AT_ONCE = 2**20
"""Numbers of a batch of rows, at most: of rows there is a power of two."""
MOST_ROWS = 2**13
"""Rows of a batch."""
LOOKED_AT_TWICE = 16
"""Rows whose scores must be the same the second time."""
SAME = 0.01
"""Of the largest score: far above what the size of a batch does to rounding in half precision."""
OUTPUTS = ("auto", "logits", "probabilities", "scores")


class Weights(Protocol):
    """A network as a function of its parameters, around where these are; directions are flat."""

    structure: Structure
    frozen: tuple[str, ...]

    def pull(self, batch: AnyArray, cotangent: FloatArray) -> FloatArray:
        """Return the vector-Jacobian product, array of shape (n_parameters,), of cotangents (n_rows, n_columns)."""
        ...

    def push(self, batch: AnyArray, direction: FloatArray) -> AnyArray:
        """Return the Jacobian-vector product, array of shape (n_rows, n_columns)."""
        ...

    def rows(self, batch: AnyArray) -> AnyArray:
        """Return each row's Jacobian, array of shape (n_rows, n_columns, n_parameters)."""
        ...

    def outputs(self, batch: AnyArray, change: FloatArray) -> AnyArray:
        """Return outputs with the parameters changed, as `Network.outputs`."""
        ...


class Network(Protocol):
    """A library's network on batches of rows, in the mode in which it predicts."""

    def outputs(self, batch: AnyArray) -> AnyArray:
        """Return what it gives, array of shape (n_rows,) or (n_rows, n_columns)."""
        ...

    def pull(self, batch: AnyArray, cotangent: FloatArray) -> AnyArray:
        """Return what cotangents, array of shape (n_rows, n_columns), are of the inputs: array of the batch's shape.

        Raises
        ------
        NotDifferentiableError
            Inputs that have no derivative, such as indices of an embedding.
        """
        ...

    def weights(self, names: Sequence[str]) -> Weights:
        """Return its parameters: those of these names, or which begin with them; all that are trained if none is named.

        Raises
        ------
        InvalidInputError
            A name that it has not.
        """
        ...


def network_model(
    network: Network,
    output: str,
    *,
    response: str,
    derivative: str,
    classes: tuple[Any, ...] | None = None,
    ends_in_probabilities: bool = False,
) -> Model:
    """Return a library's network as a model.

    Parameters
    ----------
    network : Network
    output : {"auto", "logits", "probabilities", "scores"}
        "probabilities" are the logistic function or the softmax of the outputs, unless these are probabilities; all
        else is the outputs as they are.
    response, derivative : str
        As in `Model`.
    classes : tuple, optional
    ends_in_probabilities : bool
        Whether the last layer is known to make probabilities.

    Raises
    ------
    InvalidInputError
        An unknown output, or logits of a network that gives probabilities.
    """
    if output not in OUTPUTS:
        raise InvalidInputError(f"output={output!r}: expected one of {OUTPUTS}")
    if output == "logits" and ends_in_probabilities:
        raise InvalidInputError(
            "output='logits': the network's last layer makes probabilities; leave output out (margins are their "
            "log-odds), or pass the network without that layer"
        )
    squashed = output == "probabilities" and not ends_in_probabilities

    def scores(X: Any) -> AnyArray:
        found = _joined([_outputs(network.outputs, batch) for _, batch in batches(X)])
        if not np.isfinite(found).all():
            refuse_scores(rows_of(X), found)
        _refuse_chance(network, X, found)
        return _probabilities(found) if squashed else found

    def pull(X: Any, cotangent: AnyArray) -> FloatArray:
        size = size_of(cotangent)
        parts = [
            size * np.asarray(network.pull(batch, own), dtype=np.float64).reshape(len(batch), -1)
            for batch, own in _with_cotangents(X, cotangent / size)
        ]
        found = np.concatenate(parts)
        refuse_rows(found)
        return found

    return Model(
        scores=scores,
        classes=classes,
        response=f"{response}, as probabilities" if squashed else response,
        pull=pull,
        scale="logit" if squashed else "score",
        derivative=derivative,
        columnwise=True,
        parametric=lambda names: _parametric(network.weights(names), _probabilities if squashed else None),
    )


def _parametric(weights: Weights, squash: Callable[[AnyArray], AnyArray] | None) -> Parametric:
    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        total = np.zeros(weights.structure.size)
        size = size_of(cotangent)
        for batch, own in _with_cotangents(X, cotangent / size):
            total += size * weights.pull(batch, own)
        refuse_leaves(weights.structure, total)
        return total

    def moved(change: FloatArray) -> Callable[[Any], AnyArray]:
        def scores(X: Any) -> AnyArray:
            found = _joined([_outputs(lambda rows: weights.outputs(rows, change), batch) for _, batch in batches(X)])
            return found if squash is None else squash(found)

        return scores

    return Parametric(
        structure=weights.structure,
        pull=pull,
        push=lambda X, direction: _joined(
            [np.asarray(weights.push(batch, direction), dtype=np.float64) for _, batch in batches(X)]
        ),
        rows=lambda X: _joined([np.asarray(weights.rows(batch), dtype=np.float64) for _, batch in batches(X)]),
        moved=moved,
        frozen=weights.frozen,
        losses=getattr(weights, "losses", None),
    )


def chosen(names: Sequence[str], known: Sequence[str], asked: str = "Parameters({!r})") -> tuple[str, ...]:
    """Return the known names that were asked for, in their order: each itself, or what it begins.

    Parameters
    ----------
    names, known : sequence of str
    asked : str
        How the user named one of them, for the error.

    Raises
    ------
    InvalidInputError
        A name that neither is nor begins one of them.

    Examples
    --------
    >>> chosen(["head"], ["body.weight", "head.weight", "head.bias"])
    ('head.weight', 'head.bias')
    """
    for name in names:
        if not any(_begins(name, one) for one in known):
            shown = ", ".join(known[:10]) + (", ..." if len(known) > 10 else "")
            raise InvalidInputError(f"{asked.format(name)}: the model has no such parameter; expected one of {shown}")
    return tuple(one for one in known if any(_begins(name, one) for name in names))


def refuse_no_parameter(names: Sequence[str], frozen: Sequence[str]) -> None:
    """Refuse a network of which nothing is trained.

    Raises
    ------
    NotDifferentiableError
        No name at all.
    """
    if not names:
        frozen_too = f"; {len(frozen)} are frozen: name those to move, as Parameters({frozen[0]!r})" if frozen else ""
        raise NotDifferentiableError(f"the network has no parameter that is trained{frozen_too}")


def rows_of(X: Any) -> AnyArray:
    """Return rows as one array: of a frame, its columns of numbers side by side."""
    if isinstance(X, np.ndarray) and X.ndim > 1:  # its columns, such as an image's pixels, need no names here
        return X
    inputs = Inputs.of(X)
    if not inputs.is_frame:
        return np.asarray(inputs.native)
    columns = [inputs.column(place) for place in range(len(inputs.names))]
    for name, column in zip(inputs.names, columns, strict=True):
        if column.dtype.kind not in "biuf":
            raise InvalidInputError(f"column {name!r} of X holds no numbers, and a network takes numbers alone")
    return np.column_stack(columns)


def _begins(name: str, whole: str) -> bool:
    return whole == name or (whole.startswith(name) and whole[len(name)] in ".[/")


def batches(X: Any) -> Iterator[tuple[slice, AnyArray]]:
    """Yield slices of rows with what they hold, few enough to be at work at a time."""
    rows = rows_of(X)
    most = max(1, min(MOST_ROWS, AT_ONCE // max(1, int(np.prod(rows.shape[1:])))))
    step = 1 << (most.bit_length() - 1)
    for start in range(0, len(rows), step):
        part = slice(start, min(start + step, len(rows)))
        yield part, _plain(rows[part])


def _plain(batch: AnyArray) -> AnyArray:
    """Return rows as all libraries take them: in one piece, in this machine's order of bytes, in a common dtype."""
    if batch.dtype.kind not in "biuf":
        raise InvalidInputError(f"X holds {batch.dtype} values, and a network takes numbers alone")
    known = np.dtype(np.float64) if batch.dtype.itemsize > 8 else batch.dtype.newbyteorder("=")
    return np.ascontiguousarray(batch, dtype=known)


def _with_cotangents(X: Any, cotangent: AnyArray) -> Iterator[tuple[AnyArray, FloatArray]]:
    told = np.atleast_2d(np.asarray(cotangent, dtype=np.float64))
    for part, batch in batches(X):
        own = told if len(told) == 1 else told[part]
        yield batch, np.ascontiguousarray(np.broadcast_to(own, (len(batch), told.shape[1])))


def _joined(parts: list[AnyArray]) -> AnyArray:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _outputs(outputs: Callable[[AnyArray], AnyArray], batch: AnyArray) -> AnyArray:
    found = as_array(outputs(batch), "the network's outputs")
    if found.shape[:1] != (len(batch),) or found.ndim > 2:
        raise InvalidInputError(
            f"the network gave outputs of shape {found.shape} for {len(batch)} rows; expected ({len(batch)},) or "
            f"({len(batch)}, n_classes): let it return a score, or one a class, for each row"
        )
    return found


def _refuse_chance(network: Network, X: Any, found: AnyArray) -> None:
    few = _plain(rows_of(X)[:LOOKED_AT_TWICE])
    backwards = few[::-1].copy()  # the same random numbers would fall on other rows
    again = _outputs(network.outputs, backwards)[::-1].astype(np.float64)
    first = found[: len(few)].astype(np.float64)
    off = np.abs(again - first)
    if (off[np.isfinite(off)] > SAME * max(np.abs(first[np.isfinite(first)]).max(initial=0.0), 1e-30)).any():
        raise InvalidInputError(
            "the network gives the same rows other scores the second time: something in it draws random numbers while "
            "it predicts, such as dropout that is left on, or looks at the other rows of a batch; switch that off"
        )


def _probabilities(outputs: AnyArray) -> FloatArray:
    """Return the logistic function of one output a row, or the softmax of several."""
    wide = outputs.astype(np.float64)
    return np.asarray(expit(wide) if wide.ndim == 1 or wide.shape[1] == 1 else softmax(wide, axis=1))
