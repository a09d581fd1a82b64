"""Groups of one set of rows as they are compared: of rows in memory, or of sums of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from conjac._typing import IntArray
from conjac.curve import ConfusionCurve
from conjac.jacobian import ConfusionJacobian
from conjac.perturbations import Mix
from conjac.validation import Predictions

Side: TypeAlias = Predictions | ConfusionCurve
"""The rows of a group, or the curve of rows that were summed as they were read."""


def joined(parts: Sequence[Any]) -> Any:
    """Return several groups of one set as one."""
    if isinstance(parts[0], ConfusionCurve):
        return parts[0].merge(*parts[1:])
    columns: dict[str, Any] = {}
    for name in ("true", "score", "weight", "block"):
        found = [getattr(part, name) for part in parts]
        columns[name] = None if found[0] is None else np.concatenate(found)
    return replace(parts[0], **columns, notes={})


def counts_of(side: Side) -> IntArray:
    """Return how many rows each class has, array of shape (2,)."""
    if isinstance(side, ConfusionCurve):
        return np.bincount(side.tally.keys[:, 0], side.tally.rows, minlength=2).astype(np.intp)
    return np.bincount(side.true, minlength=2)


def has_clusters(side: Side) -> bool:
    """Tell whether rows come in clusters."""
    return side.tally.clustered if isinstance(side, ConfusionCurve) else side.block is not None


def decided(side: Side, threshold: float | None, **how: Any) -> ConfusionJacobian:
    """Count at a threshold; slopes, which no comparison needs, only where a share alerted makes it a figure too."""
    if isinstance(side, ConfusionCurve):
        found: ConfusionJacobian = ConfusionJacobian.from_curve(side, threshold=threshold)
        return found
    mix = None if how.get("coordinate") == "percentile" else Mix("class")
    return ConfusionJacobian.from_rows(side, threshold=threshold, mix=mix, **how)


def curve_of(side: Side, **how: Any) -> ConfusionCurve:
    """Return the curve of a group."""
    return side if isinstance(side, ConfusionCurve) else ConfusionCurve.from_rows(side, **how)
