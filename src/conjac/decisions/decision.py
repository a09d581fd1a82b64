"""A threshold or offsets to take, what it gives, and how far it may drift."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.frames import as_plain
from conjac.inference import Cells, Interval, metric_stderr
from conjac.metrics import Metric
from conjac.motion import Motion, OffsetMotion
from conjac.reading import ClassReading, Reading, as_array
from conjac.readonly import ReadOnly, locked
from conjac.rules import ArgmaxRule, ThresholdRule, outcomes_of
from conjac.sensitivity import MetricLimits
from conjac.validation import check_column_names

Limits = Callable[[float], list[Interval]]
"""From a level to the parts of a confidence set of thresholds, ascending."""


@dataclass(frozen=True, eq=False, repr=False)
class Decision:
    """A threshold, what it gives on the rows it was chosen on, and how far it may drift.

    Attributes
    ----------
    rule : ThresholdRule or ArgmaxRule
        Applied to scores by `predict`.
    labels : tuple of length K
        Class labels; of two, the positive one last.
    threshold : float
        In the ``coordinate``; nan where offsets decide.
    coordinate : {"probability", "logit", "percentile", "score"}
        Unit of the threshold, or of the offsets.
    metric : str
        What was to meet a target, or to be best.
    value, value_stderr : float
        Of the metric at the threshold, on the same rows: optimistic for an optimum.
    matrix : array of shape (K, n_outcomes)
        The cells there, on the same rows.
    kind : {"target", "argmax"}
        A target's threshold is a quantile and converges like 1/sqrt(n); an optimum's converges more slowly.
    in_sample : bool
        Whether it was chosen on the rows that it is told on.
    diagnostics : mapping
        How it was found, what was asked, and what not to believe.

    Notes
    -----
    The interval of a target inverts that of the metric; that of an optimum is where the smoothed metric's slope may be
    0. See :doc:`/decisions`, and :doc:`/offsets` for several classes.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 2000)
    >>> score = 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1)))
    >>> curve = cj.ConfusionCurve.from_predictions(y, score)
    >>> decision = curve.solve(recall=0.95)
    >>> decision.value >= 0.95
    True
    >>> decision.predict([0.01, 0.99])
    array([0, 1])
    """

    rule: ThresholdRule | ArgmaxRule
    labels: tuple[Any, ...]
    threshold: float
    coordinate: str
    metric: str
    value: float
    value_stderr: float
    matrix: AnyArray
    kind: Literal["target", "argmax"]
    in_sample: bool
    diagnostics: Mapping[str, Any]
    _flatness: Callable[[], Mapping[str, Any]] = field(repr=False)
    _reading: Reading | ClassReading = field(repr=False)
    _limits: Limits = field(repr=False)
    _value_limits: Callable[[float], Interval] = field(repr=False)
    _motion: Callable[[], Motion | OffsetMotion] = field(repr=False)

    @classmethod
    def of(cls, row: Metric, cells: Cells, **rest: Any) -> Self:
        """Return the decision whose metric and matrix are told of the cells, at one point, that it was chosen on.

        Parameters
        ----------
        row : Metric
            What was to meet a target, or to be best.
        cells : Cells
            At one point, on the rows that it was chosen on.
        **rest
            The other attributes, by name.

        Returns
        -------
        Decision
            With value, error and matrix of these cells.
        """
        return cls(
            metric=row.name,
            value=float(row.value(cells.weight)[0]),
            value_stderr=float(metric_stderr(row, cells)[0]),
            matrix=locked(cells.weight[0][: len(rest["labels"])]),
            in_sample=True,
            _value_limits=MetricLimits(row, cells),
            **rest,
        )

    @cached_property
    def flatness(self) -> Mapping[str, Any]:
        """How far the threshold, or one offset alone, may go till the metric loses ``tolerance`` or a bound is missed.

        Down ("lower") and up ("upper"), in its coordinate; of offsets, arrays of shape (n_outcomes,).
        """
        return ReadOnly(self._flatness())

    @cached_property
    def jacobian(self) -> FloatArray:
        """Derivative of the matrix, per 1.0 of ``coordinate``.

        By the threshold an array of shape (2, 2), by the offsets one of shape (K, n_outcomes, n_outcomes).
        """
        motion = self._motion()
        return locked(motion.arranged(motion.derivative)[: len(self.labels)])

    @property
    def outcomes(self) -> tuple[Any, ...]:
        """What may be predicted: the labels, and "reject" where nothing may be."""
        return tuple(outcomes_of(self.labels, self.rule.n_columns))

    @property
    def offsets(self) -> FloatArray | None:
        """What is added to each outcome's score, less the first's: of shape (n_outcomes,); None of a threshold."""
        return self.rule.offsets if isinstance(self.rule, ArgmaxRule) else None

    def confint(self, level: float = 0.95) -> Interval:
        """Return the interval of the threshold: the least one that holds `confidence_set`.

        Parameters
        ----------
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        Interval
            Lower and upper limits, in the ``coordinate``, arrays of shape (). Of offsets: of each one's difference to
            the first, arrays of shape (n_outcomes,).

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        """
        parts = self._limits(level)
        return Interval(parts[0].lower, parts[-1].upper)

    def confidence_set(self, level: float = 0.95) -> tuple[Interval, ...]:
        """Return the parts of the set of thresholds that may be the population's; an optimum may have several.

        Parameters
        ----------
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        tuple of Interval
            In the ``coordinate``, ascending.

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        """
        return tuple(self._limits(level))

    def value_confint(self, level: float = 0.95) -> Interval:
        """Return the interval of the metric at this threshold, as if it had been fixed in advance.

        Parameters
        ----------
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        Interval
            Lower and upper limit, in the unit of the metric, arrays of shape ().

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        """
        return self._value_limits(level)

    def predict(self, y_score: Any) -> AnyArray:
        """Return the predicted labels, or "reject" where nothing is.

        Parameters
        ----------
        y_score : array of shape (n_samples,), (n_samples, 2) or (n_samples, K)
            Scores of the form that it was decided on.

        Returns
        -------
        array of shape (n_samples,)
            Labels, or "reject".

        Raises
        ------
        InvalidInputError
            Scores of another form, or missing or infinite ones.
        """
        check_column_names(y_score, self.labels)
        return as_array(list(self.outcomes), "labels")[self.rule.predict(self._reading.score(y_score)).astype(np.intp)]

    def to_dict(self, level: float = 0.95) -> dict[str, Any]:
        """Return everything as plain types, ready for JSON; nan becomes None.

        Parameters
        ----------
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        dict of str to Any
            The rule, its value, both intervals, matrix, slopes and diagnostics, as lists and numbers.

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        """
        names = ("metric", "threshold", "coordinate", "kind", "value", "value_stderr", "in_sample", "labels")
        plain: dict[str, Any] = as_plain(
            {
                "schema": "conjac.decision/1",
                **{name: getattr(self, name) for name in names},
                "outcomes": self.outcomes,
                "offsets": self.offsets,
                "score_threshold": None if isinstance(self.rule, ArgmaxRule) else self.rule.threshold,
                "level": level,
                "confint": list(self.confint(level)),
                "value_confint": list(self.value_confint(level)),
                "matrix": self.matrix,
                "jacobian": self.jacobian,
                "flatness": dict(self.flatness),
                "diagnostics": dict(self.diagnostics),
            }
        )
        return plain

    def __repr__(self) -> str:
        """Show the threshold with its interval, and the value."""
        if self.offsets is not None:
            told = ", ".join(f"{name}: {offset:.4g}" for name, offset in zip(self.outcomes, self.offsets, strict=True))
            how = f"offsets in {self.coordinate} {told}"
            return f"Decision({self.kind}: {how}; {self.metric} = {self.value:.4g} +- {self.value_stderr:.2g})"
        lower, upper = (float(side) for side in self.confint())
        return (
            f"Decision({self.kind}: {self.coordinate} {self.threshold:.6g} [{lower:.4g}, {upper:.4g}], "
            f"{self.metric} = {self.value:.4g} +- {self.value_stderr:.2g})"
        )
