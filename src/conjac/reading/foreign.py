"""Arrays of other libraries, recognised without importing any: brought into this machine's memory if they are not."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np


def on_host(values: Any) -> Any:
    """Return an array of another library as NumPy's, over the same memory where that is the processor's; else as it is.

    PyTorch's are taken off their graph, and off their device; halves that NumPy does not know become single precision.
    CuPy's, and others that tell of a device by DLPack, are copied from it.
    """
    if isinstance(values, np.ndarray):
        return values
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(values, torch.Tensor):
        plain = values.detach().cpu()
        return (plain.float() if plain.dtype == torch.bfloat16 else plain).numpy()
    if hasattr(values, "__cuda_array_interface__") and hasattr(values, "get"):
        return values.get()
    if hasattr(values, "__dlpack_device__") and not hasattr(values, "__array__"):
        return np.from_dlpack(values, device="cpu")
    return values
