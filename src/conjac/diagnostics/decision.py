"""How a decision was read, by which method and under which assumptions, where the decision itself moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from conjac._typing import FloatArray, Scale
from conjac.bundles import BINS, Bundles
from conjac.coordinates import Coordinate, scores_of
from conjac.density import Density
from conjac.diagnostics.cautions import FEW, FIXED, PAST_THE_END, as_told, cautions, doubts, sampling_note
from conjac.motion import MIN_ROWS, Motion, OffsetMotion
from conjac.readonly import locked
from conjac.validation import ClassPredictions


def explain(
    labels: Sequence[Any],
    notes: Mapping[str, Any],
    unit: Coordinate,
    by_default: bool,
    density: Density,
    motion: Motion,
) -> dict[str, Any]:
    """Return what was read into the input, which method was used and what was assumed.

    Parameters
    ----------
    labels : sequence of length 2
    notes : mapping
        What is known of the rows: "n_samples", and what was read into them.
    unit : Coordinate
    by_default : bool
        Whether nobody asked for it.
    density : Density
    motion : Motion
    """
    flux = motion.flux

    def by_label(values: FloatArray) -> dict[str, float]:
        return {str(label): float(v) for label, v in zip(labels, values, strict=True)}

    doubted = {label: why for label, why in zip(labels, doubts(flux), strict=True) if why}
    found: dict[str, Any] = {
        "n_samples": notes["n_samples"],
        "weight": float(motion.joint.cells.weight.sum()),
        "scores": "probabilities" if unit.scale == "logit" else "raw scores",
        "coordinate": as_told(unit.name, by_default),
        "effective_rows": by_label(np.nan_to_num(flux.n_eff[0])),
        "sampling": sampling_note(notes, motion.joint.cells.condition_on),
        "doubts": {str(label): why for label, why in doubted.items()},
        "cautions": cautions(doubted),
        "model": FIXED,
        **notes,
    }
    method = flux.method[0]
    if method == "tangent":
        found["bandwidth"] = by_label(flux.bandwidth[0])
        if density.assumes_calibration:
            named = zip(("shift", "stderr", "bias_bound"), flux.calibration[0], strict=True)
            found["assumes"] = "calibrated scores: both classes share one density"
            found["calibration"] = {name: float(figure) for name, figure in named}
        edges = [tangent.normalizing.edges for tangent in density.tangents]
        found["edges"] = {
            str(label): [float(e) for e in scores_of(np.array(ends), unit.scale)]
            for label, ends in zip(labels, edges, strict=True)
            if np.isfinite(ends).any()
        }
        found["bandwidth_unit"] = "sd of the kernel, " + ("log-odds" if unit.scale == "logit" else "score")
    elif method == "secant":
        found["step"] = float(flux.step[0])
        found["step_unit"] = "half-width, in units of the score"
        found["bias"] = by_label(flux.bias[0])
        found["reason"] = "the scores sit on atoms near the threshold: no density, so counted again across a step"
        if density.assumes_calibration:
            found["assumes"] = "nothing: assume_calibrated serves densities, and these rows are counted"
    else:
        found["reason"] = PAST_THE_END
    return found


def explain_classes(rows: ClassPredictions, by_default: bool, motion: OffsetMotion) -> dict[str, Any]:
    """Return what was read into the scores of several classes, which method was used and what was assumed."""
    scale = rows.reading.scale
    found = _explain_offsets(len(rows.true), scale, by_default, motion, rows.notes)
    if scale == "logit":
        found["exact_zeros"] = len(np.unique(np.flatnonzero(rows.score == 0) // rows.score.shape[1]))
    return found


def explain_bundles(
    bundles: Bundles, by_default: bool, motion: OffsetMotion, notes: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what `explain_classes` does, of sums of rows."""
    clusters = {"n_clusters": bundles.n_clusters} if bundles.clustered else {}
    notes = {**clusters, **notes, "from_sums": told_of(bundles)}
    return _explain_offsets(int(bundles.rows.sum()), bundles.rule.scale, by_default, motion, notes)


def told_of(bundles: Bundles) -> str:
    """Say how coarse sums are."""
    reach, per = bundles.reach, " / ".join(map(str, BINS))
    return (
        f"{len(bundles.rows)} bundles of rows, with the mean and the variance of their gaps in bins: {per} up to a gap "
        f"of {reach:g}, widening as its root, for rows near 1 / 2 / 3 / more boundaries"
    )


def _explain_offsets(
    n_samples: int, scale: Scale, by_default: bool, motion: OffsetMotion, notes: Mapping[str, Any]
) -> dict[str, Any]:
    boundary = motion.joint.boundary
    effective = motion.arranged(motion.effective_rows)
    off_diagonal = motion.arranged(motion.derivative) < 0
    rough = int(((effective < FEW) & (effective >= MIN_ROWS) & off_diagonal).sum() // 2)
    unknown = int(((effective < MIN_ROWS) & off_diagonal).sum() // 2)
    widths = boundary.widths
    low, high = (widths.min(), widths.max()) if len(widths) else (np.nan, np.nan)
    found: dict[str, Any] = {
        "n_samples": n_samples,
        "weight": float(motion.counted.weight.sum()),
        "scores": "probabilities, compared by their logarithms" if scale == "logit" else "raw scores",
        "coordinate": as_told(scale, by_default),
        "effective_rows": locked(effective),
        "sampling": sampling_note(notes, motion.counted.condition_on),
        "bandwidth" if boundary.method == "tangent" else "step": {"least": float(low), "largest": float(high)},
        "fluxes": {"seen": len(widths), "rough": rough, "unknown": unknown},
        "model": FIXED,
        "cautions": _cautions_of_offsets(motion, unknown),
        **notes,
    }
    if boundary.method == "secant":
        found["reason"] = "the scores sit on atoms near the facets: no density, so counted across a step on either side"
    return found


def _cautions_of_offsets(motion: OffsetMotion, unknown: int) -> list[str]:
    """Say where intervals are nan for want of rows."""
    seen = len(motion.joint.boundary.widths)
    if not seen:
        return ["no row is near any facet: slopes are 0 and have no interval"]
    if not unknown:
        return []
    return [
        f"fewer than {MIN_ROWS} effective rows at {unknown} of the {seen} facets that rows of a class are near: the "
        "intervals of slopes that rest on them are nan"
    ]
