"""How what moves was read, by which method and under which assumptions, where more than the decision moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from conjac.density.crossing import Crossing
from conjac.diagnostics.cautions import FEW, FIXED, PAST_THE_END, cautions, sampling_note
from conjac.inference import Cells
from conjac.motion import MIN_ROWS, DriftMotion, MixMotion, RecountedMotion, WeightedMotion
from conjac.readonly import locked
from conjac.validation import ClassPredictions, Predictions


def explain_mix(
    rows: Predictions | ClassPredictions, coordinate: str, names: Sequence[Any], motion: MixMotion
) -> dict[str, Any]:
    """Return what was read into the input where shares of categories move, and what was assumed."""
    least = motion.effective_rows.min(axis=1)
    why = np.select([least < MIN_ROWS, least < FEW], ["no share", "rough share"], "")
    return {
        "n_samples": len(rows.true),
        "weight": float(motion.counted.weight.sum()),
        "coordinate": coordinate,
        "shares": {str(name): float(share) for name, share in zip(names, motion.shares, strict=True)},
        "effective_rows": {str(name): float(n) for name, (n, _) in zip(names, motion.effective_rows, strict=True)},
        "sampling": sampling_note(rows.notes, motion.counted.condition_on),
        "assumes": "what is true within each category stays, and so does the rule; slopes' errors take the shares of "
        "these rows as known, of rows drawn within each category",
        "model": FIXED,
        "cautions": cautions({name: str(doubt) for name, doubt in zip(names, why, strict=True) if doubt}),
        **rows.notes,
    }


def explain_moved(
    rows: Predictions | ClassPredictions,
    coordinate: str,
    names: Sequence[str],
    motion: DriftMotion | RecountedMotion | WeightedMotion,
    read: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what was read, which method was used and what was assumed, where more than the decision moves.

    Parameters
    ----------
    rows : Predictions or ClassPredictions
    coordinate : str
        What to say of the coordinate.
    names : sequence of str
        Of what moves.
    motion : DriftMotion, RecountedMotion or WeightedMotion
    read : mapping
        What was read into the inputs, and what was assumed.
    """
    return explain_moved_sums(rows.labels, {"n_samples": len(rows.true), **rows.notes}, coordinate, names, motion, read)


def explain_moved_sums(
    labels: Sequence[Any],
    notes: Mapping[str, Any],
    coordinate: str,
    names: Sequence[str],
    motion: DriftMotion | RecountedMotion | WeightedMotion,
    read: Mapping[str, Any],
) -> dict[str, Any]:
    """Do as `explain_moved`, with what is known of the rows: "n_samples", and what was read into them."""
    found: dict[str, Any] = {
        "n_samples": notes["n_samples"],
        "weight": float(motion.counted.weight.sum()),
        "coordinate": coordinate,
        **read,
        "effective_rows": dict(zip(names, motion.effective_rows.tolist(), strict=True)),
        "sampling": sampling_note(notes, motion.counted.condition_on),
        **notes,
    }
    doubted: dict[Any, str] = {}
    if isinstance(motion, RecountedMotion):
        found["step"] = dict(zip(names, motion.steps.tolist(), strict=True))
        found["step_unit"] = "half-width, in units of the column"
        found["bias"], found["bias_stderr"] = (locked(motion.arranged(x)) for x in (motion.bias, motion.bias_stderr))
    else:
        crossing = motion.joint.sums.crossing
        found |= _spanned(crossing)
        doubted = _doubted(labels, crossing)
    still = found.get("left_out", ())
    unknown = [name for name, n in found["effective_rows"].items() if n < MIN_ROWS and name not in still]
    found["cautions"] = cautions(doubted)
    if unknown:
        found["cautions"].append(
            f"fewer than {MIN_ROWS} effective rows cross as {', '.join(map(repr, unknown[:10]))} move"
            f"{'s' if len(unknown) == 1 else ''}: intervals of such slopes are nan"
        )
    return found


def explain_parameters(
    rows: Predictions | ClassPredictions, coordinate: str, crossing: Crossing, cells: Cells, read: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what was read, how it was differentiated and what was assumed, where a model's parameters move.

    Parameters
    ----------
    rows : Predictions or ClassPredictions
    coordinate : str
        What to say of the coordinate.
    crossing : Crossing
    cells : Cells
    read : mapping
        What was read into the model; what it says of the model and of assumptions stands in place of the usual.
    """
    return {
        "n_samples": len(rows.true),
        "weight": float(cells.weight.sum()),
        "coordinate": coordinate,
        "model": FIXED,
        "assumes": "parameters move, and rows and labels stay; a slope is no importance",
        **read,
        "effective_rows": float(crossing.n_eff.sum()),
        **_spanned(crossing),
        "sampling": sampling_note(rows.notes, cells.condition_on),
        "cautions": cautions(_doubted(rows.labels, crossing)),
        **rows.notes,
    }


def _doubted(labels: Sequence[Any], crossing: Crossing) -> dict[Any, str]:
    """Return why each class's interval should not be believed, as a key of `CAUTIONS`; of two classes alone."""
    if len(labels) != 2:
        return {}
    of_class = zip(labels, crossing.n_eff, crossing.doubt, strict=True)
    return {label: _few(n) or str(why) for label, n, why in of_class}


def _spanned(crossing: Crossing) -> dict[str, Any]:
    """Return the bandwidths of a crossing, and why there are none."""
    low, high = np.min(crossing.bandwidth, initial=np.inf), np.max(crossing.bandwidth, initial=-np.inf)
    found: dict[str, Any] = {"bandwidth": {"least": float(low), "largest": float(high)} if low <= high else {}}
    return found | ({"reason": PAST_THE_END} if crossing.method == "undefined" else {})


def _few(n: float) -> str:
    return "unknown" if n < MIN_ROWS else "rough" if n < FEW else ""
