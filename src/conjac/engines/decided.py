"""A model's rows under a rule: what stays the same whatever drifts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from conjac import coordinates
from conjac._typing import ConditionOn, CoordinateName, FloatArray, IntArray, Scale
from conjac.coordinates import class_scores, margins
from conjac.density import density_of
from conjac.density.crossing import Crossing
from conjac.engines.arrays import count_cells, counter_of, tally_of
from conjac.engines.classes import boundary_of, rule_of
from conjac.engines.outcomes import Outcomes
from conjac.engines.thresholds import resolve_threshold
from conjac.errors import InvalidInputError
from conjac.inference import Cells
from conjac.inputs import Inputs
from conjac.models import Model, oriented, scored
from conjac.motion import cut_of
from conjac.readonly import locked
from conjac.rules import ArgmaxRule, ThresholdRule
from conjac.validation import (
    ClassPredictions,
    Predictions,
    check_classes,
    check_condition,
    check_predictions,
    check_truth,
    distinct,
    refuse_with_offsets,
    refuse_with_threshold,
)


@dataclass(frozen=True, eq=False)
class Decided:
    """Rows, the rule that decides them, and the facets near which they lie.

    Attributes
    ----------
    model : Model
        Oriented by the labels.
    inputs : Inputs
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

    model: Model
    inputs: Inputs
    rows: Predictions | ClassPredictions
    rule: ThresholdRule | ArgmaxRule
    scale: Scale
    coordinate: CoordinateName
    by_default: bool
    threshold: float
    condition_on: ConditionOn | None
    look: Callable[[], Crossing]

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

    def predict(self, native: Any) -> IntArray:
        """Return the predicted class of other inputs, array of shape (n_rows,)."""
        return np.asarray(self.rule.predict(self.model.scores(native)), dtype=np.intp)

    def compared(self, native: Any) -> FloatArray:
        """Return what margins are made of, array of shape (n_rows, n_outputs): see `conjac.models.Model`."""
        score = self.model.scores(native)
        if isinstance(self.rule, ThresholdRule):
            return margins(score, self.scale)[:, None]
        return class_scores(score.T, self.scale).T

    def nearest(self, n_rows: int) -> IntArray:
        """Return the rows nearest to a facet, at most so many."""
        distance = np.abs(self.crossing.distance)
        if len(distance) > n_rows:
            near = np.argpartition(distance, n_rows)[:n_rows]
            return np.unique(self.crossing.row[near])
        return np.unique(self.crossing.row)


def decide(
    model: Model,
    X: Any,
    y_true: Any,
    *,
    threshold: float | None = None,
    offsets: Any = None,
    coordinate: CoordinateName | None = None,
    condition_on: ConditionOn | None = None,
    labels: Any = None,
    pos_label: Any = None,
    sample_weight: Any = None,
    groups: Any = None,
) -> Decided:
    """Score rows and apply the rule; arguments as for `conjac.ConfusionJacobian.from_estimator`."""
    check_condition(condition_on)
    inputs = Inputs.of(X, model.columns)
    order = order_of(model, y_true, labels, pos_label)
    model, score = oriented(model, order, scored(model, X))
    same = {"labels": order, "sample_weight": sample_weight, "groups": groups}
    if len(order) > 2:
        refuse_with_offsets(threshold=threshold, pos_label=pos_label)
        rows = check_classes(y_true, score, coordinate=coordinate, **same)
        rule = rule_of(rows, offsets)
        look = partial(_look_at_classes, rows, rule)
        return Decided(
            model, inputs, rows, rule, rule.scale, rule.scale, coordinate is None, np.nan, condition_on, look
        )
    refuse_with_threshold(offsets, False)
    binary = check_predictions(y_true, score, **same)
    unit = coordinates.choose(binary.score, coordinate)
    told, cut = resolve_threshold(partial(counter_of, binary), unit, threshold)
    look = partial(_look_at_threshold, binary, unit, cut, condition_on)
    cutting = ThresholdRule(cut)
    return Decided(model, inputs, binary, cutting, unit.scale, unit.name, coordinate is None, told, condition_on, look)


def _look_at_classes(rows: ClassPredictions, rule: ArgmaxRule) -> Crossing:
    return Crossing.of_boundary(boundary_of(rows, rule), rows.true)


def _look_at_threshold(
    rows: Predictions, unit: coordinates.Coordinate, cut: float, condition_on: ConditionOn | None
) -> Crossing:
    density = density_of(partial(tally_of, rows, unit), unit.scale, rows.block is not None, False, condition_on)
    where = float(cut_of(np.array([cut]), unit)[0])
    return Crossing.of_threshold(density, where, rows.true, margins(rows.score, unit.scale))


def order_of(model: Model, y_true: Any, labels: Any, pos_label: Any) -> list[Any]:
    """Return the labels, of two the positive one last: as given, as the model's classes, or as they occur."""
    found = list(labels) if labels is not None else list(model.classes) if model.classes is not None else None
    if found is None:
        found = distinct(check_truth(y_true))
    if labels is None and pos_label is not None and len(found) == 2:
        if pos_label not in found:
            raise InvalidInputError(f"pos_label={pos_label!r} is not among the labels {found}")
        found = [label for label in found if label != pos_label] + [pos_label]
    return found
