"""The door for libraries that differentiate their own functions; `conjac.models` fills it."""

from __future__ import annotations

from typing import Any, Protocol

from conjac._typing import FloatArray
from conjac.calculus.result import JacobianResult


class Differentiable(Protocol):
    """A function and a point, with derivatives there; NumPy arrays of float64 in and out."""

    point: FloatArray
    value: FloatArray
    output: Any
    """The value in the library's own arrays: what the next function of a chain takes."""

    def elsewhere(self, point: FloatArray) -> Differentiable:
        """Return the function at another point."""
        ...

    def evaluate(self, point: FloatArray) -> FloatArray:
        """Return f elsewhere, array of shape (v,); nan where it does not exist."""
        ...

    def jacobian(self) -> JacobianResult:
        """Return the Jacobian at the point."""
        ...

    def jvp(self, direction: FloatArray) -> FloatArray:
        """Return the Jacobian's product with a direction, array of shape (v,)."""
        ...

    def vjp(self, cotangent: FloatArray) -> FloatArray:
        """Return a cotangent's product with the Jacobian, array of shape (u,)."""
        ...


class Backend(Protocol):
    """A library that differentiates functions of its own arrays."""

    def owns(self, f: Any, x: Any) -> bool:
        """Tell whether the function or the point is this library's: by a look in `sys.modules`, never an import."""
        ...

    def bind(self, f: Any, x: Any) -> Differentiable:
        """Return the function at a point that may be the library's array, NumPy's, or numbers."""
        ...

    def like(self, x: Any) -> Any:
        """Return a function from NumPy's arrays to the library's, of the dtype and device of ``x``."""
        ...


_REGISTERED: list[Backend] = []


def register(backend: Backend) -> None:
    """Let `conjac.calculus` differentiate by a library."""
    _REGISTERED.append(backend)


def backend_of(f: Any, x: Any) -> Backend | None:
    """Return the library that a function or its argument, or an entry of a list, belongs to."""
    parts = x if isinstance(x, list | tuple) else [x]
    return next((backend for backend in _REGISTERED if any(backend.owns(f, part) for part in parts)), None)
