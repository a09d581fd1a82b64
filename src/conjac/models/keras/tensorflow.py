"""Derivatives of functions of TensorFlow's tensors."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from conjac._typing import FloatArray
from conjac.errors import NotDifferentiableError
from conjac.models.keras.derivatives import DETACHED


class TensorFlowFunction:
    """A function of tensors; as `conjac.models.keras.derivatives.Function`."""

    derivative: ClassVar[str] = "tf.GradientTape"

    def __init__(self, f: Callable[..., Any]) -> None:
        self._tf, self._f = sys.modules["tensorflow"], f

    def value(self, moving: Sequence[Any], *fixed: Any) -> Any:
        """Return what the function gives."""
        return self._f(moving, *fixed)

    def pull(self, cotangent: FloatArray, moving: Sequence[Any], *fixed: Any) -> list[Any]:
        """Return the vector-Jacobian product."""
        with self._tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(moving)
            found = self._f(moving, *fixed)
        return self._dense(tape.gradient(found, moving, self._tf.cast(cotangent, found.dtype)), moving)

    def push(self, direction: Sequence[Any], moving: Sequence[Any], *fixed: Any) -> Any:
        """Return the Jacobian-vector product, by forward-mode differentiation."""
        with self._tf.autodiff.ForwardAccumulator(list(moving), list(direction)) as accumulator:
            found = self._f(moving, *fixed)
        product = accumulator.jvp(found)
        if product is None:
            raise NotDifferentiableError(DETACHED)
        return product

    def rows(self, moving: Sequence[Any], *fixed: Any) -> Any:
        """Return each row's Jacobian: row by row in one graph, since loops within layers cannot be vectorised."""
        *others, batch = fixed

        def of_one(row: Any) -> Any:
            with self._tf.GradientTape(watch_accessed_variables=False, persistent=True) as tape:
                tape.watch(moving)
                columns = self._tf.unstack(self._f(moving, *others, row[None])[0])
            each = [self._dense(tape.gradient(column, moving), moving) for column in columns]
            return [self._tf.stack(of_leaf) for of_leaf in zip(*each, strict=True)]

        dtypes = [each.dtype for each in moving]
        graph = self._tf.function(lambda: self._tf.map_fn(of_one, batch, fn_output_signature=dtypes), autograph=False)
        return graph()

    def _dense(self, gradients: Sequence[Any], moving: Sequence[Any]) -> list[Any]:
        """Return gradients as tensors: 0 by what is not followed, slices of rows put into their places."""
        if all(gradient is None for gradient in gradients):
            raise NotDifferentiableError(DETACHED)
        return [
            self._tf.zeros_like(x) if gradient is None else self._tf.convert_to_tensor(gradient)
            for x, gradient in zip(moving, gradients, strict=True)
        ]
