"""Networks of JAX as classifiers: functions with their parameters, and modules of Equinox and of Flax."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

from conjac.errors import InvalidInputError
from conjac.models.callables import Callables
from conjac.models.contract import Model
from conjac.models.jax.applied import Applied
from conjac.models.jax.leaves import Leaves, paths_of
from conjac.models.jax.network import JaxNetwork
from conjac.models.networks import network_model


class JaxModels:
    """Networks of JAX, from inputs to a logit, or one a class, for each row.

    They are evaluated in the mode in which they predict; the original is left as it is. A compiled function, whose
    parameters are not to be seen, has a derivative in its inputs alone.
    """

    def owns(self, estimator: Any) -> bool:
        """Tell whether it is one of these."""
        if isinstance(estimator, Applied) or _is(estimator, "jax.stages", "Wrapped"):
            return True
        return callable(estimator) and any(_is(estimator, library, "Module") for library in MODULES)

    def bind(self, estimator: Any, output: str) -> Model:
        """Return the network as functions of its inputs.

        Parameters
        ----------
        estimator : Applied, equinox.Module, flax.nnx.Module, flax.linen.Module or jax.stages.Wrapped
        output : {"auto", "logits", "probabilities", "scores"}
            As for `conjac.models.networks.network_model`.

        Raises
        ------
        InvalidInputError
            An output that it has not, or a module without its parameters.
        """
        if _is(estimator, "jax.stages", "Wrapped"):
            return _with_pull(Callables().bind(estimator, output), estimator)
        classes = None
        if isinstance(estimator, Applied):
            network, response, classes = estimator.network, _named(estimator.apply), estimator.classes
        else:
            of_module = next(found for library, found in MODULES.items() if _is(estimator, library, "Module"))
            network, response = of_module(estimator), f"{type(estimator).__name__}.__call__"
        model = network_model(
            network,
            output,
            response=response,
            derivative=f"jax.vjp, {network.leaves.dtype}",
            classes=None if classes is None else tuple(classes),
        )
        return model if network.leaves.places else replace(model, parametric=None)


def of_equinox(module: Any) -> JaxNetwork:
    """Return a module of Equinox, which takes one row, on batches and in inference mode.

    Raises
    ------
    InvalidInputError
        Layers with a state, such as BatchNorm.
    """
    jax, equinox = sys.modules["jax"], sys.modules["equinox"]

    def has_state(leaf: Any) -> bool:
        return isinstance(leaf, equinox.nn.StateIndex)

    if any(map(has_state, jax.tree_util.tree_leaves(module, is_leaf=has_state))):
        raise InvalidInputError(
            f"{type(module).__name__} has layers with a state, such as BatchNorm, and does not hold it; pass "
            "conjac.models.Applied(f, module), where f(module, X) calls it on all rows with its state, for inference"
        )
    moving, rest = equinox.partition(equinox.nn.inference_mode(module), equinox.is_inexact_array)
    return JaxNetwork(lambda some, X: jax.vmap(equinox.combine(some, rest))(X), Leaves(moving))


def of_nnx(module: Any) -> JaxNetwork:
    """Return a module of Flax's NNX by its ``Param``, in the mode in which it predicts."""
    nnx = sys.modules["flax.nnx"]
    copy = nnx.merge(*nnx.split(module))
    copy.eval()
    graph, parameters, rest = nnx.split(copy, nnx.Param, ...)
    names = [name.removesuffix("/value") for name in paths_of(sys.modules["jax"], parameters)]
    return JaxNetwork(lambda state, X: nnx.merge(graph, state, rest)(X), Leaves(parameters, names))


def of_linen(module: Any) -> JaxNetwork:
    """Refuse a module of Flax's linen, which holds no parameters.

    Raises
    ------
    InvalidInputError
        Always; the way out is named.
    """
    raise InvalidInputError(
        f"{type(module).__name__} is a module of Flax's linen and holds no parameters; pass "
        "conjac.models.Applied(module.apply, variables)"
    )


MODULES = {"equinox": of_equinox, "flax.nnx": of_nnx, "flax.linen": of_linen}
"""How modules of a library become functions of their parameters."""


def _is(estimator: Any, module: str, name: str) -> bool:
    """Tell whether it is of a class of a library that is loaded."""
    library = sys.modules.get(module)
    return library is not None and isinstance(estimator, getattr(library, name))


def _named(apply: Any) -> str:
    owner = getattr(apply, "__self__", None)
    name = getattr(apply, "__name__", type(apply).__name__)
    return name if owner is None else f"{type(owner).__name__}.{name}"


def _with_pull(model: Model, function: Any) -> Model:
    """Return a compiled function's model with its derivative by the inputs."""
    network = JaxNetwork(lambda _, X: function(X), Leaves(()))
    pull = network_model(network, "auto", response="", derivative="").pull
    return replace(model, pull=pull, derivative=f"jax.vjp, {network.leaves.dtype}", columnwise=True)
