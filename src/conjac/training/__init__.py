"""What passes through training: a fit brought to its optimum."""

from conjac.training.polish import polish

__all__ = ["polish"]
