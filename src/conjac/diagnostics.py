"""What a result says of itself: how it was read, by which method, under which assumptions."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np

from conjac._typing import ConditionOn, FloatArray, Scale
from conjac.bundles import BINS, Bundles
from conjac.coordinates import Coordinate, scores_of
from conjac.density import Density, Flux
from conjac.density.crossing import Crossing
from conjac.density.tangent import ENOUGH_ROWS
from conjac.errors import ConjacWarning
from conjac.inference import Cells
from conjac.motion import MIN_ROWS, DriftMotion, MixMotion, Motion, OffsetMotion, RecountedMotion, WeightedMotion
from conjac.readonly import locked
from conjac.validation import ClassPredictions, Predictions


class Diagnosed(Protocol):
    """What says of itself how it was made."""

    @property
    def diagnostics(self) -> Mapping[str, Any]:
        """How it was read, by which method, under which assumptions."""
        ...


Told = TypeVar("Told", bound=Diagnosed)

FIXED = "taken as fixed: nothing is said of a retrained one"
PAST_THE_END = "the threshold is at or past the end of the domain, where no margin is finite"
FEW = 10
"""Effective rows below which an interval is rough."""
CAUTIONS = {
    "unknown": f"fewer than {MIN_ROWS} effective rows of class {{}} at the threshold: the interval of its slope is nan",
    "rough": f"fewer than {FEW} effective rows of class {{}} at the threshold: the interval of its slope is rough",
    "finer": "the scores of class {} show more than their number resolves: the interval of its slope may be too short",
    "calib": "the labels near the threshold are not what calibrated scores say, of class {}: "
    "the slope follows the labels, and the assumption is worth nothing here",
    "edge": f"fewer than {ENOUGH_ROWS} rows of class {{}} between the threshold and the end of its scores: "
    "the interval of its slope may be too short",
    "no share": f"fewer than {MIN_ROWS} effective rows of category {{}}, or of the others: "
    "the intervals of the slopes with its share are nan",
    "rough share": f"fewer than {FEW} effective rows of category {{}}, or of the others: "
    "the intervals of the slopes with its share are rough",
}


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
    found: dict[str, Any] = {
        "n_samples": len(rows.true),
        "weight": float(motion.counted.weight.sum()),
        "coordinate": coordinate,
        **read,
        "effective_rows": dict(zip(names, motion.effective_rows.tolist(), strict=True)),
        "sampling": sampling_note(rows.notes, motion.counted.condition_on),
        **rows.notes,
    }
    doubted: dict[Any, str] = {}
    if isinstance(motion, RecountedMotion):
        found["step"] = dict(zip(names, motion.steps.tolist(), strict=True))
        found["step_unit"] = "half-width, in units of the column"
        found["bias"], found["bias_stderr"] = (locked(motion.arranged(x)) for x in (motion.bias, motion.bias_stderr))
    else:
        crossing = motion.joint.sums.crossing
        found |= _spanned(crossing)
        doubted = _doubted(rows, crossing)
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
        "cautions": cautions(_doubted(rows, crossing)),
        **rows.notes,
    }


def _doubted(rows: Predictions | ClassPredictions, crossing: Crossing) -> dict[Any, str]:
    """Return why each class's interval should not be believed, as a key of `CAUTIONS`; of two classes alone."""
    if len(rows.labels) != 2:
        return {}
    of_class = zip(rows.labels, crossing.n_eff, crossing.doubt, strict=True)
    return {label: _few(n) or str(why) for label, n, why in of_class}


def _spanned(crossing: Crossing) -> dict[str, Any]:
    """Return the bandwidths of a crossing, and why there are none."""
    low, high = np.min(crossing.bandwidth, initial=np.inf), np.max(crossing.bandwidth, initial=-np.inf)
    found: dict[str, Any] = {"bandwidth": {"least": float(low), "largest": float(high)} if low <= high else {}}
    return found | ({"reason": PAST_THE_END} if crossing.method == "undefined" else {})


def _few(n: float) -> str:
    return "unknown" if n < MIN_ROWS else "rough" if n < FEW else ""


def as_told(coordinate: str, by_default: bool) -> str:
    """Say which coordinate is used, and whether it was asked for."""
    return f"{coordinate}, {'by default' if by_default else 'as asked'}"


def notes_of(rows: Predictions, unit: Coordinate) -> dict[str, Any]:
    """Return what is known of rows in memory."""
    notes: dict[str, Any] = {"n_samples": len(rows.true), **rows.notes}
    if unit.scale == "logit":
        notes |= {"exact_zeros": int((rows.score == 0).sum()), "exact_ones": int((rows.score == 1).sum())}
    return notes


def sampling_note(notes: Mapping[str, Any], condition_on: ConditionOn | None) -> str:
    """Say what the standard errors take as random.

    Parameters
    ----------
    notes : mapping
        What is known of the rows; "n_clusters" where they come in clusters.
    condition_on : {"class", None}
    """
    n_clusters = notes.get("n_clusters")
    units = "rows drawn independently (no groups given)" if n_clusters is None else f"{n_clusters} clusters of rows"
    return f"{units}; {totals_note(condition_on)}"


def totals_note(condition_on: ConditionOn | None) -> str:
    """Say whether the standard errors take the class totals as random."""
    return "class totals fixed by design" if condition_on else "class totals random"


def doubts(flux: Flux) -> list[str]:
    """Return why each class's interval should not be believed, as a key of `CAUTIONS`; of the first point."""
    rows = flux.n_eff[0]
    few = np.select([rows < MIN_ROWS, rows < FEW], ["unknown", "rough"], "")
    return [str(mine or theirs) for mine, theirs in zip(few, flux.doubt[0], strict=True)]


def cautions(found: Mapping[Any, str]) -> list[str]:
    """Say which figures should not be believed, and why.

    Parameters
    ----------
    found : mapping of label to str
        As `doubts` tells.
    """
    by_reason = {why: [repr(label) for label, doubt in found.items() if doubt == why] for why in CAUTIONS}
    return [CAUTIONS[why].format(", ".join(named)) for why, named in by_reason.items() if named]


def warned(result: Told) -> Told:
    """Warn whoever asked for a result of what in it should not be believed, and return it."""
    for caution in result.diagnostics["cautions"]:
        warnings.warn(caution, ConjacWarning, stacklevel=3)
    return result
