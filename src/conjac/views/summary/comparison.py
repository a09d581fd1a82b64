"""Two models, or two periods, compared: what moved beyond noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from conjac.comparison import compare, compare_slopes
from conjac.inference import Estimate, Interval
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric
from conjac.views.summary.change import Change, changes_of
from conjac.views.summary.choices import Choice
from conjac.views.summary.heatmap import HeatMap
from conjac.views.summary.lines import Lines
from conjac.views.summary.measure import Step, clean
from conjac.views.summary.ranking import SHOWN, Bar, Ranking

PER = 1000
"""Rows that shares are told in."""


@dataclass(frozen=True)
class Compared:
    """What moved from a first set of figures to a second, of any number of classes.

    Attributes
    ----------
    before, after : str
        What either is called.
    paired : bool
        Whether both judge the same rows, so that what they agree on cancels.
    rows_told : str
        Why they are taken as the same rows or as separate ones.
    clusters : bool
        Whether rows of both come in clusters: one that has rows on both sides counts as one.
    correction : str
        For how many metrics p-values are adjusted.
    level : float
        Of every interval.
    n_before, n_after : int
        Rows.
    threshold_before, threshold_after : float
        Of two classes, in the coordinate; nan of more.
    changes : tuple of Change
        The chosen metric first.
    cells : HeatMap
        Of the cells as shares, in rows per 1,000.
    counts : HeatMap or None
        Of the counts; None where the totals differ.
    slopes : HeatMap or None
        Of the slopes per step, in rows per 1,000; None where they are not of the same thing.
    slopes_told : {"separate", "bound", ""}
        Whether variances were added, or errors, the most that the error can be where rows or clusters are shared.
    data : tuple of Change
        What changed in the rows themselves: prevalence, mean score.
    best : tuple of Choice
        The threshold that is best for each, before and after; empty where a class is absent.
    lines : Lines or None
        The chosen metric of each along the threshold.
    """

    before: str
    after: str
    paired: bool
    rows_told: str
    clusters: bool
    correction: str
    level: float
    n_before: int
    n_after: int
    threshold_before: float
    threshold_after: float
    changes: tuple[Change, ...]
    cells: HeatMap
    counts: HeatMap | None
    slopes: HeatMap | None
    slopes_told: str
    data: tuple[Change, ...] = ()
    best: tuple[Choice, ...] = ()
    lines: Lines | None = None

    @classmethod
    def of(
        cls,
        a: ConfusionJacobian,
        b: ConfusionJacobian,
        metrics: Sequence[Metric],
        *,
        before: str,
        after: str,
        paired: bool | None = None,
        step: Step | None = None,
        level: float = 0.95,
    ) -> Compared:
        """Compare two matrices and their Jacobians.

        Parameters
        ----------
        a, b : ConfusionJacobian
            Of the same labels.
        metrics : sequence of Metric
            The chosen one first.
        before, after : str
            What to call a and b.
        paired : bool, optional
            As for `conjac.compare`.
        step : Step, optional
            Of a threshold, that slopes are told for. Without it slopes are left out.
        level : float
            Of every interval.

        Examples
        --------
        >>> import numpy as np
        >>> import conjac as cj
        >>> rng = np.random.default_rng(0)
        >>> y = rng.integers(0, 2, 1000)
        >>> a, b = (cj.confusion_jacobian(y, rng.normal(skill * y, 1), threshold=skill / 2) for skill in (1, 2))
        >>> found = Compared.of(a, b, [cj.metrics.resolve("recall", (0, 1))], before="old", after="new")
        >>> found.paired, found.ranked.bars[0].told_apart
        (True, True)
        """
        found = compare(a, b, paired, metrics=list(metrics), level=level)
        names = clean(before), clean(after)
        blocked = [J.cells.by_block is not None for J in (a, b)]
        separate = not found.paired and not all(blocked)
        slopes = None if step is None else _slopes(a, b, step, names, level, separate)
        return cls(
            before=names[0],
            after=names[1],
            paired=found.paired,
            rows_told=clean(found.diagnostics["rows"]),
            clusters=all(blocked),
            correction=clean(found.diagnostics["correction"]),
            level=level,
            n_before=int(found.diagnostics["n_samples"][0]),
            n_after=int(found.diagnostics["n_samples"][1]),
            threshold_before=float(a.threshold),
            threshold_after=float(b.threshold),
            changes=changes_of(found, a, b, metrics, level),
            cells=_cells(found.shares, PER, f"rows in {PER:,}", b, names, level),
            counts=None if found.counts is None else _cells(found.counts, 1, "rows", b, names, level),
            slopes=slopes,
            slopes_told="" if slopes is None else "separate" if separate else "bound",
        )

    @property
    def moved(self) -> tuple[Change, ...]:
        """What moved beyond noise, the chosen metric first, then what moved the furthest."""
        found = [one for one in self.changes if one.beyond_noise]
        return tuple(sorted(found, key=lambda one: (one is not self.changes[0], -abs(one.difference.value))))

    @property
    def drawn(self) -> HeatMap:
        """The cells as a picture: counts where the rows are the same, else shares."""
        return self.counts if self.counts is not None and self.paired else self.cells

    @property
    def ranked(self) -> Ranking:
        """The metrics that have a least and a largest value, as a picture."""
        known = [one for one in self.changes if one.bounded]
        known.sort(key=lambda one: -np.nan_to_num(abs(one.difference.value), nan=-1.0))
        bars = [Bar(one.title, one.difference, told_apart=one.beyond_noise) for one in known]
        return Ranking.of(bars, f"Metrics: {self.after} less {self.before}", "difference", SHOWN)


def _slopes(
    a: ConfusionJacobian, b: ConfusionJacobian, step: Step, names: tuple[str, str], level: float, separate: bool
) -> HeatMap | None:
    sides = [replace(J, normalize="all") for J in (a, b)]
    if a.units != b.units:
        return None
    found = compare_slopes(sides[0], sides[1], separate=separate)
    unit = f"rows in {PER:,} per {step.size:g} of {step.coordinate}"
    return _map(found, PER * step.size, f"Change of the Jacobian: {names[1]} less {names[0]}", unit, b, level)


def _cells(
    found: Estimate, scale: float, unit: str, b: ConfusionJacobian, names: tuple[str, str], level: float
) -> HeatMap:
    return _map(found, scale, f"Change of the cells: {names[1]} less {names[0]}", unit, b, level)


def _map(found: Estimate, scale: float, title: str, unit: str, b: ConfusionJacobian, level: float) -> HeatMap:
    value, lower, upper = (np.asarray(side * scale) for side in (found.value, *found.confint(level)))
    if value.ndim == 3:  # of offsets, each column by its own class's
        value, lower, upper = (np.einsum("ykk->yk", side) for side in (value, lower, upper))
    return HeatMap.of_change(value, Interval(lower, upper), b.labels, title, unit, level)
