"""The door for libraries that differentiate their own functions; `conjac.models` fills it."""

from __future__ import annotations

from typing import Any, Protocol


class Backend(Protocol):
    """A library that differentiates functions of its own arrays."""

    def owns(self, f: Any, x: Any) -> bool:
        """Tell whether the function or the point is this library's: by a look in `sys.modules`, never an import."""
        ...

    def bind(self, f: Any, x: Any) -> Any:
        """Return a `conjac.calculus.differentiate.Differentiable`: NumPy arrays of float64 out."""
        ...


_REGISTERED: list[Backend] = []


def register(backend: Backend) -> None:
    """Let `conjac.calculus` differentiate by a library."""
    _REGISTERED.append(backend)


def backend_of(f: Any, x: Any) -> Backend | None:
    """Return the library that a function or its argument belongs to."""
    return next((backend for backend in _REGISTERED if backend.owns(f, x)), None)
