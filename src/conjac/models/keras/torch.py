"""Derivatives of functions of PyTorch's tensors."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from conjac._typing import FloatArray
from conjac.errors import NotDifferentiableError
from conjac.models.keras.derivatives import DETACHED


class TorchFunction:
    """A function of tensors; as `conjac.models.keras.derivatives.Function`."""

    derivative: ClassVar[str] = "torch.autograd"

    def __init__(self, f: Callable[..., Any]) -> None:
        self._torch, self._f = sys.modules["torch"], f

    def value(self, moving: Sequence[Any], *fixed: Any) -> Any:
        """Return what the function gives."""
        with self._torch.no_grad():
            return self._f(moving, *fixed)

    def pull(self, cotangent: FloatArray, moving: Sequence[Any], *fixed: Any) -> list[Any]:
        """Return the vector-Jacobian product."""
        leaves, found = self._followed(moving, fixed)
        gradients = self._gradient(found, leaves, self._torch.tensor(cotangent).to(found))
        told = self._dense(gradients, leaves)
        self._refuse_silence(told, moving, fixed)
        return told

    def push(self, direction: Sequence[Any], moving: Sequence[Any], *fixed: Any) -> Any:
        """Return the Jacobian-vector product: the transpose of the pull, since not all layers have a forward mode."""
        leaves, found = self._followed(moving, fixed)
        cotangent = self._torch.zeros_like(found).requires_grad_()
        pulled = self._gradient(found, leaves, cotangent, create_graph=True)
        followed = [(g, step) for g, step in zip(pulled, direction, strict=True) if g is not None and g.requires_grad]
        gradients, steps = zip(*followed, strict=True) if followed else ((), ())
        product = self._gradient(gradients, [cotangent], steps)[0] if followed else None
        if product is None:
            raise NotDifferentiableError(DETACHED)
        return product

    def rows(self, moving: Sequence[Any], *fixed: Any) -> Any:
        """Return each row's Jacobian: of all at once, or one by one where a layer does what vmap cannot."""
        *others, batch = fixed

        def of_one(leaves: Any, row: Any) -> Any:
            return self._f(leaves, *others, row[None])[0]

        try:
            found = self._torch.func.vmap(self._torch.func.jacrev(of_one), in_dims=(None, 0))(tuple(moving), batch)
        except RuntimeError:
            each = [self._of_row(moving, (*others, row[None])) for row in batch]
            found = [self._torch.stack(of_leaf) for of_leaf in zip(*each, strict=True)]
        self._refuse_silence(found, moving, fixed)
        return found

    def _of_row(self, moving: Sequence[Any], fixed: Sequence[Any]) -> list[Any]:
        leaves, found = self._followed(moving, fixed)
        each = [self._dense(self._gradient(column, leaves, None, retain_graph=True), leaves) for column in found[0]]
        return [self._torch.stack(of_leaf) for of_leaf in zip(*each, strict=True)]

    def _followed(self, moving: Sequence[Any], fixed: Sequence[Any]) -> tuple[list[Any], Any]:
        """Return copies of what moves, and the function of these with its graph."""
        leaves = [one.detach().requires_grad_() for one in moving]
        with self._torch.enable_grad():
            found = self._f(leaves, *fixed)
        if not found.requires_grad:
            raise NotDifferentiableError(DETACHED)
        return leaves, found

    def _gradient(self, found: Any, by: Sequence[Any], given: Any, **how: bool) -> Sequence[Any]:
        gradients: Sequence[Any] = self._torch.autograd.grad(found, by, given, allow_unused=True, **how)
        return gradients

    def _dense(self, gradients: Sequence[Any], leaves: Sequence[Any]) -> list[Any]:
        return [self._torch.zeros_like(x) if g is None else g for x, g in zip(leaves, gradients, strict=True)]

    def _refuse_silence(self, found: Sequence[Any], moving: Sequence[Any], fixed: Sequence[Any]) -> None:
        """Refuse derivatives that are all 0 since nothing is followed: PyTorch gives zeros where a layer rounds."""
        if not any(each.any() for each in found):
            self.push(moving, moving, *fixed)
