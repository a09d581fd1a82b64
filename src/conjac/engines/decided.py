"""A model's rows under a rule: what stays the same whatever drifts."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from conjac._typing import FloatArray, IntArray
from conjac.coordinates import class_scores, margins
from conjac.engines.decision import Decision
from conjac.errors import InvalidInputError
from conjac.inputs import Inputs
from conjac.models import Model, oriented, scored
from conjac.rules import ThresholdRule
from conjac.validation import check_truth, distinct


@dataclass(frozen=True, eq=False)
class Decided(Decision):
    """A decision by a model that is at hand.

    Attributes
    ----------
    model : Model
        Oriented by the labels.
    inputs : Inputs
    """

    model: Model
    inputs: Inputs

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


def decide(model: Model, X: Any, y_true: Any, *, labels: Any = None, pos_label: Any = None, **options: Any) -> Decided:
    """Score rows and apply the rule; arguments as for `conjac.ConfusionJacobian.from_estimator`."""
    inputs = Inputs.of(X, model.columns)
    order = order_of(model, y_true, labels, pos_label)
    model, score = oriented(model, order, scored(model, X))
    if len(order) > 2:
        options["pos_label"] = pos_label  # which is refused
    decision = Decision.of(y_true, score, labels=order, **options)
    return Decided(**{one.name: getattr(decision, one.name) for one in fields(decision)}, model=model, inputs=inputs)


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
