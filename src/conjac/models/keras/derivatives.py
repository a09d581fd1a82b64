"""What a back end of Keras does for derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Protocol

from conjac._typing import FloatArray

DETACHED = "the model's outputs do not follow what moves: a layer in it rounds, compares, looks up or stops gradients"


class Function(Protocol):
    """A function of a library's tensors, ``f(moving, *fixed)``, with its derivatives by the tensors that move.

    ``moving`` is a list of tensors; ``fixed`` are trees of them; the function returns a tensor of shape
    (n_rows, n_columns). Derivatives raise `NotDifferentiableError` where this follows none of what moves.
    """

    derivative: ClassVar[str]
    """Whose formula it is."""

    def __init__(self, f: Callable[..., Any]) -> None: ...

    def value(self, moving: Sequence[Any], *fixed: Any) -> Any:
        """Return what the function gives, leaving no graph of derivatives behind."""
        ...

    def pull(self, cotangent: FloatArray, moving: Sequence[Any], *fixed: Any) -> Sequence[Any]:
        """Return the vector-Jacobian product with a cotangent of shape (n_rows, n_columns), a tensor for each."""
        ...

    def push(self, direction: Sequence[Any], moving: Sequence[Any], *fixed: Any) -> Any:
        """Return the Jacobian-vector product with a tensor for each, of shape (n_rows, n_columns)."""
        ...

    def rows(self, moving: Sequence[Any], *fixed: Any) -> Sequence[Any]:
        """Return each row's Jacobian, for each a tensor (n_rows, n_columns, *shape); rows are the last of ``fixed``."""
        ...
