"""What a tuned decision gives on rows that it was not tuned on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from sklearn.utils.parallel import Parallel, delayed

from conjac._typing import AnyArray, BoolArray, CoordinateName, IntArray
from conjac.decisions import Constraint, Decision
from conjac.engines.arrays import count_cells
from conjac.errors import InvalidInputError
from conjac.estimators.held_out import FOLDS, HeldOut
from conjac.inference import Cells, Interval, metric_interval, metric_stderr
from conjac.metrics import Metric
from conjac.readonly import locked
from conjac.rules import ArgmaxRule, ThresholdRule
from conjac.tuning import maximize
from conjac.validation import ClassPredictions, Predictions, check_classes, check_predictions

Rule = ThresholdRule | ArgmaxRule


@dataclass(frozen=True, eq=False)
class Tuning:
    """What is made best, and for which classes.

    Attributes
    ----------
    metric : Metric
    constraints : tuple of Constraint
    labels : tuple
        In the order of the matrix: of two, the positive one is last.
    coordinate : str or None
    confidence : float or None
        With which constraints are to be met.
    method : {"smooth", "exact"}
    """

    metric: Metric
    constraints: tuple[Constraint, ...]
    labels: tuple[Any, ...]
    coordinate: CoordinateName | None
    confidence: float | None
    method: Literal["smooth", "exact"]

    def decide(self, rows: HeldOut) -> Decision:
        """Return the best decision for rows."""
        decision = maximize(
            rows.true,
            rows.score,
            self.metric,
            subject_to=self.constraints,
            confidence=self.confidence,
            method=self.method,
            coordinate=self.coordinate,
            labels=self.labels,
            sample_weight=rows.weight,
            groups=rows.groups,
        )
        assert isinstance(decision, Decision)  # of one label
        return decision

    def checked(self, rows: HeldOut) -> Predictions | ClassPredictions:
        """Return the rows as they are counted."""
        how: dict[str, Any] = {"labels": self.labels, "sample_weight": rows.weight, "groups": rows.groups}
        if len(self.labels) == 2:
            return check_predictions(rows.true, rows.score, **how)
        return check_classes(rows.true, rows.score, coordinate=self.coordinate, **how)

    def apart(self, rows: HeldOut, chosen: BoolArray) -> tuple[Rule | None, IntArray | str]:
        """Tune on the other rows and decide the chosen: the rule and its predictions, or None and why there is none."""
        try:
            rule = self.decide(rows.where(~chosen)).rule
        except InvalidInputError as error:
            return None, str(error)
        return rule, rule.predict(rows.score[chosen]).astype(np.intp)


@dataclass(frozen=True, eq=False)
class Nested:
    """A metric of predictions by decisions each of which was tuned without the rows that it decides.

    Attributes
    ----------
    tuning : Tuning
    cells : Cells or None
        Of all folds together; None where a fold has no decision.
    rules : tuple of ThresholdRule, ArgmaxRule or None
        One a fold.
    reason : str
        Why a fold has no decision; empty where all have one.
    """

    tuning: Tuning
    cells: Cells | None
    rules: tuple[Rule | None, ...]
    reason: str

    @classmethod
    def of(cls, tuning: Tuning, rows: HeldOut, n_jobs: Any) -> Nested:
        """Decide each fold's rows by the others'."""
        counted = tuning.checked(rows)
        fold = rows.fold if rows.fold.any() else _dealt(counted)
        members = [fold == k for k in np.unique(fold)]
        found = Parallel(n_jobs=n_jobs)(delayed(tuning.apart)(rows, chosen) for chosen in members)
        rules = tuple(rule for rule, _ in found)
        reasons = [f"fold {k}: {why}" for k, (rule, why) in enumerate(found) if rule is None]
        if reasons:
            return cls(tuning, None, rules, reasons[0])
        predicted = np.empty(len(fold), dtype=np.intp)
        for chosen, (_, own) in zip(members, found, strict=True):
            predicted[chosen] = own
        shape = (len(tuning.labels), len(tuning.labels))
        cells = count_cells(counted.true, predicted, shape, counted.weight, counted.block, None)
        return cls(tuning, cells, rules, "")

    @property
    def matrix(self) -> AnyArray:
        """Confusion matrix; of nan where a fold has no decision."""
        size = len(self.tuning.labels)
        return np.full((size, size), np.nan) if self.cells is None else locked(self.cells.weight[0])

    @property
    def value(self) -> float:
        """The metric; nan where a fold has no decision."""
        return np.nan if self.cells is None else float(self.tuning.metric.value(self.cells.weight)[0])

    @property
    def stderr(self) -> float:
        """Its standard error, for the rows' sampling alone."""
        return np.nan if self.cells is None else float(metric_stderr(self.tuning.metric, self.cells)[0])

    def confint(self, level: float) -> Interval:
        """Return its interval, for the rows' sampling alone."""
        if self.cells is None:
            return Interval(np.array(np.nan), np.array(np.nan))
        return Interval(*(side[0] for side in metric_interval(self.tuning.metric, self.cells, level)))


def _dealt(rows: Predictions | ClassPredictions) -> IntArray:
    """Deal rows that one model scored to folds: class by class or, of clusters, whole blocks."""
    if rows.block is not None:
        return np.asarray(rows.block % FOLDS)
    fold = np.empty(len(rows.true), dtype=np.intp)
    fold[np.argsort(rows.true, kind="stable")] = np.arange(len(rows.true)) % FOLDS
    return fold
