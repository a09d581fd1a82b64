"""PyTorch's modules as classifiers."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.errors import InvalidInputError, NotDifferentiableError
from conjac.models.contract import Model
from conjac.models.networks import chosen, network_model, refuse_no_parameter
from conjac.models.objective import Losses, Objective
from conjac.models.structure import Structure
from conjac.models.torch.losses import TorchLosses

PROBABILITIES = ("Sigmoid", "Softmax")
"""Layers whose outputs are probabilities."""


class TorchModules:
    """Modules of PyTorch, from inputs to a logit, or one a class, for each row.

    They are evaluated in the mode in which they predict (``eval()``), which is restored; on their own device and in
    their own dtype; and no parameter is left with a gradient.
    """

    def owns(self, estimator: Any) -> bool:
        """Tell whether it is a module."""
        torch = sys.modules.get("torch")
        return torch is not None and isinstance(estimator, torch.nn.Module)

    def bind(self, estimator: Any, output: str) -> Model:
        """Return the module as functions of its inputs.

        Parameters
        ----------
        estimator : torch.nn.Module
        output : {"auto", "logits", "probabilities", "scores"}
            As for `conjac.models.networks.network_model`.

        Raises
        ------
        InvalidInputError
            An output that it has not, or parameters without numbers.
        """
        network = TorchNetwork(estimator)
        return network_model(
            network,
            output,
            response=f"{type(estimator).__name__}.forward",
            derivative=f"torch.autograd, {network.dtype}",
            ends_in_probabilities=type(_last(estimator)).__name__ in PROBABILITIES,
        )


class TorchNetwork:
    """A module on batches of rows; as `conjac.models.networks.Network`.

    Parameters
    ----------
    module : torch.nn.Module
    """

    def __init__(self, module: Any) -> None:
        self.torch, self.module = sys.modules["torch"], module
        held = [*module.parameters(), *module.buffers()]
        if any(tensor.device.type == "meta" for tensor in held):
            raise InvalidInputError("the module's parameters lie on the meta device and hold no numbers; load them")
        like = next((tensor for tensor in held if tensor.is_floating_point()), self.torch.empty(0))
        self._form = {"dtype": like.dtype, "device": like.device}
        self.dtype = str(like.dtype).removeprefix("torch.")
        embeddings = (self.torch.nn.Embedding, self.torch.nn.EmbeddingBag)
        self._takes_indices = any(isinstance(part, embeddings) for part in module.modules())

    def outputs(self, batch: AnyArray) -> AnyArray:
        """Return what the module gives."""
        with self.predicting(), self.torch.no_grad():
            return self.to_numpy(self.called(self.tensor(batch)))

    def pull(self, batch: AnyArray, cotangent: FloatArray) -> AnyArray:
        """Return what cotangents are of the inputs.

        Raises
        ------
        NotDifferentiableError
            Indices of an embedding, or outputs that do not follow the inputs.
        """
        rows = self.tensor(batch)
        if not rows.is_floating_point():
            raise NotDifferentiableError(
                "X holds whole numbers, which the module takes as indices of an embedding: it has no derivative in "
                "them; its parameters have, by wrt='parameters'"
            )
        rows.requires_grad_()
        with self.predicting(), self.torch.enable_grad():
            (found,) = self.gradient(self.columns(self.called(rows)), [rows], cotangent)
        return self.to_numpy(found)

    def weights(self, names: Sequence[str]) -> TorchWeights:
        """Return its parameters."""
        return TorchWeights(self, names)

    @contextmanager
    def predicting(self) -> Iterator[None]:
        """Switch to the mode in which it predicts, and back, part by part."""
        modes = [(part, part.training) for part in self.module.modules()]
        self.module.eval()
        try:
            yield
        finally:
            for part, training in modes:
                part.training = training

    def tensor(self, batch: AnyArray) -> Any:
        """Return rows in the module's dtype and on its device; whole numbers stay so where it has an embedding."""
        found = self.torch.tensor(batch)
        if self._takes_indices and not found.is_floating_point():
            return found.to(device=self._form["device"], dtype=self.torch.int64)
        return found.to(**self._form)

    def called(self, rows: Any, parameters: Mapping[str, Any] | None = None) -> Any:
        """Return the module's outputs, with other parameters where they are passed."""
        if parameters is None:
            found = self.module(rows)
        else:
            found = self.torch.func.functional_call(self.module, parameters, (rows,))
        if not isinstance(found, self.torch.Tensor):
            raise InvalidInputError(
                f"the module returns a {type(found).__name__}; expected a tensor of logits: wrap it in a module that "
                "returns these alone"
            )
        return found

    def columns(self, found: Any) -> Any:
        """Return outputs as a tensor of shape (n_rows, n_columns)."""
        return found[:, None] if found.ndim == 1 else found

    def gradient(self, found: Any, by: Sequence[Any], cotangent: FloatArray) -> list[Any]:
        """Return the vector-Jacobian product by some tensors.

        Raises
        ------
        NotDifferentiableError
            Outputs that follow none of them.
        """
        if not found.requires_grad:
            raise NotDifferentiableError(
                "the module's outputs do not follow what moves: a layer in it rounds, compares or detaches"
            )
        given = self.torch.tensor(cotangent).to(found)
        gradients = self.torch.autograd.grad(found, by, given, allow_unused=True)
        return [self.torch.zeros_like(x) if g is None else g for x, g in zip(by, gradients, strict=True)]

    def to_numpy(self, found: Any) -> AnyArray:
        """Return a tensor as NumPy's array; what NumPy does not know in single precision."""
        found = found.detach().cpu()
        return np.asarray((found.float() if found.dtype is self.torch.bfloat16 else found).numpy())


