"""JAX: derivatives of its functions, networks of it as classifiers, and a training loss.

The library is found in `sys.modules` wherever an object of its own was passed; `ConfusionLoss` imports it.
"""

from importlib import import_module
from typing import Any

from conjac.models.jax.adapter import JaxModels
from conjac.models.jax.applied import Applied
from conjac.models.jax.backend import Jax

LATER = {"ConfusionLoss": "conjac.models.jax.loss"}

__all__ = ["Applied", "ConfusionLoss", "Jax", "JaxModels"]


def __getattr__(name: str) -> Any:
    """Load what needs the library, once it is asked for."""
    if name in LATER:
        return getattr(import_module(LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
