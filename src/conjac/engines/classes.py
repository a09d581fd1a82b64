"""Exact counts and fluxes of several classes at one rule, from rows held in memory or from sums over rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from conjac._typing import ConditionOn, Scale
from conjac.bundles import Bundles
from conjac.density import Boundary
from conjac.density.facet_scale import FacetScale
from conjac.diagnostics import explain_bundles, explain_classes
from conjac.engines.arrays import count_cells
from conjac.engines.outcomes import Outcomes
from conjac.errors import InvalidInputError
from conjac.inference import BoundaryJoint, Cells
from conjac.motion import OffsetMotion
from conjac.perturbations import OFFSET_UNITS
from conjac.reading import as_array, as_float
from conjac.readonly import ReadOnly, locked
from conjac.rules import REJECT, ArgmaxRule, outcomes_of
from conjac.validation import ClassPredictions


def rule_of(rows: ClassPredictions, offsets: Any) -> ArgmaxRule:
    """Return the rule of offsets as they are told; None is none.

    Parameters
    ----------
    rows : ClassPredictions
    offsets : array of shape (n_classes,) or (n_classes + 1,), Decision, ArgmaxRule or None
        A decision and a rule have a scale of their own.

    Raises
    ------
    InvalidInputError
        Offsets that are not one finite number a class, or a rule for probabilities where scores are none.
    """
    return rule_for(rows.labels, rows.reading.scale, offsets)


def rule_for(labels: Sequence[Any], scale: Scale, offsets: Any) -> ArgmaxRule:
    """Do as `rule_of`, for labels and the scale of their scores."""
    if offsets is None:
        return ArgmaxRule(np.zeros(len(labels)), scale)
    rule = getattr(offsets, "rule", offsets)
    if isinstance(rule, ArgmaxRule):
        if rule.scale == "logit" != scale:
            raise InvalidInputError("offsets are of a rule for probabilities, and y_score has none; pass probabilities")
        offsets, scale = rule.offsets, rule.scale
    told = as_float(as_array(offsets, "offsets"), "offsets").astype(np.float64)
    n = len(labels)
    if told.shape not in ((n,), (n + 1,)):
        raise InvalidInputError(
            f"offsets has shape {told.shape}; expected ({n},), one a class, or ({n + 1},) with that of a reject option"
        )
    check_outcomes(labels, len(told))
    bad = np.flatnonzero(~np.isfinite(told))
    if len(bad):
        raise InvalidInputError(f"offsets[{bad[0]}] is {told[bad[0]]}; expected a finite number a class")
    return ArgmaxRule(told - told[0], scale)


def check_outcomes(labels: Sequence[Any], n_columns: int) -> None:
    """Refuse a reject option beside a class of its name."""
    if n_columns > len(labels) and REJECT in map(str, labels):
        raise InvalidInputError(f"a reject option is asked for, and a class is called {REJECT!r}; rename it")


def cells_at(rows: ClassPredictions, rule: ArgmaxRule, condition_on: ConditionOn | None) -> Cells:
    """Count the cells of a rule."""
    shape = (rule.n_columns, rule.n_columns)  # a reject option has a row as well, of nobody
    return count_cells(rows.true, rule.predict(rows.score), shape, rows.weight, rows.block, condition_on)


def boundary_of(rows: ClassPredictions, rule: ArgmaxRule, for_optima: bool = False) -> Boundary:
    """Estimate the fluxes across a rule's facets."""
    per_cluster = len(rows.true) / rows.notes.get("n_clusters", len(rows.true))
    return Boundary.of(rule, rows.true, rows.score, rows.weight, per_cluster, for_optima)


def motion_of(bundles: Bundles, condition_on: ConditionOn | None) -> OffsetMotion:
    """Return what `motion_at` does, from bundles of rows."""
    weights, facets, shape = bundles.weights, bundles.facets, (bundles.rule.n_columns,) * 2
    scale = FacetScale.of_facets(facets, bundles.true, weights, per_cluster=bundles.rows_per_cluster)
    boundary = Boundary.of_facets(facets, bundles.true, weights, scale)
    block, by_block = bundles.block, None
    sums = [np.zeros((1, *shape), dtype=total.dtype) for total in (bundles.weight, bundles.weight2)]
    for table, total in zip(sums, (bundles.weight, bundles.weight2), strict=True):
        np.add.at(table.ravel(), boundary.cell, total)
    if block is not None:
        by_block = np.zeros((1, *shape, int(block.max(initial=0)) + 1))
        np.add.at(by_block.reshape(boundary.value.shape[0] ** 2, -1), (boundary.cell, block), bundles.weight)
    return OffsetMotion(BoundaryJoint(Cells(sums[0], sums[1], by_block, condition_on), boundary, block))


def motion_at(
    rows: ClassPredictions, rule: ArgmaxRule, condition_on: ConditionOn | None, for_optima: bool = False
) -> OffsetMotion:
    """Count the cells of a rule and estimate the fluxes across its facets."""
    boundary = boundary_of(rows, rule, for_optima)
    shape = (rule.n_columns, rule.n_columns)
    cells = count_cells(rows.true, boundary.facets.predicted, shape, rows.weight, rows.block, condition_on)
    return OffsetMotion(BoundaryJoint(cells, boundary, rows.block))


def of_rows(
    rows: ClassPredictions, rule: ArgmaxRule, condition_on: ConditionOn | None, by_default: bool
) -> dict[str, Any]:
    """Return the fields of a `conjac.ConfusionJacobian` by the offsets of a rule.

    Parameters
    ----------
    rows : ClassPredictions
    rule : ArgmaxRule
    condition_on : {"class", None}
    by_default : bool
        Whether nobody asked for the coordinate.
    """
    motion = motion_at(rows, rule, condition_on)
    outcomes = Outcomes.of(rows, motion.joint.boundary.facets.predicted, rule.n_columns, rule)
    return _fields(rows.labels, rule, motion, outcomes, explain_classes(rows, by_default, motion))


def of_bundles(
    bundles: Bundles,
    condition_on: ConditionOn | None,
    by_default: bool,
    notes: Mapping[str, Any],
) -> dict[str, Any]:
    """Do as `of_rows`, from sums over rows; ``notes`` are what was read into these.

    Raises
    ------
    InvalidInputError
        No rows, or none of any weight.
    """
    if not bundles.weight.any():
        raise InvalidInputError("bundles hold no row of any weight; at least one is needed")
    motion = motion_of(bundles, condition_on)
    return _fields(bundles.labels, bundles.rule, motion, None, explain_bundles(bundles, by_default, motion, notes))


def _fields(
    labels: tuple[Any, ...],
    rule: ArgmaxRule,
    motion: OffsetMotion,
    outcomes: Outcomes | None,
    diagnostics: Mapping[str, Any],
) -> dict[str, Any]:
    return {
        "labels": labels,
        "threshold": np.nan,
        "offsets": locked(rule.offsets),
        "coordinate": rule.scale,
        "diagnostics": ReadOnly(diagnostics),
        "parameters": tuple(f"offset[{label}]" for label in outcomes_of(labels, rule.n_columns)),
        "units": (OFFSET_UNITS[rule.scale],) * rule.n_columns,
        "_motion": motion,
        "_outcomes": outcomes,
    }
