"""Derivatives of functions of JAX's arrays."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from conjac.errors import NotDifferentiableError
from conjac.models.keras.derivatives import DETACHED


class JaxFunction:
    """A function of arrays, compiled once for each shape of a batch; as `conjac.models.keras.derivatives.Function`."""

    derivative: ClassVar[str] = "jax.vjp"

    def __init__(self, f: Callable[..., Any]) -> None:
        self._jax, self._f = sys.modules["jax"], f
        compiled = self._jax.jit
        self.value, self.pull, self.push, self.rows = map(compiled, (f, self._pull, self._push, self._rows))

    def _pull(self, cotangent: Any, moving: Sequence[Any], *fixed: Any) -> Any:
        with self._following(fixed) as f:
            found, pull = self._jax.vjp(f, moving)
        return pull(cotangent.astype(found.dtype))[0]

    def _push(self, direction: Sequence[Any], moving: Sequence[Any], *fixed: Any) -> Any:
        with self._following(fixed) as f:
            return self._jax.jvp(f, (moving,), (direction,))[1]

    def _rows(self, moving: Sequence[Any], *fixed: Any) -> Any:
        *others, batch = fixed

        def of_one(row: Any) -> Any:
            with self._following((*others, row[None])) as f:
                return self._jax.jacrev(lambda moving: f(moving)[0])(moving)

        return self._jax.vmap(of_one)(batch)

    @contextmanager
    def _following(self, fixed: Any) -> Iterator[Callable[[Any], Any]]:
        """Yield the function of what moves; refuse it if no tangent came out of it when it was differentiated.

        JAX itself returns zeros there, as for what is flat.
        """
        tangents_came: list[bool] = []
        looked_at = self._jax.custom_jvp(lambda found: found)

        def rule(primals: Any, tangents: Any) -> Any:
            tangents_came.append(not isinstance(tangents[0], self._jax.custom_derivatives.SymbolicZero))
            return primals[0], tangents[0]

        looked_at.defjvp(rule, symbolic_zeros=True)
        yield lambda moving: looked_at(self._f(moving, *fixed))
        if not any(tangents_came):
            raise NotDifferentiableError(DETACHED)
