"""From a model's rows to the motion of the cells with its own parameters: row by row, or weighed and pulled back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from conjac._typing import FloatArray, IntArray
from conjac.coordinates import COORDINATES, margins
from conjac.density.crossing import Crossing
from conjac.density.fixed import SOFT_REACH, FixedWeights, soft_crossing
from conjac.density.velocity import Known, Speeds
from conjac.diagnostics import as_told, explain_parameters
from conjac.engines.arrays import count_cells
from conjac.engines.decided import Decided
from conjac.engines.speeds import HELD, Cotangents, Pushed
from conjac.errors import NotDifferentiableError, NotSupportedError
from conjac.facets import Facets
from conjac.inference.crossing_sums import CrossingSums
from conjac.inference.drift_joint import DriftJoint
from conjac.models import checked_parameters
from conjac.models.parametric import Parametric
from conjac.models.structure import Repeated, Structure
from conjac.motion import Again, DriftMotion, PulledMotion, Unsaved, cut_of
from conjac.perturbations import Parameters
from conjac.readonly import ReadOnly
from conjac.rules import ArgmaxRule, ThresholdRule
from conjac.validation.arguments import row_blocks

LOOKED_AT = 4
"""Rows nearest to a facet on which derivatives are tried, and as many evenly from all."""
CHECKED = 10**7
"""Parameters above which no row's own gradient is held to be compared."""
FEW = 1024
"""Parameters up to which each row's derivatives are held."""


@dataclass(frozen=True, eq=False)
class Learned(Unsaved):
    """The parameters of a model that a Jacobian is by.

    Attributes
    ----------
    structure : Structure
    along : callable
        From a flat direction to the motion along it.
    """

    structure: Structure
    along: Callable[[FloatArray], DriftMotion]


def parametrized(decided: Decided, moves: Parameters) -> dict[str, Any]:
    """Return the fields of a Jacobian, but how it is normalised.

    Parameters
    ----------
    decided : Decided
    moves : Parameters

    Raises
    ------
    NotSupportedError
        A model whose parameters are not known.
    NotDifferentiableError
        Scores on atoms.
    """
    model = decided.model
    if model.parametric is None:
        raise NotSupportedError(
            f"wrt='parameters': {model.response} has no parameters with a known derivative "
            f"({model.derivative or 'none'}); networks of PyTorch, JAX and Keras have, and scikit-learn's linear "
            "classifiers and perceptrons"
        )
    parametric = model.parametric(moves.names)
    crossing = decided.crossing if moves.bandwidth is None else softened(decided, moves.bandwidth)
    if crossing.method == "secant":
        raise NotDifferentiableError(
            "wrt='parameters': the scores sit on atoms near the boundary, and have no density there; pass scores that "
            "are not rounded, or Parameters(bandwidth=...) for the derivative of a soft count"
        )
    entries = Entries(decided, crossing, parametric)
    given = None if moves.bandwidth is None else FixedWeights.soft(crossing, decided.rows.weight)
    n = parametric.structure.size
    motion: DriftMotion | PulledMotion
    if moves.method == "dense" or (moves.method == "auto" and n <= FEW):
        moving = entries.rows()
        motion = _drifting(entries, given, moving, replace(moving).of_one)
        how = "each row by each parameter"
        along: Callable[[FloatArray], DriftMotion] = partial(_along, entries, given)
    else:
        fixed = FixedWeights.of(crossing, decided.rows.weight) if given is None else given
        motion = pulled_motion(decided, entries, fixed)
        how = "rows weighed by their margins, and pulled back"
        along = motion.along
    read = {
        "response_method": model.response,
        "derivative": f"{model.derivative}, {_looked_at(decided, parametric)}",
        "method": how,
        "n_parameters": n,
        "leaves": dict(zip(parametric.structure.names, parametric.structure.shapes, strict=True)),
        "frozen": list(parametric.frozen),
        "kernel": "density's" if moves.bandwidth is None else "Gaussian, of the bandwidth that was given",
    }
    told = as_told(decided.coordinate, decided.by_default)
    return {
        **decided.fields(),
        "diagnostics": ReadOnly(explain_parameters(decided.rows, told, crossing, decided.cells, read)),
        "parameters": parametric.structure.entries,
        "units": Repeated("1 of the parameter", n),
        "_motion": motion,
        "_learned": Learned(parametric.structure, along),
    }


