"""A model of Keras on batches of rows, as a function of these and of its parameters."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.errors import InvalidInputError, NotDifferentiableError, NotSupportedError
from conjac.inputs import untied
from conjac.models.keras.derivatives import Function
from conjac.models.keras.jax import JaxFunction
from conjac.models.keras.tensorflow import TensorFlowFunction
from conjac.models.keras.torch import TorchFunction
from conjac.models.networks import chosen, refuse_no_parameter
from conjac.models.structure import Structure

BACKENDS: dict[str, type[Function]] = {"jax": JaxFunction, "tensorflow": TensorFlowFunction, "torch": TorchFunction}


class KerasNetwork:
    """A model on batches of rows; as `conjac.models.networks.Network`.

    Parameters
    ----------
    model : keras.Model
    """

    def __init__(self, model: Any) -> None:
        self.keras, self.model = sys.modules["keras"], model
        backend = self.keras.config.backend()
        if backend not in BACKENDS:
            raise NotSupportedError(
                f"Keras runs on {backend!r}, which has no derivatives: set KERAS_BACKEND to one of "
                f"{sorted(BACKENDS)}, or pass model.predict for its scores alone"
            )
        if not model.built:
            raise InvalidInputError(f"the model {model.name!r} has no weights yet: fit it, or call it on a few rows")
        self.function = BACKENDS[backend]
        self.derivative = self.function.derivative
        self.variables = list(model.weights)
        self.is_float = self.keras.backend.is_float_dtype
        held = (each.dtype for each in self.variables if self.is_float(each.dtype))
        self.dtype = next(held, self.keras.config.floatx())
        self._of_inputs = self.function(lambda moving, values: self.called(values, moving[0]))

    def values(self) -> list[Any]:
        """Return the weights' values, apart from their gradients."""
        return [self.keras.ops.stop_gradient(self.keras.ops.convert_to_tensor(each)) for each in self.variables]

    def outputs(self, batch: AnyArray) -> AnyArray:
        """Return what the model gives."""
        return self.to_numpy(self._of_inputs.value([self.tensor(batch)], self.values()))

    def pull(self, batch: AnyArray, cotangent: FloatArray) -> AnyArray:
        """Return what cotangents are of the inputs.

        Raises
        ------
        NotDifferentiableError
            Indices of an embedding, or outputs that do not follow the inputs.
        """
        try:
            (found,) = self._of_inputs.pull(cotangent, [self.tensor(batch.astype(np.float64))], self.values())
        except NotDifferentiableError as error:
            raise NotDifferentiableError(
                f"{error}; an embedding's indices have no derivative: its parameters have, by wrt='parameters'"
            ) from None
        return self.to_numpy(found)

    def weights(self, names: Sequence[str]) -> KerasWeights:
        """Return its parameters."""
        return KerasWeights(self, names)

    def called(self, values: Sequence[Any], rows: Any) -> Any:
        """Return outputs with these values of the weights, as a tensor of shape (n_rows, n_columns).

        Raises
        ------
        InvalidInputError
            A model that gives anything else than one tensor, or that changes its own state while it predicts.
        """
        scope = self.keras.StatelessScope(list(zip(self.variables, values, strict=True)))
        before = dict(scope.state_mapping)
        with scope:
            found = self.model(rows, training=False)
        if not self.keras.ops.is_tensor(found):
            raise InvalidInputError(
                f"the model {self.model.name!r} returns a {type(found).__name__}; expected one tensor, of a "
                "score, or one a class, for each row: pass a keras.Model of that output alone"
            )
        if any(value is not before.get(key) for key, value in scope.state_mapping.items()):
            raise InvalidInputError(
                f"the model {self.model.name!r} changes its own state while it predicts, so that its scores depend on "
                "what was asked before: dropout that is left on (training=True), or a stateful layer; switch that off"
            )
        return found[:, None] if len(found.shape) == 1 else found

    def tensor(self, batch: AnyArray) -> Any:
        """Return rows as a tensor: whole numbers as they are, others in the precision of the weights."""
        dtype = self.dtype if batch.dtype.kind == "f" else None
        return self.keras.ops.convert_to_tensor(batch, dtype=dtype)

    def to_numpy(self, found: Any) -> AnyArray:
        """Return a tensor as NumPy's array; what NumPy does not know in single precision."""
        is_known = self.keras.backend.standardize_dtype(found.dtype) != "bfloat16"
        return np.asarray(untied(found if is_known else self.keras.ops.cast(found, "float32")))


