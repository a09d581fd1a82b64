"""Rows under a rule: what stays the same whatever moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from conjac import coordinates
from conjac._typing import ConditionOn, CoordinateName, Scale
from conjac.coordinates import margins
from conjac.density import density_of
from conjac.density.crossing import Crossing
from conjac.engines.arrays import count_cells, counter_of, tally_of
from conjac.engines.classes import boundary_of, rule_of
from conjac.engines.outcomes import Outcomes
from conjac.engines.thresholds import resolve_threshold
from conjac.inference import Cells
from conjac.motion import cut_of
from conjac.reading import n_columns
from conjac.readonly import locked
from conjac.rules import ArgmaxRule, ThresholdRule
from conjac.validation import (
    ClassPredictions,
    Predictions,
    check_classes,
    check_condition,
    check_predictions,
    refuse_with_offsets,
    refuse_with_threshold,
)


@dataclass(frozen=True, eq=False)
class Decision:
    """Rows, the rule that decides them, and the facets near which they lie.

    Attributes
    ----------
    rows : Predictions or ClassPredictions
    rule : ThresholdRule or ArgmaxRule
    scale : {"logit", "score"}
        What margins are made of.
    coordinate : str
    by_default : bool
        Whether the coordinate was not asked for.
    threshold : float
        As told; nan of offsets.
    condition_on : {"class", None}
    look : callable
        From nothing to the facets with the rows near them.
    """

    rows: Predictions | ClassPredictions
    rule: ThresholdRule | ArgmaxRule
    scale: Scale
    coordinate: CoordinateName
    by_default: bool
    threshold: float
    condition_on: ConditionOn | None
    look: Callable[[], Crossing]

    @classmethod
    def of(
        cls,
        y_true: Any,
        y_score: Any,
        *,
        threshold: float | None = None,
        offsets: Any = None,
        coordinate: CoordinateName | None = None,
        condition_on: ConditionOn | None = None,
        pos_label: Any = None,
        **same: Any,
    ) -> Decision:
        """Check rows and apply the rule.

        Parameters
        ----------
        y_true, y_score
            As for `conjac.ConfusionJacobian.from_predictions`.
        threshold, offsets, coordinate, condition_on, pos_label, **same
            As for `conjac.ConfusionJacobian.from_predictions`; ``same``: labels, sample_weight, groups.
        """
        check_condition(condition_on)
        by_default = coordinate is None
        if n_columns(y_score) > 2:
            refuse_with_offsets(threshold=threshold, pos_label=pos_label)
            rows = check_classes(y_true, y_score, coordinate=coordinate, **same)
            rule = rule_of(rows, offsets)
            look = partial(_look_at_classes, rows, rule)
            return Decision(rows, rule, rule.scale, rule.scale, by_default, np.nan, condition_on, look)
        refuse_with_threshold(offsets, False)
        binary = check_predictions(y_true, y_score, pos_label=pos_label, **same)
        unit = coordinates.choose(binary.score, coordinate)
        told, cut = resolve_threshold(partial(counter_of, binary), unit, threshold)
        look = partial(_look_at_threshold, binary, unit, cut, condition_on)
        return Decision(binary, ThresholdRule(cut), unit.scale, unit.name, by_default, told, condition_on, look)

    @cached_property
    def crossing(self) -> Crossing:
        """The facets with the rows near them."""
        return self.look()

    @cached_property
    def outcomes(self) -> Outcomes:
        """True and predicted classes."""
        return Outcomes.of(self.rows, self.rule.predict(self.rows.score), self.rule.n_columns, self.rule)

    @cached_property
    def cells(self) -> Cells:
        """Exact counts."""
        shape = (self.rule.n_columns,) * 2
        predicted = self.outcomes.predicted
        return count_cells(self.rows.true, predicted, shape, self.rows.weight, self.rows.block, self.condition_on)

    def fields(self) -> dict[str, Any]:
        """Return what of a Jacobian's fields is the decision's."""
        return {
            "labels": self.rows.labels,
            "threshold": self.threshold,
            "offsets": locked(self.rule.offsets) if isinstance(self.rule, ArgmaxRule) else None,
            "coordinate": self.coordinate,
            "_outcomes": self.outcomes,
        }


def _look_at_classes(rows: ClassPredictions, rule: ArgmaxRule) -> Crossing:
    return Crossing.of_boundary(boundary_of(rows, rule), rows.true)


def _look_at_threshold(
    rows: Predictions, unit: coordinates.Coordinate, cut: float, condition_on: ConditionOn | None
) -> Crossing:
    density = density_of(partial(tally_of, rows, unit), unit.scale, rows.block is not None, False, condition_on)
    where = float(cut_of(np.array([cut]), unit)[0])
    return Crossing.of_threshold(density, where, rows.true, margins(rows.score, unit.scale))
