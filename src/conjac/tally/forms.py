"""What a tally is of: its scale, bin width, labels and named thresholds, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conjac._typing import Scale
from conjac.errors import InvalidInputError
from conjac.reading import as_array, as_float, refuse_non_finite
from conjac.tally.bins import KEPT_BINS
from conjac.validation.arguments import scalar

LOGIT_STEP = 2 / KEPT_BINS
"""Bin width, in log-odds, where none is given."""


def check_scale(scale: Any) -> Scale:
    """Return a scale of margins."""
    if scale == "logit":
        return "logit"
    if scale == "score":
        return "score"
    raise InvalidInputError(f"scale={scale!r}: expected 'logit', of probabilities, or 'score', of any other scores")


def check_step(step: Any, scale: Scale) -> float:
    """Return a bin width, a power of two; of log-odds there is a default."""
    if step is None and scale == "score":
        raise InvalidInputError(
            "step is not given, and on the score scale there is no default; pass a power of two, about a 512th of the "
            "scores' spread"
        )
    width = LOGIT_STEP if step is None else step
    if not isinstance(width, int | float | np.number) or not 0 < width < np.inf or np.frexp(width)[0] != 0.5:
        raise InvalidInputError(f"step={step!r}: expected a power of two, so that tallies of other steps nest")
    return float(width)


def check_thresholds(thresholds: Any) -> tuple[float, ...]:
    """Return named thresholds, ascending and distinct."""
    told = np.atleast_1d(as_array(thresholds, "thresholds"))
    if not told.size:
        return ()
    values = as_float(told, "thresholds").astype(np.float64)
    refuse_non_finite(values, "thresholds")
    return tuple(np.unique(values).tolist())


def check_labels(labels: Any) -> tuple[Any, Any]:
    """Return two labels, as plain values."""
    told = [scalar(label) for label in labels] if isinstance(labels, tuple | list | np.ndarray) else []
    if len(told) != 2 or told[0] == told[1]:
        raise InvalidInputError(f"labels={labels!r}: expected two, the negative label and the positive one")
    return told[0], told[1]


def check_velocities(names: Any) -> tuple[str, ...]:
    """Return names of parameters, which are different."""
    told = tuple(names) if isinstance(names, tuple | list | Mapping) else (names,)
    if not all(isinstance(name, str) for name in told) or len(set(told)) < len(told):
        raise InvalidInputError(f"velocities={names!r}: expected different names of parameters")
    return told


def refuse_other_form(tally: Any, *others: Any) -> None:
    """Raise where tallies do not merge."""
    for place, other in enumerate(others):
        name = f"others[{place}]" if len(others) > 1 else "other"
        if not isinstance(other, type(tally)):
            raise InvalidInputError(f"{name} is a {type(other).__name__}; expected a Tally")
        for part in ("scale", "labels", "thresholds", "clustered", "velocities"):
            mine, theirs = getattr(tally, part), getattr(other, part)
            if mine != theirs:
                raise InvalidInputError(
                    f"tallies with different {part} do not merge: {mine} and, of {name}, {theirs}; build both with "
                    f"the same {part}"
                )
