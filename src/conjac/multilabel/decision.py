"""A threshold a label, what they give together, and how sure each is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.decisions import Decision
from conjac.errors import InvalidInputError
from conjac.frames import as_plain
from conjac.inference import Interval
from conjac.reading import label_scores
from conjac.readonly import locked


@dataclass(frozen=True, eq=False, repr=False)
class MultilabelDecision:
    """A threshold a label, and what they give on the rows that they were chosen on.

    Attributes
    ----------
    labels : tuple of length L
        Names of the labels, in the order of the columns.
    decisions : tuple of Decision
        Each label's own, in the order of the columns: with its matrix, flatness and confidence set.
    coordinate : str
        Unit of the thresholds.
    metric : str
        The average over labels.
    value, value_stderr : float
        Of the average over labels, on the same rows: optimistic for an optimum. The error has the labels' covariance.
    kind : {"target", "argmax"}
        Whether a target was to be met, or the average made best.
    in_sample : bool
        Whether it was chosen on the rows that it is told on.
    diagnostics : mapping
        How it was found, and what was asked.

    Notes
    -----
    See :doc:`/multilabel`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> share = np.array([0.5, 0.3, 0.1])
    >>> y = (rng.random((4000, 3)) < share).astype(int)
    >>> p = 1 / (1 + (1 - share) / share * np.exp(-2 * rng.normal(2 * y - 1, 1)))
    >>> best = cj.maximize(y, p, "f1_micro")
    >>> best.thresholds.round(2), round(best.value / 2, 2)  # of calibrated scores half the best value, each
    (array([0.41, 0.4 , 0.36]), 0.4)
    >>> best.predict(p).shape
    (4000, 3)
    """

    labels: tuple[Any, ...]
    decisions: tuple[Decision, ...]
    coordinate: str
    metric: str
    value: float
    value_stderr: float
    kind: Literal["target", "argmax"]
    in_sample: bool
    diagnostics: Mapping[str, Any]
    _value_limits: Callable[[float], Interval] = field(repr=False)

    def __getitem__(self, label: Any) -> Decision:
        """Return one label's decision."""
        return self.decisions[self.labels.index(label)]

    @property
    def thresholds(self) -> FloatArray:
        """One a label, in the ``coordinate``, array of shape (L,); infinite where a label is never predicted."""
        return locked(np.array([decision.threshold for decision in self.decisions]))

    @property
    def matrix(self) -> AnyArray:
        """Each label's cells, array of shape (L, 2, 2), as `sklearn.metrics.multilabel_confusion_matrix` counts."""
        return locked(np.stack([decision.matrix for decision in self.decisions]))

    @property
    def jacobian(self) -> FloatArray:
        """Derivative of each label's cells by its own threshold, per unit of it, array of shape (L, 2, 2); else 0."""
        return locked(np.stack([decision.jacobian for decision in self.decisions]))

    def confint(self, level: float = 0.95) -> Interval:
        """Return the interval of each threshold.

        Parameters
        ----------
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        Interval
            Lower and upper limits, arrays of shape (L,), in units of ``coordinate``; pointwise, not adjusted for their
            number.

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        """
        limits = np.array([decision.confint(level) for decision in self.decisions])
        return Interval(limits[:, 0], limits[:, 1])

    def value_confint(self, level: float = 0.95) -> Interval:
        """Return the interval of the average at these thresholds, as if they had been fixed in advance.

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
        """Return the indicator of the labels predicted.

        Parameters
        ----------
        y_score : array of shape (n_samples, L), or list of L arrays of shape (n_samples, 2)
            Scores of the form that it was decided on.

        Returns
        -------
        array of shape (n_samples, L)
            1 where a label is predicted, else 0.

        Raises
        ------
        InvalidInputError
            Scores of another form or for another number of labels, or missing or infinite ones.
        """
        score = label_scores(y_score)
        if score.shape[1] != len(self.labels):
            raise InvalidInputError(f"y_score has {score.shape[1]} columns; expected {len(self.labels)}, one a label")
        rules = zip(self.decisions, score.T, strict=True)
        return np.stack([decision.rule.predict(column) for decision, column in rules], axis=1).astype(np.intp)

    def to_dict(self, level: float = 0.95) -> dict[str, Any]:
        """Return everything as plain types, ready for JSON; nan and infinities become None.

        Parameters
        ----------
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        dict of str to Any
            The average, and each label's decision with its limits.

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        """
        names = ("metric", "coordinate", "kind", "value", "value_stderr", "in_sample", "labels", "thresholds")
        plain: dict[str, Any] = as_plain(
            {
                "schema": "conjac.multilabel_decision/1",
                **{name: getattr(self, name) for name in names},
                "level": level,
                "value_confint": list(self.value_confint(level)),
                "decisions": [decision.to_dict(level) for decision in self.decisions],
                "diagnostics": dict(self.diagnostics),
            }
        )
        return plain

    def __repr__(self) -> str:
        """Show the thresholds and the value."""
        told = zip(self.labels, self.thresholds, strict=True)
        shown = ", ".join(f"{label}: {threshold:.4g}" for label, threshold in told)
        return (
            f"MultilabelDecision({self.kind}: {self.coordinate} {shown}; "
            f"{self.metric} = {self.value:.4g} +- {self.value_stderr:.2g})"
        )
