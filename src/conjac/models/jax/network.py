"""Functions of JAX on batches of rows: their outputs, and products with their derivatives by inputs and parameters.

Each is compiled once for each shape of a batch, of which there are few, since rows are padded. Arrays go in as
arguments: none becomes a constant of a program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.errors import ConjacError, InvalidInputError, NotDifferentiableError
from conjac.models.jax.leaves import Arrays, Leaves, is_floating, to_numpy
from conjac.models.jax.losses import JaxLosses
from conjac.models.networks import chosen, refuse_no_parameter
from conjac.models.objective import Losses, Objective
from conjac.models.structure import Structure

SMALL = 2.0**-12
"""Of a leaf's spread: a step along which outputs are looked at where all derivatives are 0."""


class JaxNetwork:
    """A function of parameters and rows, at some parameters; as `conjac.models.networks.Network`.

    Rows take the dtype of the parameters; whole numbers too, unless the function refuses that, as an embedding does.

    Parameters
    ----------
    apply : callable
    leaves : Leaves
    """

    def __init__(self, apply: Callable[[Any, Any], Any], leaves: Leaves) -> None:
        self.apply, self.leaves, self.jax = apply, leaves, leaves.jax
        self._weights: dict[tuple[str, ...], JaxWeights] = {}
        self._outputs, self._pull = self.jax.jit(self.called), self.jax.jit(self._pulled)

    def outputs(self, batch: AnyArray) -> AnyArray:
        """Return what it gives."""
        return trimmed(to_numpy(self._outputs(self.leaves.arrays, self.rows(batch))), batch)

    def pull(self, batch: AnyArray, cotangent: FloatArray) -> AnyArray:
        """Return what cotangents are of the inputs: 0 of outputs that are whole numbers.

        Raises
        ------
        NotDifferentiableError
            Indices of an embedding, or a part that JAX does not differentiate.
        """
        rows = self.rows(batch)
        if rows.dtype != self.leaves.dtype:
            raise NotDifferentiableError(
                "X holds whole numbers, which the network takes as indices: it has no derivative in them; its "
                "parameters have, by wrt='parameters'"
            )
        with differentiating(", or pass a plain function of X, which is differentiated by differences"):
            return trimmed(to_numpy(self._pull(self.leaves.arrays, rows, padded(cotangent, 0.0))), batch)

    def weights(self, names: Sequence[str]) -> JaxWeights:
        """Return its parameters; for the same names the same object, with what it compiled."""
        key = tuple(names)
        if key not in self._weights:
            self._weights[key] = JaxWeights(self, key)
        return self._weights[key]

    def rows(self, batch: AnyArray) -> Any:
        """Return rows as an array of JAX, with more of them up to a power of two."""
        return self.array(padded(batch, batch[:1]))

    def array(self, batch: AnyArray) -> Any:
        """Return rows as they are as an array of JAX."""
        floating = self.jax.numpy.asarray(batch, dtype=self.leaves.dtype)
        if batch.dtype.kind == "f" or self._takes(floating):
            return floating
        return self.jax.numpy.asarray(batch)

    def called(self, arrays: Arrays, rows: Any) -> Any:
        """Return the function's outputs, with these arrays among its leaves."""
        found = self.apply(self.leaves.with_arrays(arrays), rows)
        if not isinstance(found, self.jax.Array):
            raise InvalidInputError(
                f"the network returns a {type(found).__name__}; expected an array of logits: pass "
                "conjac.models.Applied(f, parameters), where f(parameters, X) returns these alone"
            )
        return found

    def columns(self, arrays: Arrays, rows: Any) -> Any:
        """Return outputs to be differentiated, of shape (n_rows, n_columns) and of floating point."""
        found = self.called(arrays, rows)
        found = found if is_floating(self.jax, found) else found.astype(self.leaves.dtype)
        return found[:, None] if found.ndim == 1 else found

    def _pulled(self, arrays: Arrays, rows: Any, cotangent: Any) -> Any:
        found, pull = self.jax.vjp(lambda moved: self.columns(arrays, moved), rows)
        return pull(cotangent.astype(found.dtype))[0]

    def _takes(self, floating: Any) -> bool:
        try:
            self.jax.eval_shape(self._outputs, self.leaves.arrays, floating)
        except Exception:  # whatever it raises: if whole numbers are refused too, that will be told
            return False
        return True


