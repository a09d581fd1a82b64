"""The parameters of PyTorch's modules."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.errors import InvalidInputError, NotDifferentiableError
from conjac.models.networks import chosen, refuse_no_parameter
from conjac.models.objective import Losses, Objective
from conjac.models.structure import Structure
from conjac.models.torch.losses import TorchLosses

if TYPE_CHECKING:
    from conjac.models.torch.adapter import TorchNetwork


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
        _refuse_compiled(network)
        every = dict(network.module.named_parameters())
        held = {name: p for name, p in every.items() if p.is_floating_point()}
        own = {id(p): name for name, p in held.items()}
        shared = network.module.named_parameters(remove_duplicate=False)
        named = {name: own[id(p)] for name, p in shared if id(p) in own}  # what is tied has several names
        asked = {named[name] for name in chosen(names, list(named))}
        mine = tuple(name for name, p in held.items() if (name in asked if names else p.requires_grad))
        self.frozen = tuple(
            name for name in every if name not in mine and not (name in held and held[name].requires_grad)
        )
        refuse_no_parameter(mine, self.frozen)
        self._values = {name: held[name].detach() for name in mine}
        self._rest = {name: p.detach() for name, p in held.items() if name not in mine}
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
            with self.network.predicting(), warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # its own, of what it compiles for this
                _, found = self.torch.func.jvp(
                    lambda leaves: self._called(rows, leaves), (self._values,), (self._tree(direction),)
                )
        except RuntimeError as error:
            raise NotDifferentiableError(
                f"PyTorch has no forward-mode derivative of a layer of the module, by which jvp goes "
                f"({str(error).splitlines()[0]}); vjp "
                "and gradients of metrics need none"
            ) from error
        return self.network.to_numpy(found)

    def rows(self, batch: AnyArray) -> AnyArray:
        """Return each row's Jacobian, array of shape (n_rows, n_columns, n_parameters).

        All rows at once, or where the module does not allow that (it looks at numbers, or writes in place), the same
        row by row.
        """
        rows = self.network.tensor(batch)

        def of_one(leaves: Any, row: Any) -> Any:
            return self._called(row[None], leaves)[0]

        try:
            with self.network.predicting(), warnings.catch_warnings():
                warnings.filterwarnings("ignore", "There is a performance drop", UserWarning)
                each = self.torch.func.vmap(self.torch.func.jacrev(of_one), in_dims=(None, 0))(self._values, rows)
        except RuntimeError:
            return self._row_by_row(batch)
        found = [self.network.to_numpy(each[name].flatten(2)) for name in self._values]
        return np.concatenate(found, axis=2)

    def _row_by_row(self, batch: AnyArray) -> AnyArray:
        units = np.eye(self.network.outputs(batch).reshape(len(batch), -1).shape[1])
        return np.array([[self.pull(batch[[row]], unit[None]) for unit in units] for row in range(len(batch))])

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
        return np.asarray(self.torch.cat([one.detach().flatten() for one in gradients]).cpu().double().numpy())

    def _tree(self, flat: FloatArray) -> Any:
        return self._built(self.structure.leaves(flat))

    def _built(self, leaves: Sequence[FloatArray]) -> Any:
        return {
            name: self.torch.tensor(leaf).to(value)
            for (name, value), leaf in zip(self._values.items(), leaves, strict=True)
        }

    def _taken_apart(self, tree: Any) -> list[AnyArray]:
        return [self.torch.as_tensor(tree[name]).detach().double().cpu().numpy() for name in self._values]


def _refuse_compiled(network: TorchNetwork) -> None:
    """Refuse what was compiled with its parameters inside."""
    if any(isinstance(part, network.torch.jit.ScriptModule) for part in network.module.modules()):
        raise InvalidInputError(
            "a ScriptModule holds its parameters and takes no others; pass the module that it was made from"
        )