class KerasWeights:
    """A model as a function of its parameters; as `conjac.models.networks.Weights`.

    Their tree is a dictionary from the path of a variable to the back end's tensor, since a path is what Keras knows a
    variable by, whatever the order of the layers.

    Parameters
    ----------
    network : KerasNetwork
    names : sequence of str
        Of parameters, or what these begin with; all that are trained if none is given.

    Raises
    ------
    InvalidInputError
        A name that it has not, two variables of one path, or modules of PyTorch inside.
    """

    def __init__(self, network: KerasNetwork, names: Sequence[str]) -> None:
        self.network = network
        _refuse_wrapped(network.model)
        _refuse_twins([each.path for each in network.variables])
        held = {each.path: place for place, each in enumerate(network.variables) if network.is_float(each.dtype)}
        trained = {each.path for each in network.model.trainable_variables}
        mine = chosen(names, list(held)) if names else tuple(path for path in held if path in trained)
        self.frozen = tuple(path for path in held if path not in trained and path not in mine)
        refuse_no_parameter(mine, self.frozen)
        self._places = [held[path] for path in mine]
        self._function = network.function(self._called)
        shapes = tuple(tuple(network.variables[place].shape) for place in self._places)
        self.structure = Structure(mine, shapes, self._built, self._taken_apart)

    def pull(self, batch: AnyArray, cotangent: FloatArray) -> FloatArray:
        """Return the vector-Jacobian product, array of shape (n_parameters,)."""
        found = self._function.pull(cotangent, *self._at(batch))
        return np.concatenate([self._double(each).ravel() for each in found])

    def push(self, batch: AnyArray, direction: FloatArray) -> AnyArray:
        """Return the Jacobian-vector product, array of shape (n_rows, n_columns)."""
        return self.network.to_numpy(self._function.push(self._tensors(direction), *self._at(batch)))

    def rows(self, batch: AnyArray) -> AnyArray:
        """Return each row's Jacobian, array of shape (n_rows, n_columns, n_parameters)."""
        found = [self.network.to_numpy(each) for each in self._function.rows(*self._at(batch))]
        return np.concatenate([each.reshape(*each.shape[:2], -1) for each in found], axis=2)

    def outputs(self, batch: AnyArray, change: FloatArray) -> AnyArray:
        """Return outputs with the parameters changed."""
        moving, *fixed = self._at(batch)
        moved = [value + step for value, step in zip(moving, self._tensors(change), strict=True)]
        return self.network.to_numpy(self._function.value(moved, *fixed))

    def _at(self, batch: AnyArray) -> tuple[list[Any], list[Any], Any]:
        """Return where the parameters are, all weights' values, and rows: what `_called` takes."""
        values = self.network.values()
        return [values[place] for place in self._places], values, self.network.tensor(batch)

    def _called(self, moving: Sequence[Any], values: Sequence[Any], rows: Any) -> Any:
        merged = list(values)
        for place, value in zip(self._places, moving, strict=True):
            merged[place] = value
        return self.network.called(merged, rows)

    def _tensors(self, flat: FloatArray) -> list[Any]:
        return list(self._built(self.structure.leaves(flat)).values())

    def _built(self, leaves: Sequence[FloatArray]) -> dict[str, Any]:
        ops, variables = self.network.keras.ops, (self.network.variables[place] for place in self._places)
        return {
            each.path: ops.convert_to_tensor(leaf, dtype=each.dtype)
            for each, leaf in zip(variables, leaves, strict=True)
        }

    def _taken_apart(self, tree: Any) -> list[FloatArray]:
        return [self._double(tree[name]) for name in self.structure.names]

    def _double(self, tensor: Any) -> FloatArray:
        return self.network.to_numpy(tensor).astype(np.float64)


def _refuse_wrapped(model: Any) -> None:
    """Refuse modules of PyTorch within a model: they read their own parameters, whatever Keras is told these are."""
    wrapper = sys.modules["keras"].layers.TorchModuleWrapper
    if any(isinstance(layer, wrapper) for layer in model._flatten_layers()):
        raise InvalidInputError(
            f"the model {model.name!r} holds a TorchModuleWrapper, whose parameters Keras cannot replace: build the "
            "whole of torch.nn, and pass that"
        )


def _refuse_twins(paths: Sequence[str]) -> None:
    for path in paths:
        if paths.count(path) > 1:
            raise InvalidInputError(f"two variables of the model are called {path!r}: give layers names of their own")
