"""The training objective of a network of JAX, with its second derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.errors import ConjacError, InvalidInputError
from conjac.models.jax.leaves import Arrays, is_floating
from conjac.models.objective import Objective, check_losses, check_penalty
from conjac.models.structure import Structure

Levers = dict[str, Any]


class JaxLosses:
    """An objective on batches of rows; as `conjac.models.objective.Losses`.

    In double precision where JAX has that (``jax_enable_x64``), else in the parameters' own. Each product is compiled
    once for each shape of a batch.

    Parameters
    ----------
    network : JaxNetwork
    moving, held : mapping of int to array
        Leaves by whether they follow the optimum.
    structure : Structure
        Of those that do.
    objective : Objective
    """

    def __init__(self, network: Any, moving: Arrays, held: Arrays, structure: Structure, objective: Objective) -> None:
        self.network, self.jax, self.structure, self.objective = network, network.jax, structure, objective
        wide = bool(self.jax.config.jax_enable_x64)
        self._dtype = self.jax.numpy.dtype("float64" if wide else network.leaves.dtype)
        self.eps = float(self.jax.numpy.finfo(self._dtype).eps)
        self._moving, self._held = (
            {place: self._wide(array) for place, array in part.items()} for part in (moving, held)
        )
        self._levers = {name: self._number(value) for name, value in objective.hyperparameters.items()}
        jit, grad = self.jax.jit, self.jax.grad
        self._values, self._gradient, self._turned = jit(self._losses), jit(grad(self._total)), jit(self._bent)
        self._of_rows, self._products = jit(self._row_by_row), jit(self._pushed)

    def values(self, batch: AnyArray, y: AnyArray) -> FloatArray:
        """Return the loss of each row, array of shape (n_rows,)."""
        try:
            return self._numpy(self._values(self._moving, self._levers, *self._told(batch, y)))
        except ConjacError:
            raise
        except Exception as error:  # whatever the user's functions raise
            raise InvalidInputError(
                f"Objective(loss=...): the network and the loss fail on training rows, labels of {y.dtype}: "
                f"{type(error).__name__}: {error}"
            ) from error

    def gradient(self, batch: AnyArray | None, y: AnyArray | None, weight: FloatArray | None) -> FloatArray:
        """Return the gradient by the parameters, array of shape (n_parameters,)."""
        return self._flat(self._gradient(self._moving, self._levers, *self._told(batch, y, weight)))

    def turned(
        self,
        batch: AnyArray | None,
        y: AnyArray | None,
        weight: FloatArray | None,
        direction: FloatArray | None,
        change: FloatArray | None,
    ) -> FloatArray:
        """Return the derivative of the gradient along a direction, or a change of hyper-parameters.

        By forward-mode differentiation of the gradient.
        """
        direction = np.zeros(self.structure.size) if direction is None else direction
        change = np.zeros(len(self._levers)) if change is None else change
        along = self._split(direction), dict(zip(self._levers, map(self._number, change), strict=True))
        return self._flat(self._turned(along, *self._told(batch, y, weight)))

    def rows(self, batch: AnyArray, y: AnyArray) -> FloatArray:
        """Return the gradient of each row's loss, array of shape (n_rows, n_parameters)."""
        found = self._of_rows(*self._told(batch, y))
        return np.concatenate([self._numpy(found[place]).reshape(len(y), -1) for place in self._moving], axis=1)

    def along(self, batch: AnyArray, y: AnyArray, direction: FloatArray) -> FloatArray:
        """Return the derivative of each row's loss along a direction, array of shape (n_rows,)."""
        return self._numpy(self._products(self._split(direction), *self._told(batch, y)))

    def _total(self, moving: Arrays, levers: Levers, rows: Any, y: Any, weight: Any) -> Any:
        if rows is not None:
            return (self._losses(moving, levers, rows, y) * weight).sum()
        penalty = self.objective.penalty
        if penalty is None:
            return self.jax.numpy.zeros((), self._dtype)
        own = {name: levers[name] for name in self.objective.taken(penalty)}
        found = self.jax.numpy.asarray(penalty(self._tree(moving), **own))
        check_penalty(found.shape)
        return found

    def _losses(self, moving: Arrays, levers: Levers, rows: Any, y: Any) -> Any:
        own = {name: levers[name] for name in self.objective.taken(self.objective.loss)}
        found = self.objective.loss(self.network.called({**self._held, **moving}, rows), y, **own)
        check_losses(found.shape, len(rows))
        return found

    def _bent(self, along: tuple[Arrays, Levers], *rows: Any) -> Any:
        def gradient(moving: Arrays, levers: Levers) -> Any:
            return self.jax.grad(self._total)(moving, levers, *rows)

        return self.jax.jvp(gradient, (self._moving, self._levers), along)[1]

    def _row_by_row(self, rows: Any, y: Any) -> Any:
        def of_one(row: Any, label: Any) -> Any:
            def loss(moving: Arrays) -> Any:
                return self._losses(moving, self._levers, row[None], label[None])[0]

            return self.jax.grad(loss)(self._moving)

        return self.jax.vmap(of_one)(rows, y)

    def _pushed(self, along: Arrays, rows: Any, y: Any) -> Any:
        def losses(moving: Arrays) -> Any:
            return self._losses(moving, self._levers, rows, y)

        return self.jax.jvp(losses, (self._moving,), (along,))[1]

    def _told(self, batch: AnyArray | None, y: AnyArray | None, *weight: FloatArray | None) -> tuple[Any, ...]:
        """Return rows, labels and weights as arrays of JAX."""
        if batch is None:
            return None, None, None
        own = [self.jax.numpy.asarray(each, dtype=self._dtype) for each in weight]
        return self._wide(self.network.array(batch)), self.jax.numpy.asarray(y), *own

    def _tree(self, moving: Arrays) -> Any:
        return self.network.leaves.with_arrays({**self._held, **moving})

    def _split(self, flat: FloatArray) -> Arrays:
        leaves = self.structure.leaves(flat)
        return {place: self._number(leaf) for place, leaf in zip(self._moving, leaves, strict=True)}

    def _flat(self, found: Arrays) -> FloatArray:
        return np.concatenate([self._numpy(found[place]).ravel() for place in self._moving])

    def _number(self, value: Any) -> Any:
        return self.jax.numpy.asarray(value, dtype=self._dtype)

    def _wide(self, array: Any) -> Any:
        return array.astype(self._dtype) if is_floating(self.jax, array) else array

    def _numpy(self, found: Any) -> FloatArray:
        return np.asarray(found, dtype=np.float64)
