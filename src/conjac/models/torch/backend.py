"""Derivatives of functions of tensors, and of modules: PyTorch as `conjac.calculus` knows it."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from conjac._typing import AnyArray
from conjac.models.autodiff import AutoDiff


class Torch:
    """The library, as `conjac.calculus` knows it."""

    def owns(self, f: Any, x: Any) -> bool:
        """Tell whether x is a tensor, or f a module."""
        torch = sys.modules.get("torch")
        return torch is not None and (isinstance(x, torch.Tensor) or isinstance(f, torch.nn.Module))

    def bind(self, f: Any, x: Any) -> AutoDiff:
        """Return f at x, in x's dtype and on its device; a module's own where x is no tensor."""
        arrays = _Tensors(f, x)
        return AutoDiff(f, arrays.to_numpy(x) if isinstance(x, arrays.torch.Tensor) else x, arrays)

    def like(self, x: Any) -> Any:
        """Return a function from NumPy's arrays to tensors of the dtype and device of x."""
        return _Tensors(None, x).of


class _Tensors:
    """Tensors of the dtype and device of x, where it is a tensor of floating point; else of a module's parameters."""

    def __init__(self, f: Any, x: Any) -> None:
        torch = sys.modules["torch"]
        self.torch, self.transforms = torch, torch.func
        candidates = (
            [x] if isinstance(x, torch.Tensor) else list(f.parameters()) if isinstance(f, torch.nn.Module) else []
        )
        like = next((tensor for tensor in candidates if tensor.is_floating_point()), torch.empty(0))
        self._form = {"dtype": like.dtype, "device": like.device}
        self.dtype, self.eps = str(like.dtype).removeprefix("torch."), float(torch.finfo(like.dtype).eps)

    def of(self, array: AnyArray) -> Any:
        """Return NumPy's array as a tensor."""
        return self.torch.as_tensor(array).to(**self._form)

    def vector(self, found: Any) -> Any:
        """Return what a function returned as one vector of the dtype."""
        if isinstance(found, list | tuple):
            found = self.torch.stack([self.torch.as_tensor(part) for part in found])
        return self.torch.atleast_1d(self.torch.as_tensor(found)).to(**self._form)

    def to_numpy(self, array: Any) -> AnyArray:
        """Return a tensor as NumPy's array, in double precision if it is of floating point."""
        tensor = array.detach().cpu()
        return np.asarray((tensor.double() if tensor.is_floating_point() else tensor).numpy())