@dataclass(frozen=True, eq=False)
class Entries:
    """The rows near facets, and how their margins follow the model's parameters.

    Attributes
    ----------
    decided : Decided
    crossing : Crossing
    parametric : Parametric
    """

    decided: Decided
    crossing: Crossing
    parametric: Parametric

    def rows(self) -> Pushed:
        """Return the velocities of each entry by each parameter."""
        n = self.parametric.structure.size
        return Pushed(self.crossing, self.decided.inputs, self.parametric.rows, self._cotangents, n)

    def pull(self, each: FloatArray) -> FloatArray:
        """Return the weighted sum of the entries' velocities, array of shape (n_parameters,).

        Parameters
        ----------
        each : array of shape (n_entries,)
        """
        total = np.zeros(self.parametric.structure.size)
        for part, row, place in self._blocks(np.flatnonzero(each)):
            told = np.atleast_2d(self._cotangents.of(part)) * each[part, None]
            cotangent = np.zeros((len(row), told.shape[1]))
            np.add.at(cotangent, place, told)
            total += self.parametric.pull(self.decided.inputs.take(row).native, cotangent)
        return total

    def push(self, direction: FloatArray) -> FloatArray:
        """Return the velocities of the entries along a direction, array of shape (n_entries,)."""
        found = np.zeros(len(self.crossing.row))
        for part, row, place in self._blocks(np.arange(len(found))):
            pushed = self.parametric.push(self.decided.inputs.take(row).native, direction)
            found[part] = (self._cotangents.of(part) * pushed[place]).sum(axis=1)
        return found

    @property
    def _cotangents(self) -> Cotangents:
        model = self.decided.model
        return Cotangents(self.crossing, self.decided.rows.score, model.scale, self.decided.scale)

    def _blocks(self, some: IntArray) -> Any:
        """Yield entries with the rows that they are of, and the place of each entry's row among these."""
        own = self.crossing.row[some]
        starts = np.flatnonzero(np.concatenate([[True], own[1:] != own[:-1]])) if len(own) else np.zeros(0, np.intp)
        step = max(1, HELD // 8 // len(self.decided.inputs.names))
        for start, stop in pairwise([*starts[::step].tolist(), len(own)]):
            row, place = np.unique(own[start:stop], return_inverse=True)
            yield some[start:stop], row, place


def softened(decided: Decided, bandwidth: float) -> Crossing:
    """Return the facets with the rows that are near them under a Gaussian kernel of a given bandwidth."""
    rows, reach = decided.rows, SOFT_REACH * bandwidth
    if isinstance(decided.rule, ThresholdRule):
        cut = float(cut_of(np.array([decided.rule.threshold]), COORDINATES[decided.coordinate])[0])
        margin = margins(rows.score, decided.scale) - cut
        near = np.flatnonzero(np.abs(margin) < reach)
        both = np.arange(2)
        sides = both, np.zeros_like(both), np.ones_like(both)
        return soft_crossing(sides, rows.true[near], near, margin[near], rows.weight, bandwidth)
    assert isinstance(decided.rule, ArgmaxRule)
    n, facets = decided.rule.n_columns, Facets.of(decided.rule, rows.score, reach)
    order = np.argsort(facets.row, kind="stable")
    row = facets.row[order].astype(np.intp)
    seen, facet = np.unique(rows.true[row] * n * n + facets.pair[order], return_inverse=True)
    y, lower, upper = map(np.asarray, np.unravel_index(seen, (n, n, n)))
    return soft_crossing((y, lower, upper), facet, row, facets.margin[order], rows.weight, bandwidth)


def pulled_motion(decided: Decided, entries: Entries, fixed: FixedWeights) -> PulledMotion:
    """Return the motion of the cells with all parameters, by pulls of weighed rows."""
    rows, outcomes = decided.rows, decided.outcomes
    block = row_blocks(len(rows.true)) if rows.block is None else rows.block
    shape = (decided.rule.n_columns,) * 2
    blocks = count_cells(rows.true, outcomes.predicted, shape, rows.weight, block, decided.condition_on)
    return PulledMotion(
        cells=decided.cells,
        fixed=fixed,
        blocks=blocks,
        block=block[fixed.crossing.row],
        weight=rows.weight,
        cluster=rows.block,
        n_parameters=entries.parametric.structure.size,
        pull=Again(entries.pull),
        push=Again(entries.push),
    )


def _looked_at(decided: Decided, parametric: Parametric) -> str:
    """Compare derivatives with differences near the boundary, where they matter, and elsewhere, where scores are large.

    Raises
    ------
    NotDifferentiableError
        Derivatives that are not those of the scores.
    """
    if parametric.structure.size > CHECKED:
        return f"not checked: more than {CHECKED:.0e} parameters"
    near, n_rows = decided.nearest(LOOKED_AT)[:LOOKED_AT], decided.inputs.n_rows
    some = np.unique(np.concatenate([near, np.arange(0, n_rows, max(1, n_rows // LOOKED_AT))[:LOOKED_AT]]))
    return checked_parameters(decided.model, parametric, decided.inputs.take(some))


def _along(entries: Entries, given: FixedWeights | None, direction: FloatArray) -> DriftMotion:
    velocity = entries.push(direction)
    return _drifting(entries, given, Known(velocity), lambda _: velocity)


def _drifting(
    entries: Entries, given: FixedWeights | None, moving: Speeds, of_one: Callable[[int], FloatArray]
) -> DriftMotion:
    """Return the motion of entries at their velocities: by the density's estimate, or under a kernel that is given."""
    decided = entries.decided
    weight, block = decided.rows.weight, decided.rows.block
    if given is None:
        sums = CrossingSums.of(entries.crossing, weight, block, moving)
    else:
        sums = CrossingSums.of_fixed(given, weight, block, moving)
    return DriftMotion(DriftJoint(decided.cells, sums), Again(of_one), fixed=given)
