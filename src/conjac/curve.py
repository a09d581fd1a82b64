"""Every threshold at once: `ConfusionCurve`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, Self

import numpy as np

from conjac import coordinates
from conjac._typing import ConditionOn, CoordinateName, FloatArray
from conjac.coordinates import COORDINATES
from conjac.decisions import Decision, best_threshold, solve_threshold
from conjac.density import Calibration, density_of
from conjac.diagnostics import sampling_note
from conjac.engines.arrays import counter_of, tally_of
from conjac.engines.binned import COUNTS, BinnedRows, unit_of
from conjac.engines.thresholds import named_scores
from conjac.engines.unlabelled import Unlabelled, expected_rows
from conjac.errors import InvalidInputError
from conjac.figures import Figures
from conjac.framed import FramedCurve
from conjac.inference import Interval, quantile
from conjac.metrics import Metric
from conjac.reading import Reading
from conjac.readonly import ReadOnly
from conjac.tally import Tally
from conjac.validation import Predictions, check_condition, check_predictions


@dataclass(frozen=True, eq=False, repr=False)
class ConfusionCurve(FramedCurve, Figures):
    """The confusion matrix of a binary classifier, and its Jacobian, at every threshold.

    Make one with `from_predictions`, `from_frame`, `from_tally` or `merge`.

    Attributes
    ----------
    labels : tuple of length 2
        Negative label, positive label.
    unit : Coordinate
        What thresholds are told in; its name is ``coordinate``.
    density : Density
        What the slopes are made of.
    counter : Counter
        What the matrices are counted by.
    condition_on : "class" or None
        Whether the class totals are fixed by design.
    diagnostics : mapping
        Rows, what was assumed, rows set aside.
    reading : Reading
        How the score was read from what was passed.
    unlabelled : Unlabelled or None
        Of a curve from scores alone.

    Notes
    -----
    Slopes along the curve are those of :doc:`/density`; what each figure is an estimate of is in :doc:`/design`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 2000)
    >>> score = 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1)))
    >>> curve = cj.ConfusionCurve.from_predictions(y, score)
    >>> curve.matrix_at(0.5)
    array([[812, 145],
           [168, 875]])
    >>> curve.metric_at("f1", np.array([0.3, 0.5, 0.7])).value.round(2)
    array([0.82, 0.85, 0.68])
    """

    diagnostics: Mapping[str, Any]
    reading: Reading = field(default_factory=Reading)
    unlabelled: Unlabelled | None = None

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_score: Any,
        *,
        labels: Any = None,
        pos_label: Any = None,
        sample_weight: Any = None,
        groups: Any = None,
        coordinate: CoordinateName | None = None,
        thresholds: Any = None,
        condition_on: ConditionOn | None = None,
        assume_calibrated: bool = False,
    ) -> Self:
        """Make a curve from labels and scores; counts are exact at any threshold.

        Parameters
        ----------
        y_true : array of shape (n_samples,)
            True labels, of any type that sorts.
        y_score : array of shape (n_samples,) or (n_samples, 2)
            Scores of the positive class, or of both.
        labels : sequence of length 2, optional
            Negative label, positive label. Default: sorted.
        pos_label : label, optional
            The positive label. Default: the last one.
        sample_weight : array of shape (n_samples,), optional
            Sampling weights.
        groups : array of shape (n_samples,), optional
            Clusters of rows that are not independent; makes the errors cluster-robust.
        coordinate : {"probability", "logit", "percentile", "score"}, optional
            Unit of every threshold and slope. Default: "probability" where all scores lie in [0, 1], else "score".
        thresholds : array of shape (n_thresholds,), optional
            Thresholds, in units of ``coordinate``, whose counts stay exact after `merge`.
        condition_on : "class", optional
            Take the class totals as fixed by design (stratified samples).
        assume_calibrated : bool
            Take scores as probabilities that hold, as for `ConfusionJacobian.from_predictions`.

        Returns
        -------
        ConfusionCurve
            Exact at every threshold.

        Raises
        ------
        InvalidInputError
            Input that cannot be used; the message says where and what to do.
        """
        rows = check_predictions(
            y_true, y_score, labels=labels, pos_label=pos_label, sample_weight=sample_weight, groups=groups
        )
        return cls.from_rows(
            rows,
            coordinate=coordinate,
            thresholds=thresholds,
            condition_on=condition_on,
            assume_calibrated=assume_calibrated,
        )

    @classmethod
    def from_rows(
        cls,
        rows: Predictions,
        *,
        coordinate: CoordinateName | None = None,
        thresholds: Any = None,
        condition_on: ConditionOn | None = None,
        assume_calibrated: bool = False,
    ) -> Self:
        """Do as `from_predictions` on rows that `conjac.validation.check_predictions` has checked.

        Parameters
        ----------
        rows : Predictions
            Labels and scores of two classes.
        coordinate : {"probability", "logit", "percentile", "score"}, optional
            As for `from_predictions`.
        thresholds : array of shape (n_thresholds,), optional
            As for `from_predictions`.
        condition_on : "class", optional
            As for `from_predictions`.
        assume_calibrated : bool
            As for `from_predictions`.

        Returns
        -------
        ConfusionCurve
            Exact at every threshold.

        Raises
        ------
        InvalidInputError
            A coordinate that the scores do not fit, a threshold outside its domain, or an unknown ``condition_on``.
        """
        check_condition(condition_on)
        unit = coordinates.choose(rows.score, coordinate)
        named = () if thresholds is None else named_scores(unit, thresholds)
        notes = {
            "n_samples": len(rows.true),
            "scores": "probabilities" if unit.scale == "logit" else "raw scores",
            "coordinate": f"{unit.name}, {'by default' if coordinate is None else 'as asked'}",
            "counts": "exact at any threshold",
            "sampling": sampling_note(rows.notes, condition_on),
            **rows.notes,
        }
        tallied = partial(tally_of, rows, unit, named)
        density = density_of(tallied, unit.scale, rows.block is not None, assume_calibrated, condition_on)
        counter = counter_of(rows, density.tally if named else None)  # too many names are refused here, not later
        return cls(rows.labels, unit, density, counter, condition_on, ReadOnly(notes), rows.reading)

    @classmethod
    def from_tally(
        cls,
        tally: Tally,
        *,
        labels: tuple[Any, Any] | None = None,
        coordinate: CoordinateName | None = None,
        condition_on: ConditionOn | None = None,
        assume_calibrated: bool = False,
    ) -> Self:
        """Make a curve from a tally alone.

        Counts are exact at its named thresholds and bin edges; elsewhere they carry a bound.

        Parameters
        ----------
        tally : Tally
            The sums of all rows.
        labels : tuple of length 2, optional
            Other names for the negative and the positive label. Default: the tally's own.
        coordinate : {"probability", "logit", "percentile", "score"}, optional
            Of the tally's scale. Default: "probability" of log-odds, else "score".
        condition_on : "class", optional
            As for `from_predictions`.
        assume_calibrated : bool
            As for `from_predictions`.

        Returns
        -------
        ConfusionCurve
            With ``bound_at`` telling how far counts may be from the rows'.

        Raises
        ------
        InvalidInputError
            No tally, or a coordinate that does not fit its scale.
        """
        if not isinstance(tally, Tally):
            raise InvalidInputError(f"tally is a {type(tally).__name__}; expected a Tally")
        check_condition(condition_on)
        tally = tally if labels is None else replace(tally, labels=tuple(labels))
        unit = unit_of(tally, coordinate)
        notes: dict[str, Any] = {"n_samples": int(tally.rows.sum()), "counts": COUNTS, "bin_width": tally.step}
        if tally.set_aside:
            notes |= {"set_aside": dict(tally.set_aside), "n_read": notes["n_samples"] + sum(tally.set_aside.values())}
        return cls(
            tally.labels,
            unit,
            density_of(lambda: tally, tally.scale, tally.clustered, assume_calibrated, condition_on),
            BinnedRows.of(tally),
            condition_on,
            ReadOnly(notes),
        )

    @classmethod
    def from_scores(
        cls,
        y_score: Any,
        *,
        labels: tuple[Any, Any] = (0, 1),
        sample_weight: Any = None,
        coordinate: CoordinateName | None = None,
        thresholds: Any = None,
        labelled: tuple[Any, Any] | None = None,
    ) -> Self:
        """Make the curve that is expected of rows without labels, if their scores are calibrated.

        That they are cannot be told from scores alone, and is not claimed: ``diagnostics["assumes"]`` says so.
        Intervals are for the population's expected matrix; `realized_confint_at` has those of these very rows.

        Parameters
        ----------
        y_score : array of shape (n_samples,) or (n_samples, 2)
            Probabilities of the positive class, or of both.
        labels : tuple of length 2
            Negative label, positive label.
        sample_weight : array of shape (n_samples,), optional
            As for `from_predictions`.
        coordinate : {"probability", "logit", "percentile", "score"}, optional
            As for `from_predictions`.
        thresholds : array of shape (n_thresholds,), optional
            As for `from_predictions`.
        labelled : tuple of (y_true, y_score), optional
            Some rows whose labels are known, by which `calibration_at` tests the scores.

        Returns
        -------
        ConfusionCurve
            Of expected cells; ``has_labels`` is False.

        Raises
        ------
        InvalidInputError
            Scores that are no probabilities, or input that cannot be used.

        Notes
        -----
        A row scored p counts as p of a positive and 1 - p of a negative: see :doc:`/density`.

        Examples
        --------
        >>> import numpy as np
        >>> import conjac as cj
        >>> p = np.random.default_rng(0).beta(2, 5, 4000)
        >>> curve = cj.ConfusionCurve.from_scores(p)
        >>> curve.matrix_at(0.5).round()
        array([[2673.,  177.],
               [ 893.,  257.]])
        >>> curve.diagnostics["assumes"]
        'calibration: that a share p of the rows scored p is positive; not checked, since no row has a label'
        """
        rows = expected_rows(y_score, sample_weight, labels)
        known = None if labelled is None else check_predictions(*labelled, labels=labels)
        unlabelled = Unlabelled.of(rows, None if known is None else tally_of(known, COORDINATES["logit"]))
        found = cls.from_rows(rows, coordinate=coordinate, thresholds=thresholds)
        return replace(found, diagnostics=ReadOnly({**found.diagnostics, **unlabelled.notes}), unlabelled=unlabelled)

    def realized_confint_at(self, t: Any, level: float = 0.95) -> Interval:
        """Return the interval of each cell that these very rows would show, were their labels known.

        Of a curve from scores alone: given the scores, the cells vary by the labels, with variance sum p (1 - p).

        Parameters
        ----------
        t : float or array of shape (n_points,) or any other
            Thresholds, in units of ``coordinate``.
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        Interval
            Lower and upper limits, arrays of shape ``(*t.shape, 2, 2)``, in rows.

        Raises
        ------
        InvalidInputError
            A curve of rows whose labels are known.
        """
        if self.unlabelled is None:
            raise InvalidInputError("realized_confint_at: these rows have labels; matrix_at tells their cells")
        score = self.score_of(t).reshape(-1)
        expected, noise = self.weight_at_score(score), self.unlabelled.noise_at(score)
        half = quantile(level, None) * np.sqrt(noise)[:, None, :]
        most = expected.sum(axis=1, keepdims=True)
        sides = (np.clip(expected + side * half, 0, most) for side in (-1, 1))
        return Interval(*(self._shaped(side, t) for side in sides))

    def merge(self, *others: ConfusionCurve) -> Self:
        """Return the curve of all their rows, from their tallies alone; order and grouping do not matter.

        Parameters
        ----------
        *others : ConfusionCurve
            Of the same labels and coordinate.

        Returns
        -------
        ConfusionCurve
            Of all their rows, at the coarsest of their bin widths.

        Raises
        ------
        InvalidInputError
            Other labels, another coordinate, or tallies that do not merge.
        """
        for other in others:
            if not isinstance(other, ConfusionCurve):
                raise InvalidInputError(f"other is a {type(other).__name__}; expected a ConfusionCurve")
            for name in ("labels", "coordinate", "condition_on", "reading", "assume_calibrated", "has_labels"):
                if getattr(self, name) != getattr(other, name):
                    raise InvalidInputError(
                        f"curves of different {name} do not merge: {getattr(self, name)} and {getattr(other, name)}"
                    )
        merged = type(self).from_tally(
            self.tally.merge(*(other.tally for other in others)),
            coordinate=self.unit.name,
            condition_on=self.condition_on,
            assume_calibrated=self.assume_calibrated,
        )
        unlabelled = self.unlabelled
        for other in others:
            unlabelled = unlabelled and other.unlabelled and unlabelled.merge(other.unlabelled)
        told = {
            name: value
            for name, value in self.diagnostics.items()
            if all(other.diagnostics.get(name) == value for other in others)
        }
        return replace(
            merged,
            diagnostics=ReadOnly({**told, **merged.diagnostics, **(unlabelled.notes if unlabelled else {})}),
            reading=self.reading,
            unlabelled=unlabelled,
        )

    def _calibration(self, cut: FloatArray) -> Calibration:
        return super()._calibration(cut) if self.unlabelled is None else self.unlabelled.calibration(cut)

    @property
    def has_labels(self) -> bool:
        """Whether cells are counted, not expected from scores alone."""
        return self.unlabelled is None

    def maximize(
        self,
        metric: str | Metric,
        *,
        subject_to: Any = (),
        confidence: float | None = None,
        method: Literal["smooth", "exact"] = "smooth",
    ) -> Decision:
        """Return the threshold at which a metric is best (least, for a cost), over all cut-offs.

        Parameters
        ----------
        metric : str or Metric
            A name such as "f1" or "recall[spam]", or an object of `conjac.metrics`.
        subject_to : str, Constraint or sequence of them
            Such as "recall >= .9".
        confidence : float, optional
            Ask that each constraint's one-sided limit at this level meets its bound: a constraint met on the sample
            is met in about half of repeats.
        method : {"smooth", "exact"}
            The optimum of the smoothed metric, which varies less from sample to sample, or of the counts.

        Returns
        -------
        Decision
            Its value is told on the rows that chose it, and so is optimistic.

        Raises
        ------
        InfeasibleError
            No threshold meets the constraints; ``nearest`` tells the one that comes nearest.
        InvalidInputError
            A constraint that cannot be read, or a confidence outside its range.
        UnknownMetricError
            A metric that does not exist for two classes.

        Notes
        -----
        See :doc:`/decisions`.
        """
        return best_threshold(self, metric, subject_to=subject_to, confidence=confidence, method=method)

    def solve(self, target: Mapping[str, float] | None = None, **metrics: float) -> Decision:
        """Return the threshold at which a metric meets a target, such as ``solve(recall=.95)``.

        Of recall, the largest threshold that meets it; ``diagnostics["roots"]`` lists every crossing of a metric
        that is not monotone. The interval inverts the metric's own.

        Parameters
        ----------
        target : mapping of one name to its value, optional
            For names that are not identifiers: ``{"recall[spam]": .95}``.
        **metrics : float
            One metric and its value.

        Returns
        -------
        Decision
            With the metric's value there, and the interval of the threshold.

        Raises
        ------
        InfeasibleError
            No threshold reaches it; ``nearest`` tells the one that comes nearest.
        InvalidInputError
            Not one metric and its value, or a value outside the metric's domain.

        Notes
        -----
        See :doc:`/decisions`.
        """
        return solve_threshold(self, {**(target or {}), **metrics})

    def plot(self, metrics: Any = ("precision", "recall", "f1"), *, ax: Any = None) -> Any:
        """Draw metrics along the threshold, with their pointwise bands; see `MetricCurveDisplay`.

        Parameters
        ----------
        metrics : str or Metric, or sequence of them
            At most six.
        ax : Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        Axes
            Of Matplotlib, drawn on.

        Raises
        ------
        InvalidInputError
            More metrics than can be told apart in one picture.
        """
        from conjac.views.displays import MetricCurveDisplay

        return MetricCurveDisplay.of(self, metrics).plot(ax).ax_

    def explore(self, **options: Any) -> Any:
        """Return an explorer, which a notebook shows.

        Parameters
        ----------
        **options
            As for `Explorer.of`: title, metric, subject_to, threshold, level.

        Returns
        -------
        Explorer
            A notebook shows it; ``save`` writes it.
        """
        from conjac.views.explorer import Explorer

        return Explorer.of(self, **options)

    def __repr__(self) -> str:
        """Show what the curve is of."""
        negative, positive = self.labels
        totals = self.counter.totals
        return (
            f"ConfusionCurve({totals[1]:g} of {positive!r}, {totals[0]:g} of {negative!r}; "
            f"thresholds in {self.coordinate}; {self.diagnostics['counts']})"
        )
