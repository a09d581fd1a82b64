"""How far one figure moved between two sets of rows, or two models, and whether beyond noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from conjac.comparison import Comparison
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric, resolve
from conjac.sensitivity import MetricLimits
from conjac.views.summary.measure import NAN, UNDEFINED, Measure, clean, title_of

UNDIRECTED = ("alert_rate", "prevalence")
"""Figures of which neither more nor less is better."""


@dataclass(frozen=True)
class Change:
    """One figure, before and after.

    Attributes
    ----------
    name, title : str
        As conjac calls it, and as people do.
    before, after : Measure
        nan where the figure is 0/0.
    difference : Measure
        After less before, with an interval of its own; nan where either is, or has no interval.
    p_value : float
        Two-sided, adjusted by Holm's method together with others.
    beyond_noise : bool
        By the adjusted p-value, so that an interval may leave 0 out and this be False.
    greater_is_better : bool or None
        None where neither is.
    share : bool
        Whether it lies between 0 and 1, so that differences can be told in points.
    bounded : bool
        Whether it has a least and a largest value, so that it can be drawn beside others.
    """

    name: str
    title: str
    before: Measure
    after: Measure
    difference: Measure
    p_value: float
    beyond_noise: bool
    greater_is_better: bool | None
    share: bool
    bounded: bool

    @property
    def change(self) -> Measure:
        """The difference, as a ranking takes it."""
        return self.difference

    @property
    def better(self) -> int:
        """1 where it moved for the better beyond noise, -1 for the worse, else 0."""
        if not self.beyond_noise or self.greater_is_better is None:
            return 0
        return 1 if (self.difference.value > 0) == self.greater_is_better else -1


def changes_of(
    found: Comparison, a: ConfusionJacobian, b: ConfusionJacobian, metrics: Sequence[Metric], level: float
) -> tuple[Change, ...]:
    """Take every metric of a comparison, with its value in either matrix.

    Parameters
    ----------
    found : Comparison
    a, b : ConfusionJacobian
        That were compared.
    metrics : sequence of Metric
        That were compared, in their order.
    level : float
        Of the intervals.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 1000)
    >>> a, b = (cj.confusion_jacobian(y, rng.normal(skill * y, 1), threshold=skill / 2) for skill in (1, 2))
    >>> (told,) = changes_of(cj.compare(a, b, metrics="recall"), a, b, [cj.metrics.resolve("recall", (0, 1))], 0.95)
    >>> told.title, round(told.difference.value, 3), told.better
    ('Recall', 0.114, 1)
    """
    lower, upper = found.confint(level)
    return tuple(
        _told(
            Change(
                name=clean(row.name),
                title=title_of(row.name),
                before=value_of(a, row, level),
                after=value_of(b, row, level),
                difference=Measure(*(float(side[k]) for side in (found.difference, lower, upper))),
                p_value=float(found.p_values[k]),
                beyond_noise=bool(found.beyond_noise[k]),
                greater_is_better=None if row.name in UNDIRECTED else row.greater_is_better,
                share=(row.domain.lower, row.domain.upper) == (0, 1),
                bounded=bool(np.isfinite([row.domain.lower, row.domain.upper]).all()),
            )
        )
        for k, row in enumerate(metrics)
    )


def _told(change: Change) -> Change:
    """Leave a difference untold where either figure has no interval, as F1 of rows of one class."""
    if np.isfinite([change.before.lower, change.after.lower]).all():
        return change
    return replace(change, difference=UNDEFINED, p_value=NAN, beyond_noise=False)


def value_of(J: ConfusionJacobian, row: Metric, level: float) -> Measure:
    """Return a metric's value with its interval; nan where it is 0/0, whose value is a convention."""
    if np.isnan(row.gradient(J.cells.weight[0])).all():
        return UNDEFINED
    return Measure.of(row.value(J.cells.weight)[0], MetricLimits(row, J.cells)(level))


def listed(names: Sequence[str | Metric], chosen: Metric, labels: tuple[object, ...]) -> list[Metric]:
    """Return metrics by name, the chosen one first."""
    rows = [resolve(name, labels) for name in names]
    return [chosen, *(row for row in rows if row != chosen)]
