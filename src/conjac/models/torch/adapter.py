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
from conjac.models.networks import network_model
from conjac.models.torch.weights import TorchWeights

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
        self.torch = sys.modules["torch"]
        self.module = module = getattr(module, "_orig_mod", module)  # of a compiled one, whose parts have other names
        held = [*module.parameters(), *module.buffers()]
        if any(self.torch.nn.parameter.is_lazy(tensor) for tensor in held):
            raise InvalidInputError("the module has parameters without a shape yet; call it on a batch of rows first")
        if any(tensor.device.type == "meta" for tensor in held):
            raise InvalidInputError("the module's parameters lie on the meta device and hold no numbers; load them")
        like = next((tensor for tensor in held if tensor.is_floating_point()), None)
        self._form = {} if like is None else {"dtype": like.dtype, "device": like.device}
        self.dtype = "the inputs' dtype" if like is None else str(like.dtype).removeprefix("torch.")
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
        """Switch to the mode in which it predicts, and back, part by part; derivatives may be asked for."""
        modes = [(part, part.training) for part in self.module.modules()]
        try:
            self.module.eval()
            with self.torch.inference_mode(False):
                yield
        finally:
            for part, training in modes:
                part.training = training

    def tensor(self, batch: AnyArray) -> Any:
        """Return rows in the module's dtype and on its device; whole numbers stay so where it has an embedding."""
        found = self.torch.tensor(batch)
        if found.is_floating_point():
            return found.to(**self._form)
        if self._takes_indices:
            return found.to(**self._form | {"dtype": self.torch.int64})
        return found.to(**{"dtype": self.torch.get_default_dtype()} | self._form)

    def called(self, rows: Any, parameters: Mapping[str, Any] | None = None) -> Any:
        """Return the module's outputs, with other parameters where they are passed; it may write into its rows."""
        rows = rows.clone()
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


def _last(module: Any) -> Any:
    """Return the last layer of what is applied one after another."""
    parts = list(module.children())
    return _last(parts[-1]) if parts and type(module).__name__ == "Sequential" else module
