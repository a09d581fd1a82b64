"""From velocities that are told beside the scores to the motion of the cells: of rows in memory, or of their tally."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from conjac._typing import ConditionOn, FloatArray
from conjac.coordinates import Coordinate
from conjac.density import density_of
from conjac.density.crossing import Crossing
from conjac.density.velocity_moments import VelocityMoments
from conjac.diagnostics import as_told, explain_moved, explain_moved_sums
from conjac.engines.binned import BinnedRows, cells_at
from conjac.engines.decision import Decision
from conjac.engines.speeds import Cotangents
from conjac.engines.thresholds import resolve_threshold
from conjac.errors import InvalidInputError
from conjac.inference.crossing_sums import CrossingSums
from conjac.inference.drift_joint import DriftJoint
from conjac.motion import Again, DriftMotion, cut_of
from conjac.perturbations import Velocities
from conjac.readonly import ReadOnly
from conjac.tally import Tally
from conjac.validation import check_speeds
from conjac.weights import Weights

SHARED = "assume_calibrated: densities are shared under the threshold alone; leave it out"
READ = {
    "derivative": "of the scores, as it was passed with them",
    "assumes": "the derivatives are those of the scores; rows and labels stay",
}


@dataclass(frozen=True, eq=False)
class Stated:
    """Velocities that are told; as `conjac.density.velocity.Speeds`.

    Attributes
    ----------
    velocity : array of shape (n_entries, n_parameters)
        Of the margins.
    """

    velocity: FloatArray

    alike: ClassVar[bool] = False
    together: ClassVar[bool] = False

    @classmethod
    def of(cls, decision: Decision, velocity: FloatArray) -> Stated:
        """Take those of the rows near facets, array of shape (n_samples, [n_classes,] n_parameters)."""
        crossing = decision.crossing
        near = velocity[crossing.row]
        cotangents = Cotangents(crossing, decision.rows.score, "score", decision.scale)
        each = np.atleast_2d(cotangents.of(slice(0, len(near))))  # one for all, or one an entry
        outputs = near.reshape(len(near), each.shape[1], -1)
        return cls((each[..., None] * outputs).sum(axis=1))

    @property
    def n_parameters(self) -> int:
        """How many parameters move the rows."""
        return int(self.velocity.shape[1])

    def blocks(self) -> Iterable[tuple[slice, FloatArray]]:
        """Yield all entries at once."""
        yield slice(0, len(self.velocity)), self.velocity


def told_of_rows(moves: Velocities, y_true: Any, y_score: Any, **options: Any) -> dict[str, Any]:
    """Return the fields of a Jacobian, but how it is normalised.

    Parameters
    ----------
    moves : Velocities
    y_true, y_score, **options
        As for `conjac.engines.decision.Decision.of`.
    """
    decision = Decision.of(y_true, y_score, **options)
    rows, crossing = decision.rows, decision.crossing
    speeds = Stated.of(decision, check_speeds(moves.columns, moves.names, rows.score.shape))
    sums = CrossingSums.of(crossing, rows.weight, rows.block, speeds)
    motion = DriftMotion(DriftJoint(decision.cells, sums), Again(lambda place: speeds.velocity[:, place]))
    told = as_told(decision.coordinate, decision.by_default)
    found = explain_moved(rows, told, moves.names, motion, READ)
    return {**decision.fields(), **_moved(moves.names, found, motion)}


def told_of_tally(
    tally: Tally,
    labels: tuple[Any, Any],
    unit: Coordinate,
    read: Mapping[str, Any],
    *,
    threshold: float | None,
    by_default: bool,
    condition_on: ConditionOn | None,
) -> dict[str, Any]:
    """Do as `told_of_rows`, of a tally with velocities; arguments as for `conjac.ConfusionJacobian.from_tally`."""
    if not tally.velocities:
        raise InvalidInputError(
            "wrt='velocities': this tally has none; start one with Tally.zero(..., velocities=names), or pass "
            "velocities= to ConfusionCurve.from_frame"
        )
    counter = BinnedRows.of(tally)
    told, score = resolve_threshold(lambda: counter, unit, threshold)
    at, coordinate = np.array([score]), as_told(unit.name, by_default)
    density = density_of(lambda: tally, tally.scale, tally.clustered, False, condition_on)
    cells = cells_at(counter, density, unit, at, condition_on)
    cut = float(cut_of(at, unit)[0])
    crossing = Crossing.of_threshold(density, cut, tally.keys[:, 0], tally.positions)
    weights = Weights(tally.rows, tally.weight, tally.weight2)
    near = crossing.row
    moments = VelocityMoments.of_sums(tally.moments[near], tally.weight[near], tally.weight2[near])
    sums = CrossingSums.of_moments(crossing, weights, tally.keys[:, 4] if tally.clustered else None, moments)
    motion = DriftMotion(DriftJoint(cells, sums))
    notes = counter.notes(labels, unit, at, read, condition_on)
    found = explain_moved_sums(labels, notes, coordinate, tally.velocities, motion, READ)
    rule = {"labels": labels, "threshold": told, "offsets": None, "coordinate": unit.name, "_outcomes": None}
    return {**rule, **_moved(tally.velocities, found, motion)}


def _moved(names: tuple[str, ...], found: dict[str, Any], motion: DriftMotion) -> dict[str, Any]:
    units = tuple(f"1 of {name}" for name in names)
    return {"diagnostics": ReadOnly(found), "parameters": names, "units": units, "_motion": motion}
