"""What networks are trained on: conjac's loss, and others'."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from conjac.models.torch.loss import ConfusionLoss

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
STEEPNESS = 73
"""L of AnyLoss."""


def batch_f1(soft: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return 1 less the F1 of a batch's soft predictions."""
    return 1 - 2 * (soft * y).sum() / (soft.sum() + y.sum() + 1e-16)


def losses(steps: int) -> dict[str, Callable[[], Loss]]:
    """Return what makes each loss of (logits, labels), new for each training."""
    return {
        "cross-entropy": lambda: lambda s, y: binary_cross_entropy_with_logits(s, y.to(s)),
        "ConfusionLoss": lambda: ConfusionLoss("f1", anneal_steps=steps // 2),
        "sigmoidF1": lambda: lambda s, y: batch_f1(torch.sigmoid(s), y),
        "AnyLoss": lambda: lambda s, y: batch_f1(torch.sigmoid(STEEPNESS * (torch.sigmoid(s) - 0.5)), y),
    }
