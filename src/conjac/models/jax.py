"""JAX: derivatives of functions of its arrays."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from conjac._typing import AnyArray
from conjac.models.autodiff import AutoDiff


class Jax:
    """The library, as `conjac.calculus` knows it."""

    def owns(self, f: Any, x: Any) -> bool:
        """Tell whether x is JAX's array, or f compiled by it."""
        jax = sys.modules.get("jax")
        return jax is not None and (isinstance(x, jax.Array) or isinstance(f, jax.stages.Wrapped))

    def bind(self, f: Any, x: Any) -> AutoDiff:
        """Return f at x; single precision unless x is double and JAX allows that."""
        import jax

        def like_x(array: AnyArray) -> Any:
            return jax.numpy.asarray(array, dtype=dtype)

        x = jax.numpy.asarray(x)
        dtype = x.dtype if jax.numpy.issubdtype(x.dtype, jax.numpy.floating) else jax.numpy.zeros(0).dtype
        return AutoDiff(f, like_x(x), jax, np.asarray, like_x)
