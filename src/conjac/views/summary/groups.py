"""Groups side by side: each against all other rows, and what differs beyond noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from conjac._typing import ConditionOn, CoordinateName
from conjac.comparison import Comparison, adjust_together, compare
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric, resolve
from conjac.views.summary.change import Change, changes_of, listed, value_of
from conjac.views.summary.dots import Dot, Dots
from conjac.views.summary.heatmap import HeatMap
from conjac.views.summary.lines import Lines, to_print, value_along
from conjac.views.summary.measure import NAN, Measure, Step, clean
from conjac.views.summary.places import thresholds
from conjac.views.summary.sides import Side, counts_of, curve_of, decided, has_clusters, joined

METRICS = ("recall", "precision")
"""Compared beside the chosen metric."""
MOST_LINES, MOST_MATRICES = 6, 6
"""Groups with a line, or a matrix, of their own."""
ONE_CLASS = "one class only"


@dataclass(frozen=True)
class Group:
    """One group.

    Attributes
    ----------
    name : str
    rows, positives : int
    one_class : bool
        Whether figures that need both classes are nan.
    changes : tuple of Change
        Each metric: before, of all other rows; after, of this group. P-values are adjusted over all groups and metrics.
    """

    name: str
    rows: int
    positives: int
    one_class: bool
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Groups:
    """Groups of one set of rows.

    Attributes
    ----------
    by : str
        What groups them.
    level : float
        Of every interval.
    clusters : bool
        Whether rows come in clusters: one that has rows in a group and outside counts as one.
    correction : str
        For how many metrics p-values are adjusted.
    overall : tuple of Measure
        Each metric of all rows together.
    groups : tuple of Group
    lines : Lines or None
        The chosen metric of the largest groups of both classes, along the threshold; None where there are none.
    without_line : int
        How many groups have no line.
    matrices : tuple of HeatMap
        Shares of the true class, group by group; empty for more than six.
    """

    by: str
    level: float
    clusters: bool
    correction: str
    overall: tuple[Measure, ...]
    groups: tuple[Group, ...]
    lines: Lines | None
    without_line: int
    matrices: tuple[HeatMap, ...]

    @property
    def apart(self) -> tuple[tuple[Group, Change], ...]:
        """What differs from the rest beyond noise: the chosen metric first, then what differs the most."""
        found = [
            (place > 0, -abs(told.difference.value), one, told)
            for one in self.groups
            for place, told in enumerate(one.changes)
            if told.beyond_noise
        ]
        return tuple((one, told) for *_, one, told in sorted(found, key=lambda entry: entry[:2]))

    @property
    def dots(self) -> tuple[Dots, ...]:
        """A picture a metric."""
        return tuple(self._dots(place) for place in range(len(self.overall)))

    def _dots(self, place: int) -> Dots:
        title = self.groups[0].changes[place].title
        return Dots.of(
            [
                Dot(
                    one.name,
                    one.changes[place].after,
                    one.changes[place].beyond_noise if np.isfinite(one.changes[place].difference.value) else None,
                    ONE_CLASS if one.one_class else "",
                )
                for one in self.groups
            ],
            title=f"{title} by {self.by}",
            unit=title,
            reference=self.overall[place].value,
            reference_name="all rows",
        )


def side_by_side(
    parts: Sequence[Side],
    names: Sequence[Any],
    *,
    by: str,
    threshold: float | None = None,
    coordinate: CoordinateName | None = None,
    metric: str | Metric = "f1",
    condition_on: ConditionOn | None = None,
    level: float = 0.95,
) -> Groups:
    """Compare each group with all other rows.

    Parameters
    ----------
    parts : sequence of Predictions or of ConfusionCurve
        Of each group, at least two; of the same labels.
    names : sequence
        Of the groups.
    by : str
        What groups them.
    threshold, coordinate, metric, condition_on, level
        As for `summarize`. Of a percentile, each group is judged at its own, and so is the rest.

    Examples
    --------
    >>> import numpy as np
    >>> from conjac.validation import check_predictions
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, (3, 500))
    >>> score = rng.normal([[2], [2], [0.5]] * y, 1)
    >>> parts = [check_predictions(*one) for one in zip(y, score)]
    >>> found = side_by_side(parts, "abc", by="ward", threshold=1, coordinate="score", metric="recall")
    >>> group, change = found.apart[0]
    >>> group.name, change.title, change.better
    ('c', 'Recall', -1)
    """
    whole = joined(parts)
    chosen = resolve(metric, whole.labels)
    metrics = listed(METRICS, chosen, whole.labels)
    counted = partial(decided, threshold=threshold, coordinate=coordinate, condition_on=condition_on)
    every = counted(whole)
    own = [counted(part) for part in parts]
    rest = [counted(joined([part for other, part in enumerate(parts) if other != k])) for k in range(len(parts))]
    sides = list(zip(rest, own, strict=True))
    found = _adjusted([compare(a, b, paired=False, metrics=metrics, level=level) for a, b in sides])
    told = [
        Group(
            name=clean(name),
            rows=int(counts.sum()),
            positives=int(counts[1]),
            one_class=bool((counts == 0).any()),
            changes=changes_of(one, a, b, metrics, level),
        )
        for name, counts, one, (a, b) in zip(names, map(counts_of, parts), found, sides, strict=True)
    ]
    few = len(parts) <= MOST_MATRICES
    lines, n_lines = _lines(parts, told, whole, every, chosen, condition_on, level)
    return Groups(
        by=clean(by),
        level=level,
        clusters=has_clusters(whole),
        correction=clean(found[0].diagnostics["correction"]),
        overall=tuple(value_of(every, row, level) for row in metrics),
        groups=tuple(told),
        lines=lines,
        without_line=len(parts) - n_lines,
        matrices=tuple(_shares(J, level) for J in own) if few else (),
    )


def _adjusted(found: list[Comparison]) -> list[Comparison]:
    """Adjust over all groups; of two the second says what the first does, and is no test of its own."""
    if len(found) != 2:
        return adjust_together(found)
    (first,) = adjust_together(found[:1])
    same: dict[str, Any] = {name: getattr(first, name) for name in ("p_values", "beyond_noise", "diagnostics")}
    return [first, replace(found[1], **same)]


def _shares(J: ConfusionJacobian, level: float) -> HeatMap:
    """Return the shares of each true class; nan of a class that is not there."""
    found = HeatMap.of_matrix(replace(J, normalize="true"), level)
    held = J.cells.weight[0].sum(axis=1) > 0
    kept: dict[str, Any] = {
        name: tuple(row if here else (NAN,) * len(row) for row, here in zip(getattr(found, name), held, strict=True))
        for name in ("value", "lower", "upper", "shade")
    }
    return replace(found, **kept)


def _lines(
    parts: Sequence[Side],
    told: Sequence[Group],
    whole: Side,
    every: ConfusionJacobian,
    metric: Metric,
    condition_on: ConditionOn | None,
    level: float,
) -> tuple[Lines | None, int]:
    """Return the lines of the largest groups of both classes, and how many there are."""
    largest = sorted((k for k, one in enumerate(told) if not one.one_class), key=lambda k: -told[k].rows)[:MOST_LINES]
    if not largest or not counts_of(whole).all():
        return None, 0
    how: dict[str, Any] = {"coordinate": every.coordinate, "condition_on": condition_on}
    t, axis = thresholds([curve_of(whole, **how)], every.threshold)
    series = [value_along(curve_of(parts[k], **how), metric, t, told[k].name, level) for k in sorted(largest)]
    lines = Lines(
        threshold=tuple(t.tolist()),
        axis=axis,
        slope_step=Step.at(every.coordinate, every.threshold),
        in_table=to_print(t, every.threshold),
        methods=(),
        series=tuple(series),
        coordinate=every.coordinate,
        point=every.threshold,
    )
    return lines, len(largest)
