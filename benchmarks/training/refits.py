"""Derivatives along hyper-parameters by fitting again on either side, as accurately as floating point allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

STEPS = 0.4 / 2.0 ** np.arange(16)
"""Of the logarithm, from which one is taken."""


@dataclass(frozen=True)
class Refitted:
    """A derivative, and what it is worth.

    Attributes
    ----------
    value : array
    error : float
        By how much Richardson's figure at the step and at half of it differ, relative to the largest of their entries.
    step : float
    """

    value: np.ndarray
    error: float
    step: float


def refitted(of: Callable[[float], np.ndarray]) -> Refitted:
    """Differentiate at 0 by central differences and Richardson's rule, at the step that repeats best.

    Parameters
    ----------
    of : callable
        From a step of the hyper-parameter's logarithm to what the model that is fitted there is asked for.
    """

    def central(h: float) -> np.ndarray:
        return (np.asarray(of(h)) - of(-h)) / (2 * h)

    halves = [central(h) for h in STEPS]
    better = [(4 * fine - coarse) / 3 for coarse, fine in pairwise(halves)]
    found = [
        Refitted(fine, float(np.linalg.norm(fine - coarse) / np.linalg.norm(fine)), float(STEPS[place]))
        for place, (coarse, fine) in enumerate(pairwise(better))
    ]
    return min(found, key=lambda one: one.error)
