"""PyTorch: derivatives of functions of tensors, and of modules."""

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
        import torch

        if isinstance(x, torch.Tensor):
            like = x if x.is_floating_point() else torch.empty(0)
        else:
            like = next(iter(f.parameters()), torch.empty(0)) if isinstance(f, torch.nn.Module) else torch.empty(0)
            x = torch.as_tensor(np.asarray(x))

        def to_numpy(tensor: Any) -> AnyArray:
            return np.asarray(tensor.detach().cpu().numpy() if isinstance(tensor, torch.Tensor) else tensor)

        def like_x(array: AnyArray) -> Any:
            return torch.as_tensor(array).to(dtype=like.dtype, device=like.device)

        return AutoDiff(f, like_x(x.detach()), torch.func, to_numpy, like_x)
