"""JAX: derivatives of its functions."""

from conjac.models.jax.backend import Jax

__all__ = ["Jax"]
