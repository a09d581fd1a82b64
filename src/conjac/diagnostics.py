"""What a result says of itself: how it was read, by which method, under which assumptions."""

from __future__ import annotations

from typing import Any

import numpy as np

from conjac._typing import ConditionOn, FloatArray
from conjac.coordinates import Coordinate
from conjac.motion import MIN_ROWS, Motion
from conjac.validation import Predictions


def explain(rows: Predictions, unit: Coordinate, by_default: bool, motion: Motion) -> dict[str, Any]:
    """Return what was read into the input, which method was used and what was assumed."""
    flux = motion.flux

    def by_label(values: FloatArray) -> dict[str, float]:
        return {str(label): float(v) for label, v in zip(rows.labels, values, strict=True)}

    found: dict[str, Any] = {
        "n_samples": len(rows.true),
        "weight": float(motion.joint.cells.weight.sum()),
        "scores": "probabilities" if unit.scale == "logit" else "raw scores",
        "coordinate": f"{unit.name}, {'by default' if by_default else 'as asked'}",
        "effective_rows": by_label(np.nan_to_num(flux.n_eff[0])),
        "sampling": sampling_note(rows, motion.joint.cells.condition_on),
        "cautions": cautions(rows.labels, flux.n_eff[0]),
        "model": "taken as fixed: nothing is said of a retrained one",
        **rows.notes,
    }
    if unit.scale == "logit":
        found["exact_zeros"] = int((rows.score == 0).sum())
        found["exact_ones"] = int((rows.score == 1).sum())
    method = flux.method[0]
    if method == "tangent":
        found["bandwidth"] = by_label(flux.bandwidth[0])
        found["bandwidth_unit"] = "sd of the kernel, " + ("log-odds" if unit.scale == "logit" else "score")
    elif method == "secant":
        found["step"] = float(flux.step[0])
        found["step_unit"] = "half-width, in units of the score"
        found["bias"] = by_label(flux.bias[0])
        found["reason"] = "the scores sit on atoms near the threshold: no density, so counted again across a step"
    else:
        found["reason"] = "the threshold is at or past the end of the domain, where no margin is finite"
    return found


def sampling_note(rows: Predictions, condition_on: ConditionOn | None) -> str:
    """Say what the standard errors take as random."""
    n_clusters = rows.notes.get("n_clusters")
    units = "rows drawn independently (no groups given)" if n_clusters is None else f"{n_clusters} clusters of rows"
    totals = "class totals fixed by design" if condition_on else "class totals random"
    return f"{units}; {totals}"


def cautions(labels: tuple[Any, ...], n_eff: FloatArray) -> list[str]:
    """Say which figures should not be believed, and why."""
    short = [repr(label) for label, n in zip(labels, n_eff, strict=True) if n < MIN_ROWS]
    if not short:
        return []
    return [
        f"fewer than {MIN_ROWS} effective rows of class {', '.join(short)} at the threshold: "
        "the interval of its slope is nan"
    ]
