"""JAX: derivatives of its functions, and networks of it as classifiers."""

from conjac.models.jax.adapter import JaxModels
from conjac.models.jax.applied import Applied
from conjac.models.jax.backend import Jax

__all__ = ["Applied", "Jax", "JaxModels"]
