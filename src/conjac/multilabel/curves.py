"""A curve a label, all of the same rows: `MultilabelCurves`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np

from conjac import coordinates
from conjac._typing import ConditionOn, CoordinateName
from conjac.curve import ConfusionCurve
from conjac.decisions import Decision
from conjac.diagnostics import as_told, sampling_note
from conjac.errors import NotSupportedError
from conjac.metrics import Metric
from conjac.multilabel.averages import LabelAverage, resolve_average
from conjac.multilabel.decision import MultilabelDecision
from conjac.multilabel.figures import MultilabelFigures
from conjac.multilabel.tuning import best_thresholds, one_class, solved_thresholds
from conjac.readonly import ReadOnly
from conjac.validation import check_condition, check_labels


@dataclass(frozen=True, eq=False, repr=False)
class MultilabelCurves(MultilabelFigures, Mapping[Any, ConfusionCurve]):
    """The confusion matrix of each of several labels, and its Jacobian, at a threshold each.

    Labels do not exclude each other. A mapping from label to `ConfusionCurve`; make one with `from_predictions`.

    Attributes
    ----------
    rows : LabelPredictions
        Labels and scores, as they were checked.
    curves : tuple of ConfusionCurve
        One a label, in the order of the columns.
    diagnostics : mapping
        Rows, and what was assumed.

    Notes
    -----
    A label's threshold moves its own cells alone, so that the Jacobian of all cells by all thresholds is block
    diagonal. What ties labels is that they are of the same rows: errors of averages have the labels' covariance, exact
    for values; for slopes, what a flux has in common with the other labels' cells is summed over 64 strata of rows.
    See :doc:`/multilabel`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = (rng.random((2000, 2)) < [0.5, 0.2]).astype(int)
    >>> p = 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1)))
    >>> curves = cj.MultilabelCurves.from_predictions(y, p, labels=["loud", "fast"])
    >>> curves.matrix_at(0.5)
    array([[[ 804,  187],
            [ 166,  843]],
    <BLANKLINE>
           [[1341,  255],
            [  65,  339]]])
    >>> curves.metric_at("f1_macro", [0.5, 0.7]).value.round(3)
    np.float64(0.746)
    >>> curves["fast"].maximize("f1").threshold > 0.5
    True
    """

    diagnostics: Mapping[str, Any]

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_score: Any,
        *,
        labels: Sequence[Any] | None = None,
        coordinate: CoordinateName | None = None,
        sample_weight: Any = None,
        groups: Any = None,
        condition_on: ConditionOn | None = None,
    ) -> Self:
        """Make a curve a label; counts are exact at any threshold.

        Parameters
        ----------
        y_true : array, frame or sparse array of shape (n_samples, L)
            1 where a row has a label, else 0.
        y_score : array or frame of shape (n_samples, L), or list of L arrays of shape (n_samples, 2)
            Probabilities or raw scores; or what ``predict_proba`` of scikit-learn's multi-output estimators gives.
        labels : sequence of length L, optional
            Names of the columns. Default: those of a frame, else 0, 1, ...
        coordinate : {"probability", "logit", "score"}, optional
            Unit of all thresholds. Default: probability where all scores lie in [0, 1], else score.
        sample_weight : array of shape (n_samples,), optional
            As for `ConfusionCurve.from_predictions`.
        groups : array of shape (n_samples,), optional
            As for `ConfusionCurve.from_predictions`.
        condition_on : None
            Class totals of several labels are not fixed by one design: ask each label's own curve.

        Returns
        -------
        MultilabelCurves
            A mapping from label to `ConfusionCurve`.

        Raises
        ------
        InvalidInputError
            Input that cannot be used; the message says where and what to do.
        NotSupportedError
            ``condition_on="class"``, or the percentile coordinate.
        """
        check_condition(condition_on)
        for name, value in (("condition_on", condition_on), ("coordinate", coordinate)):
            if value in ("class", "percentile"):
                raise NotSupportedError(
                    f"{name}={value!r} is not for several labels; make one label's curve with it, "
                    "ConfusionCurve.from_predictions(y_true[:, 0], y_score[:, 0], ...)"
                )
        rows = check_labels(y_true, y_score, labels=labels, sample_weight=sample_weight, groups=groups)
        unit = coordinates.choose(rows.score.ravel(), coordinate)
        parts = [rows.of(column) for column in range(len(rows.labels))]
        curves = tuple(ConfusionCurve.from_rows(part, coordinate=unit.name) for part in parts)
        lacking = {label: why for label, why in zip(rows.labels, map(one_class, curves), strict=True) if why}
        notes = {
            "n_samples": len(rows.true),
            "n_labels": len(rows.labels),
            "scores": "probabilities" if unit.scale == "logit" else "raw scores",
            "coordinate": as_told(unit.name, coordinate is None),
            "sampling": sampling_note(parts[0].notes, None),
            "covariance": "labels are of the same rows: errors of averages have their covariance",
            "one_class": {str(label): f"{why}: slopes of its metrics have no error" for label, why in lacking.items()},
            **rows.notes,
        }
        return cls(rows, curves, ReadOnly(notes))

    def maximize(
        self,
        metric: str | Metric,
        *,
        subject_to: Any = (),
        confidence: float | None = None,
        method: Literal["smooth", "exact"] = "smooth",
    ) -> MultilabelDecision:
        """Return the thresholds at which an average over labels is best (least, for a cost).

        A macro or weighted average is best where each label is. A micro average couples the labels: its best value over
        all combinations of cut-offs is found exactly, by Dinkelbach's method, and with it what each label is to
        maximise. With ``method="smooth"`` each label takes the optimum of its smoothed metric, given that value.

        Parameters
        ----------
        metric : str or Metric
            As for `metric_at`.
        subject_to : str, Constraint or sequence of them
            Of labels: "recall >= .9" for each, "recall[label] >= .9" for one.
        confidence : float, optional
            As for `ConfusionCurve.maximize`.
        method : {"smooth", "exact"}
            As for `ConfusionCurve.maximize`.

        Returns
        -------
        MultilabelDecision
            Its value is told on the rows that chose it, and so is optimistic.

        Raises
        ------
        InfeasibleError
            A label's constraints cannot be met.
        NotSupportedError
            A bound on an average, a micro average that is no ratio, or a metric of whole rows.
        UnknownMetricError
            No average over labels.

        Notes
        -----
        Where a label has rows of one class only, a metric may be the same at every threshold: the one of fewest
        positives is taken, and the label's decision says so. The interval of a threshold is that of its own optimum.
        For a micro average a label's own decision tells what it maximises, its numerator less the best value times
        its denominator, per row; in the intervals the best value is taken as known.
        """
        average = resolve_average(metric)
        decisions, told = best_thresholds(self, average, subject_to, confidence, method)
        notes = {**told, "value": "told on the rows it was chosen on: optimistic"}
        return self._decision(average, decisions, "argmax", notes)

    def solve(self, target: Mapping[str, float] | None = None, **metrics: float) -> MultilabelDecision:
        """Return the thresholds at which each label's own metric meets a target, such as ``solve(recall=.95)``.

        Parameters
        ----------
        target : mapping of str to float, optional
            One metric's value for all labels, and values for single ones: ``{"recall": .9, "recall[fast]": .8}``.
        **metrics : float
            One metric and its value.

        Returns
        -------
        MultilabelDecision
            With each label's own decision.

        Raises
        ------
        InfeasibleError
            A label that does not reach it.
        InvalidInputError
            No metric, several, a label that is none of these, or labels for which no value is told.
        """
        aims = {**(target or {}), **metrics}
        decisions, base = solved_thresholds(self, aims)
        return self._decision(resolve_average(f"{base}_macro"), decisions, "target", {"target": aims})

    def _decision(
        self, average: LabelAverage, decisions: list[Decision], kind: Literal["target", "argmax"], notes: dict[str, Any]
    ) -> MultilabelDecision:
        score = np.array([decision.rule.threshold for decision in decisions])  # type: ignore[union-attr]
        told = self.average_at_score(average, score)
        lone = {str(label): d.diagnostics["one_class"] for label, d in zip(self.labels, decisions, strict=True)
                if "one_class" in d.diagnostics}  # fmt: skip
        return MultilabelDecision(
            labels=self.labels,
            decisions=tuple(decisions),
            coordinate=self.coordinate,
            metric=average.name,
            value=float(told.value),
            value_stderr=float(told.stderr),
            kind=kind,
            in_sample=True,
            diagnostics=ReadOnly({**self.diagnostics, **notes, "one_class": lone}),
            _value_limits=told.confint,
        )

    def __getitem__(self, label: Any) -> ConfusionCurve:
        """Return one label's curve."""
        if label not in self.labels:
            raise KeyError(f"there is no label {label!r}; the labels are {list(self.labels)[:20]}")
        return self.curves[self.labels.index(label)]

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the labels."""
        return iter(self.labels)

    def __len__(self) -> int:
        """Return the number of labels."""
        return len(self.labels)

    def __repr__(self) -> str:
        """Show what the curves are of."""
        return f"MultilabelCurves({len(self)} labels of {len(self.rows.true)} rows; thresholds in {self.coordinate})"
