"""Derivatives of functions of its arrays: JAX as `conjac.calculus` knows it."""

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
        return AutoDiff(f, x, _Arrays(x))

    def like(self, x: Any) -> Any:
        """Return a function from NumPy's arrays to JAX's, of the dtype of x."""
        return _Arrays(x).of


class _Arrays:
    """Arrays of the dtype of x, where it is JAX's and of floating point; else of JAX's default."""

    def __init__(self, x: Any) -> None:
        jax = sys.modules["jax"]
        self.transforms, self._numpy = jax, jax.numpy
        dtype = getattr(x, "dtype", None)
        floating = isinstance(x, jax.Array) and jax.numpy.issubdtype(dtype, jax.numpy.floating)
        self._dtype = dtype if floating else jax.numpy.zeros(0).dtype
        self.dtype, self.eps = str(self._dtype), float(jax.numpy.finfo(self._dtype).eps)

    def of(self, array: AnyArray) -> Any:
        """Return NumPy's array as JAX's."""
        return self._numpy.asarray(array, dtype=self._dtype)

    def vector(self, found: Any) -> Any:
        """Return what a function returned as one vector of the dtype."""
        if isinstance(found, list | tuple):
            found = self._numpy.stack(found)
        return self._numpy.atleast_1d(self._numpy.asarray(found)).astype(self._dtype)

    def to_numpy(self, array: Any) -> AnyArray:
        """Return JAX's array as NumPy's."""
        return np.asarray(array)