class TorchWeights:
    """A module as a function of its parameters; as `conjac.models.networks.Weights`.

    Parameters
    ----------
    network : TorchNetwork
    names : sequence of str
        Of parameters, or what these begin with; all that require a gradient if none is given.
    """

    def __init__(self, network: TorchNetwork, names: Sequence[str]) -> None:
        self.network, self.torch = network, network.torch
        held = {name: p.detach() for name, p in network.module.named_parameters() if p.is_floating_point()}
        trained = [name for name, p in network.module.named_parameters() if p.requires_grad]
        mine = chosen(names, list(held)) if names else tuple(trained)
        self.frozen = tuple(name for name in held if name not in trained and name not in mine)
        refuse_no_parameter(mine, self.frozen)
        self._values = {name: held[name] for name in mine}
        self._rest = {name: value for name, value in held.items() if name not in mine}
        self.structure = Structure(
            mine, tuple(tuple(held[name].shape) for name in mine), self._built, self._taken_apart
        )

    def pull(self, batch: AnyArray, cotangent: FloatArray) -> FloatArray:
        """Return the vector-Jacobian product, array of shape (n_parameters,)."""
        leaves = {name: value.detach().requires_grad_() for name, value in self._values.items()}
        with self.network.predicting(), self.torch.enable_grad():
            found = self._called(self.network.tensor(batch), leaves)
            gradients = self.network.gradient(found, list(leaves.values()), cotangent)
        return self._flat(gradients)

    def push(self, batch: AnyArray, direction: FloatArray) -> AnyArray:
        """Return the Jacobian-vector product, array of shape (n_rows, n_columns), by forward-mode differentiation.

        Raises
        ------
        NotDifferentiableError
            A layer of which PyTorch knows no forward-mode derivative.
        """
        rows = self.network.tensor(batch)
        try:
            with self.network.predicting():
                _, found = self.torch.func.jvp(
                    lambda leaves: self._called(rows, leaves), (self._values,), (self._tree(direction),)
                )
        except NotImplementedError as error:
            raise NotDifferentiableError(f"PyTorch has no forward-mode derivative of a layer ({error})") from error
        return self.network.to_numpy(found)

    def rows(self, batch: AnyArray) -> AnyArray:
        """Return each row's Jacobian, array of shape (n_rows, n_columns, n_parameters)."""
        rows = self.network.tensor(batch)

        def of_one(leaves: Any, row: Any) -> Any:
            return self._called(row[None], leaves)[0]

        with self.network.predicting():
            each = self.torch.func.vmap(self.torch.func.jacrev(of_one), in_dims=(None, 0))(self._values, rows)
        found = [self.network.to_numpy(each[name].flatten(2)) for name in self._values]
        return np.concatenate(found, axis=2)

    def outputs(self, batch: AnyArray, change: FloatArray) -> AnyArray:
        """Return outputs with the parameters changed."""
        step = self._tree(change)
        moved = {name: value + step[name] for name, value in self._values.items()}
        with self.network.predicting(), self.torch.no_grad():
            return self.network.to_numpy(self._called(self.network.tensor(batch), moved))

    def losses(self, objective: Objective) -> Losses:
        """Return what the module was trained to minimise."""
        return TorchLosses(self.network, self._values, self._rest, self.structure, objective)

    def _called(self, rows: Any, leaves: Mapping[str, Any]) -> Any:
        return self.network.columns(self.network.called(rows, {**self._rest, **leaves}))

    def _flat(self, gradients: Sequence[Any]) -> FloatArray:
        return np.asarray(self.torch.cat([one.detach().double().flatten() for one in gradients]).cpu().numpy())

    def _tree(self, flat: FloatArray) -> Any:
        return self._built(self.structure.leaves(flat))

    def _built(self, leaves: Sequence[FloatArray]) -> Any:
        return {
            name: self.torch.tensor(leaf).to(value)
            for (name, value), leaf in zip(self._values.items(), leaves, strict=True)
        }

    def _taken_apart(self, tree: Any) -> list[AnyArray]:
        return [self.torch.as_tensor(tree[name]).detach().double().cpu().numpy() for name in self._values]


def _last(module: Any) -> Any:
    """Return the last layer of what is applied one after another."""
    parts = list(module.children())
    return _last(parts[-1]) if parts and type(module).__name__ == "Sequential" else module