class JaxWeights:
    """A function of JAX by its parameters; as `conjac.models.networks.Weights`.

    Parameters
    ----------
    network : JaxNetwork
    names : sequence of str
        Of leaves, or what these begin with; all but the fixed ones if none is given.
    """

    def __init__(self, network: JaxNetwork, names: Sequence[str]) -> None:
        leaves, self._network, self._jax = network.leaves, network, network.jax
        known = list(leaves.places)
        mine = chosen(names, known) if names else tuple(name for name in known if name not in leaves.fixed)
        self.frozen = tuple(name for name in leaves.fixed if name not in mine)
        refuse_no_parameter(mine, self.frozen)
        places = [leaves.places[name] for name in mine]
        self._moving = {place: leaves.arrays[place] for place in places}
        self._held = {place: array for place, array in leaves.arrays.items() if place not in places}
        shapes = tuple(tuple(array.shape) for array in self._moving.values())
        build, take_apart = partial(leaves.built, places), partial(leaves.taken_apart, places)
        self.structure = Structure(mine, shapes, build, take_apart)
        self._pull, self._push = self._jax.jit(self._pulled), self._jax.jit(self._pushed)
        self._rows, self._outputs = self._jax.jit(self._row_by_row), self._jax.jit(self._changed)

    def pull(self, batch: AnyArray, cotangent: FloatArray) -> FloatArray:
        """Return the vector-Jacobian product, array of shape (n_parameters,).

        Raises
        ------
        NotDifferentiableError
            Here and below: a part that JAX does not differentiate, or outputs that move although it says they do not.
        """
        rows = self._network.rows(batch)
        with differentiating():
            found = self._flat(self._pull(self._moving, self._held, rows, padded(cotangent, 0.0)))
        if cotangent.any() and not found.any():
            self._refuse_silence(rows)
        return found.astype(np.float64)

    def push(self, batch: AnyArray, direction: FloatArray) -> AnyArray:
        """Return the Jacobian-vector product, array of shape (n_rows, n_columns), by forward-mode differentiation."""
        rows = self._network.rows(batch)
        with differentiating():
            found = trimmed(to_numpy(self._push(self._moving, self._held, rows, self._leaves_of(direction))), batch)
        if direction.any() and not found.any():
            self._refuse_silence(rows)
        return found

    def rows(self, batch: AnyArray) -> AnyArray:
        """Return each row's Jacobian, array of shape (n_rows, n_columns, n_parameters)."""
        rows = self._network.rows(batch)
        with differentiating():
            found = trimmed(self._flat(self._rows(self._moving, self._held, rows), n_axes=2), batch)
        if not found.any():
            self._refuse_silence(rows)
        return found

    def outputs(self, batch: AnyArray, change: FloatArray) -> AnyArray:
        """Return outputs with the parameters changed."""
        rows = self._network.rows(batch)
        return trimmed(to_numpy(self._outputs(self._moving, self._held, rows, self._leaves_of(change))), batch)

    def losses(self, objective: Objective) -> Losses:
        """Return what the network was trained to minimise."""
        return JaxLosses(self._network, self._moving, self._held, self.structure, objective)

    def _pulled(self, moving: Arrays, held: Arrays, rows: Any, cotangent: Any) -> Any:
        found, pull = self._jax.vjp(lambda some: self._columns(some, held, rows), moving)
        return pull(cotangent.astype(found.dtype))[0]

    def _pushed(self, moving: Arrays, held: Arrays, rows: Any, direction: Arrays) -> Any:
        return self._jax.jvp(lambda some: self._columns(some, held, rows), (moving,), (direction,))[1]

    def _row_by_row(self, moving: Arrays, held: Arrays, rows: Any) -> Any:
        def of_one(row: Any) -> Any:
            return self._jax.jacrev(lambda some: self._columns(some, held, row[None])[0])(moving)

        return self._jax.vmap(of_one)(rows)

    def _changed(self, moving: Arrays, held: Arrays, rows: Any, change: Arrays) -> Any:
        moved = {place: array + change[place] for place, array in moving.items()}
        return self._network.called({**held, **moved}, rows)

    def _columns(self, moving: Arrays, held: Arrays, rows: Any) -> Any:
        return self._network.columns({**held, **moving}, rows)

    def _flat(self, parts: Arrays, n_axes: int = 0) -> AnyArray:
        """Return leaves side by side, behind axes that they share."""
        arrays = [to_numpy(parts[place]) for place in self._moving]
        return np.concatenate([array.reshape(*array.shape[:n_axes], -1) for array in arrays], axis=-1)

    def _leaves_of(self, flat: FloatArray) -> Arrays:
        """Return a flat vector as leaves."""
        return self._network.leaves.placed(self._moving, self.structure.leaves(flat))

    def _refuse_silence(self, rows: Any) -> None:
        """Refuse derivatives that are all 0 where outputs move all the same, or can only jump."""
        draw = np.random.default_rng(0).normal
        arrays = map(to_numpy, self._moving.values())
        step = np.concatenate([SMALL * (float(array.std()) or 1.0) * draw(size=array.size) for array in arrays])
        here = self._outputs(self._moving, self._held, rows, self._leaves_of(np.zeros_like(step)))
        there = self._outputs(self._moving, self._held, rows, self._leaves_of(step))
        if is_floating(self._jax, here) and np.array_equal(here, there):
            return
        with differentiating():
            found = self._pull(self._moving, self._held, rows, draw(size=(len(rows), here[0].size)))
        if not self._flat(found).any():
            raise NotDifferentiableError(
                f"JAX's derivatives of the outputs by {', '.join(self.structure.names[:3])} are all 0, though outputs "
                "move with them: something in the network rounds, compares or stops gradients"
            )


def padded(values: AnyArray, by: Any) -> AnyArray:
    """Return rows with more of them, up to a power of two: there are few shapes to compile for.

    Examples
    --------
    >>> import numpy as np
    >>> padded(np.ones((3, 1)), 0.0).ravel().tolist()
    [1.0, 1.0, 1.0, 0.0]
    """
    more = (1 << (len(values) - 1).bit_length()) - len(values)
    return np.concatenate([values, np.broadcast_to(by, (more, *values.shape[1:]))]) if more else values


def trimmed(found: AnyArray, batch: AnyArray) -> AnyArray:
    """Return what belongs to the rows of a batch, and not to those it was padded with."""
    is_by_row = found.ndim > 0 and len(found) == 1 << (len(batch) - 1).bit_length()
    return found[: len(batch)] if is_by_row else found


@contextmanager
def differentiating(otherwise: str = "") -> Iterator[None]:
    """Tell what JAX cannot differentiate, and the way out.

    Raises
    ------
    NotDifferentiableError
        In place of JAX's own errors.
    """
    try:
        yield
    except ConjacError:
        raise
    except (TypeError, ValueError, NotImplementedError) as error:
        raise NotDifferentiableError(
            f"JAX does not differentiate the network ({type(error).__name__}: {error}); give the part at fault a "
            f"derivative, by jax.custom_jvp{otherwise}"
        ) from error
