"""Bounds on metrics that a decision must meet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from conjac._typing import FloatArray
from conjac.errors import InvalidInputError
from conjac.inference import Interval
from conjac.metrics import Metric
from conjac.metrics.rejection import resolve_outcomes

ROUNDING = 1e-12
"""By which sums of weights miss a bound that they meet."""
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
CONSTRAINT = re.compile(rf"^\s*(?P<metric>.+?)\s*(?P<sign>>=|<=)\s*(?P<bound>{NUMBER})\s*$")


@dataclass(frozen=True)
class Constraint:
    """A bound on a metric: ``recall >= .9``.

    Attributes
    ----------
    metric : Metric
        What is bounded.
    sign : {">=", "<="}
        From below, or from above.
    bound : float
        In the unit of the metric.

    Examples
    --------
    >>> str(Constraint.parse("recall >= .9", labels=(0, 1)))
    'recall >= 0.9'
    """

    metric: Metric
    sign: Literal[">=", "<="]
    bound: float

    @classmethod
    def parse(cls, text: str, labels: Sequence[Any], n_classes: int | None = None) -> Constraint:
        """Read a constraint such as "recall >= .9".

        Parameters
        ----------
        text : str
            A metric's name, a sign and a number.
        labels : sequence
            What the matrix's columns are called.
        n_classes : int, optional
            How many of them are classes; all, but for a reject option.

        Returns
        -------
        Constraint
            With the metric for these classes.

        Raises
        ------
        InvalidInputError
            Text that is not of the form ``metric >= number`` or ``metric <= number``, or a bound outside the metric's
            domain.
        UnknownMetricError
            A metric that does not exist for these classes.
        """
        found = CONSTRAINT.match(str(text))
        if not found:
            raise InvalidInputError(f"subject_to={text!r}: expected 'metric >= number' or 'metric <= number'")
        sign: Literal[">=", "<="] = ">=" if found["sign"] == ">=" else "<="
        metric, bound = resolve_outcomes(found["metric"], labels, n_classes or len(labels)), float(found["bound"])
        if bound not in metric.domain:
            low, high = metric.domain.lower, metric.domain.upper
            raise InvalidInputError(f"subject_to={text!r}: {metric.name} lies in [{low:g}, {high:g}]")
        return cls(metric, sign, bound)

    @property
    def side_sign(self) -> float:
        """1 of a lower bound, -1 of an upper one."""
        return 1.0 if self.sign == ">=" else -1.0

    def shortfall(self, value: FloatArray) -> FloatArray:
        """Return by how much each value misses the bound; 0 where it is met, infinite where undefined.

        Parameters
        ----------
        value : array of shape (n_points,) or any other
            Of the metric.

        Returns
        -------
        array of shape ``value.shape``
            In the unit of the metric.
        """
        gap = self.side_sign * (self.bound - value)
        gap = np.where(gap <= ROUNDING * max(1.0, abs(self.bound)), np.minimum(gap, 0.0), gap)
        return np.asarray(np.where(np.isnan(value), np.inf, np.maximum(gap, 0.0)))

    def side(self, limits: Interval) -> FloatArray:
        """Return the limit of an interval that must meet the bound.

        Parameters
        ----------
        limits : Interval
            Of the metric.

        Returns
        -------
        array of shape ``limits.lower.shape``
            The lower ones of a lower bound, else the upper ones.
        """
        return limits.lower if self.sign == ">=" else limits.upper

    def __str__(self) -> str:
        """Return the constraint as it was written."""
        return f"{self.metric.name} {self.sign} {self.bound:g}"


def parse_constraints(
    subject_to: str | Constraint | Iterable[str | Constraint] | None,
    labels: Sequence[Any],
    n_classes: int | None = None,
) -> tuple[Constraint, ...]:
    """Return constraints from one string, several, or none."""
    if subject_to is None:
        return ()
    listed = [subject_to] if isinstance(subject_to, str | Constraint) else list(subject_to)
    return tuple(c if isinstance(c, Constraint) else Constraint.parse(c, labels, n_classes) for c in listed)


def check_confidence(confidence: float | None, constraints: Sequence[Constraint]) -> None:
    """Refuse a level that no one-sided limit has, or that nothing is asked to be met with."""
    if confidence is None:
        return
    if not 0.5 < confidence < 1:
        raise InvalidInputError(f"confidence={confidence}: expected a number between .5 and 1, such as .95")
    if not constraints:
        raise InvalidInputError(f"confidence={confidence}: it asks constraints to hold surely; name some in subject_to")


def how_met(confidence: float | None) -> str:
    """Say what to expect of constraints that a decision meets."""
    if confidence:
        return f"met with one-sided confidence {confidence}"
    return "met on these rows; in new rows a binding one is met about half of the time (see confidence=)"
