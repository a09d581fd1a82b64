"""What results say of themselves in words: assumptions, and figures that should not be believed."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

import numpy as np

from conjac._typing import ConditionOn
from conjac.coordinates import Coordinate
from conjac.density import Flux
from conjac.density.tangent import ENOUGH_ROWS
from conjac.errors import ConjacWarning
from conjac.motion import MIN_ROWS
from conjac.validation import Predictions


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
