"""The training objective of a PyTorch module, with its second derivatives, in double precision."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.errors import InvalidInputError, NotDifferentiableError
from conjac.models.objective import Objective, check_losses, check_penalty
from conjac.models.structure import Structure

Total = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]
"""From parameters and hyper-parameters to a number."""


class TorchLosses:
    """An objective on batches of rows; as `conjac.models.objective.Losses`.

    Copies of all numbers in double precision are what is differentiated; the module keeps its own.

    Parameters
    ----------
    network : TorchNetwork
    moving, held : mapping of str to tensor
        Parameters by whether they follow the optimum.
    structure : Structure
        Of those that do.
    objective : Objective
    """

    eps = float(np.finfo(np.float64).eps)

    def __init__(
        self,
        network: Any,
        moving: Mapping[str, Any],
        held: Mapping[str, Any],
        structure: Structure,
        objective: Objective,
    ) -> None:
        self.torch, self.network, self.structure, self.objective = sys.modules["torch"], network, structure, objective
        buffers = dict(network.module.named_buffers())
        self._moving, self._held, self._buffers = (
            {name: self._wide(value.detach()) for name, value in part.items()} for part in (moving, held, buffers)
        )
        self._device = next(iter(moving.values())).device
        self._levers = {name: self._double(value) for name, value in objective.hyperparameters.items()}

    def values(self, batch: AnyArray, y: AnyArray) -> FloatArray:
        """Return the loss of each row, array of shape (n_rows,)."""
        with self.network.predicting(), self.torch.no_grad():
            return self._numpy(self._losses(batch, y, self._moving, self._levers))

    def gradient(self, batch: AnyArray | None, y: AnyArray | None, weight: FloatArray | None) -> FloatArray:
        """Return the gradient by the parameters, array of shape (n_parameters,)."""
        leaves = self._to_differentiate(self._moving)
        with self.network.predicting(), self.torch.enable_grad():
            total = self._total(batch, y, weight)(leaves, self._levers)
            return self._flat(self._gradient(total, list(leaves.values())))

    def turned(
        self,
        batch: AnyArray | None,
        y: AnyArray | None,
        weight: FloatArray | None,
        direction: FloatArray | None,
        change: FloatArray | None,
    ) -> FloatArray:
        """Return the derivative of the gradient along a direction, or a change of hyper-parameters.

        By a gradient of the gradient's product with both, since second derivatives are symmetric.
        """
        leaves = self._to_differentiate(self._moving)
        levers = self._levers if change is None else self._to_differentiate(self._levers)
        by, along = [], []
        if direction is not None:
            by += list(leaves.values())
            along += [self._double(part) for part in self.structure.leaves(direction)]
        if change is not None:
            by += list(levers.values())
            along += [self._double(part) for part in change]
        with self.network.predicting(), self.torch.enable_grad():
            total = self._total(batch, y, weight)(leaves, levers)
            slopes = self._gradient(total, by, create_graph=True)
            product = sum((slope * part).sum() for slope, part in zip(slopes, along, strict=True))
            return self._flat(self._gradient(product, list(leaves.values())))

    def rows(self, batch: AnyArray, y: AnyArray) -> FloatArray:
        """Return the gradient of each row's loss, array of shape (n_rows, n_parameters)."""
        func = self.torch.func

        def of_one(leaves: Mapping[str, Any], row: Any, label: Any) -> Any:
            return self._of_tensors(row[None], label[None], leaves, self._levers)[0]

        with self.network.predicting():
            each = func.vmap(func.grad(of_one), in_dims=(None, 0, 0))(self._moving, self._tensor(batch), self._label(y))
        return np.concatenate([self._numpy(each[name].flatten(1)) for name in self._moving], axis=1)

    def along(self, batch: AnyArray, y: AnyArray, direction: FloatArray) -> FloatArray:
        """Return the derivative of each row's loss along a direction, array of shape (n_rows,).

        By the weights' gradient of the weighted losses' derivative, which takes no layer's forward mode.
        """
        leaves, weight = self._to_differentiate(self._moving), self._double(np.ones(len(y))).requires_grad_()
        along = [self._double(part) for part in self.structure.leaves(direction)]
        with self.network.predicting(), self.torch.enable_grad():
            total = (self._losses(batch, y, leaves, self._levers) * weight).sum()
            slopes = self._gradient(total, list(leaves.values()), create_graph=True)
            product = sum((slope * part).sum() for slope, part in zip(slopes, along, strict=True))
            return self._numpy(self._gradient(product, [weight])[0])

    def _total(self, batch: AnyArray | None, y: AnyArray | None, weight: FloatArray | None) -> Total:
        """Return the weighted sum of a batch's losses, or the penalty, as a function."""
        if batch is None:
            return self._penalty
        return lambda leaves, levers: (self._losses(batch, y, leaves, levers) * self._double(weight)).sum()

    def _penalty(self, leaves: Mapping[str, Any], levers: Mapping[str, Any]) -> Any:
        penalty = self.objective.penalty
        if penalty is None:
            return self._double(0.0)
        own = {name: levers[name] for name in self.objective.taken(penalty)}
        found = self.torch.as_tensor(penalty({**self._held, **leaves}, **own))
        check_penalty(tuple(found.shape))
        return found

    def _losses(self, batch: AnyArray, y: Any, leaves: Mapping[str, Any], levers: Mapping[str, Any]) -> Any:
        found = self._of_tensors(self._tensor(batch), self._label(y), leaves, levers)
        if not found.requires_grad and self.torch.is_grad_enabled():
            raise NotDifferentiableError(
                "Objective(loss=...): the losses do not follow the parameters: something in the module or the loss "
                "rounds, compares or detaches"
            )
        return found

    def _of_tensors(self, rows: Any, y: Any, leaves: Mapping[str, Any], levers: Mapping[str, Any]) -> Any:
        own = {name: levers[name] for name in self.objective.taken(self.objective.loss)}
        try:
            outputs = self.network.called(rows, {**self._held, **self._buffers, **leaves})
            found = self.objective.loss(outputs, y, **own)
        except (RuntimeError, TypeError, ValueError, IndexError) as error:
            if isinstance(error, InvalidInputError):
                raise
            raise InvalidInputError(
                f"Objective(loss=...): the module and the loss fail on training rows in double precision, labels of "
                f"{y.dtype}: {type(error).__name__}: {error}"
            ) from error
        check_losses(tuple(found.shape), len(rows))
        return found

    def _gradient(self, total: Any, by: Sequence[Any], create_graph: bool = False) -> list[Any]:
        if not getattr(total, "requires_grad", False):
            return [self.torch.zeros_like(x) for x in by]
        found = self.torch.autograd.grad(total, by, create_graph=create_graph, allow_unused=True)
        return [self.torch.zeros_like(x) if g is None else g for x, g in zip(by, found, strict=True)]

    def _to_differentiate(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value.detach().requires_grad_() for name, value in values.items()}

    def _tensor(self, batch: AnyArray) -> Any:
        return self._wide(self.network.tensor(batch))

    def _label(self, y: AnyArray) -> Any:
        return self.torch.tensor(y, device=self._device)

    def _wide(self, tensor: Any) -> Any:
        return tensor.double() if tensor.is_floating_point() else tensor

    def _double(self, value: Any) -> Any:
        return self.torch.tensor(value, dtype=self.torch.float64, device=self._device)

    def _numpy(self, tensor: Any) -> FloatArray:
        return np.asarray(tensor.detach().cpu().numpy())

    def _flat(self, leaves: Sequence[Any]) -> FloatArray:
        return self._numpy(self.torch.cat([leaf.flatten() for leaf in leaves]))
