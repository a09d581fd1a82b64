"""Keras' models as classifiers."""

from __future__ import annotations

import sys
from typing import Any

from conjac.models.contract import Model
from conjac.models.keras.network import KerasNetwork
from conjac.models.networks import network_model

PROBABILITIES = ("sigmoid", "softmax")
"""Activations whose outputs are probabilities."""


class KerasModels:
    """Models of Keras 3, from inputs to the last activation of each row.

    They are evaluated as they predict (``training=False``), with their dtype policy and on Keras' device, on any of the
    back ends PyTorch, JAX and TensorFlow. Nothing is assigned to a variable: neither to weights nor to moving averages,
    seeds, metrics or the optimizer's state.
    """

    def owns(self, estimator: Any) -> bool:
        """Tell whether it is a model."""
        keras = sys.modules.get("keras")
        return keras is not None and isinstance(estimator, keras.Model)

    def bind(self, estimator: Any, output: str) -> Model:
        """Return the model as functions of its inputs.

        Parameters
        ----------
        estimator : keras.Model
            Sequential, functional or of a class of its own, built.
        output : {"auto", "logits", "probabilities", "scores"}
            As for `conjac.models.networks.network_model`; the last activation is known of sequential and of functional
            models.

        Raises
        ------
        InvalidInputError
            An output that it has not, or a model that was not built.
        NotSupportedError
            A back end that has no derivatives.
        """
        network = KerasNetwork(estimator)
        return network_model(
            network,
            output,
            response=f"{type(estimator).__name__}.call",
            derivative=f"{network.derivative} through Keras, {network.dtype}",
            ends_in_probabilities=_ends_in_probabilities(estimator),
        )


def _ends_in_probabilities(part: Any) -> bool:
    """Tell whether the last of what is applied is a layer or an operation that makes probabilities."""
    keras = sys.modules["keras"]
    if isinstance(part, keras.Model):
        inner = part.layers if isinstance(part, keras.Sequential) else getattr(part, "operations", [])
        return bool(inner) and _ends_in_probabilities(inner[-1])
    own = type(part).__name__.lower()
    return own in PROBABILITIES or getattr(getattr(part, "activation", None), "__name__", own) in PROBABILITIES
