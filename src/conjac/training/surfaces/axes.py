"""The axes of a surface: what each moves, in which unit, and on which scale it is interpolated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from conjac._typing import FloatArray
from conjac.coordinates import COORDINATES
from conjac.engines.decided import Decided
from conjac.errors import InvalidInputError
from conjac.inference import Cells
from conjac.inputs import spread
from conjac.metrics import Metric
from conjac.motion import MixMotion
from conjac.perturbations import OFFSET_UNITS, SHARE_UNIT
from conjac.rules import ArgmaxRule, outcomes_of
from conjac.training.surfaces.settings import OTHER, Setting
from conjac.training.surfaces.spans import Span
from conjac.training.surfaces.standing import Slope

WIDE = 10.0
"""Factor between the ends of a share from which its axis is a logarithmic one."""


@dataclass(frozen=True, eq=False)
class Axis:
    """One of the two things that a surface is over.

    Attributes
    ----------
    name : str
    span : Span
    unit : str
        What a step of 1 of the gradient is.
    log : bool
        Whether it is told, and interpolated, by its logarithm.
    whole : bool
        Whether its values are whole numbers.
    """

    name: str
    span: Span
    unit: str
    log: bool = False
    whole: bool = False

    def coordinate(self, values: FloatArray) -> FloatArray:
        """Return values as interpolation sees them: evenly spaced where steps are alike."""
        return np.log(values) if self.log else values

    def between(self, first: float, second: float) -> float | None:
        """Return the value midway between two; None where a whole number lies at neither side of it."""
        low, high = self.coordinate(np.array([first, second]))
        middle = float(np.exp((low + high) / 2) if self.log else (low + high) / 2)
        if self.whole:
            middle = float(np.clip(round(middle), first + 1, second - 1)) if second - first >= 2 else first
        return middle if first < middle < second else None


@dataclass(frozen=True, eq=False)
class ThresholdAxis(Axis):
    """The threshold of two classes, in its coordinate."""


@dataclass(frozen=True, eq=False)
class OffsetAxis(Axis):
    """The offset of one class, all others as they are.

    Attributes
    ----------
    place : int
        Of the class.
    """

    place: int = 0


@dataclass(frozen=True, eq=False)
class PrevalenceAxis(Axis):
    """The share of one class, the others shrinking in proportion: rows are reweighted by class.

    Attributes
    ----------
    place : int
        Of the class.
    shares : array of shape (n_columns,)
        Of the classes in these rows; 0 of a reject option.
    """

    place: int = 0
    shares: FloatArray = field(default_factory=lambda: np.ones(1))

    def mix(self, share: float) -> FloatArray:
        """Return the shares of all classes where this one has another."""
        found = self.shares * (1 - share) / (1 - self.shares[self.place])
        found[self.place] = share
        return np.asarray(found)

    def slope(self, row: Metric, cells: Cells, share: float) -> Slope:
        """Return the derivative of a metric at a share by it, or by its logarithm.

        Parameters
        ----------
        row : Metric
        cells : Cells
            Of the rows as they are, at one rule.
        share : float
        """
        motion = MixMotion.of_classes(cells, self.mix(share))
        found, unit = motion.metric_slope(row), share if self.log else 1.0
        return Slope(unit * found.value[self.place], unit * found.stderr[self.place], motion.method)


@dataclass(frozen=True, eq=False)
class DriftAxis(Axis):
    """A drift of one numeric column, in its standard deviations.

    Attributes
    ----------
    place : int
        Of the column.
    sd : float
    """

    place: int = 0
    sd: float = 1.0


@dataclass(frozen=True, eq=False)
class HyperAxis(Axis):
    """A hyper-parameter, with which the model is fitted again.

    Attributes
    ----------
    setting : Setting
    """

    setting: Setting = field(default_factory=lambda: Setting(""))


RuleAxis: TypeAlias = ThresholdAxis | OffsetAxis


def threshold_axis(span: Span, decided: Decided) -> ThresholdAxis:
    """Return the axis of the threshold.

    Raises
    ------
    InvalidInputError
        More classes than two, or thresholds outside the coordinate's domain.
    """
    if isinstance(decided.rule, ArgmaxRule):
        labels = decided.rows.labels
        raise InvalidInputError(
            f"over['threshold']: there are {len(labels)} classes, which have no one threshold; take their offsets, "
            f"such as 'offset[{labels[-1]}]'"
        )
    unit = COORDINATES[decided.coordinate]
    low, high = unit.ends
    outside = span.values[(span.values < low) | (span.values > high)]
    if len(outside):
        raise InvalidInputError(f"over['threshold']: {outside[0]:g} lies outside [{low:g}, {high:g}], a {unit.name}")
    return ThresholdAxis("threshold", span, unit.unit)


def offset_axis(name: str, label: str, span: Span, decided: Decided) -> OffsetAxis:
    """Return the axis of one class's offset.

    Raises
    ------
    InvalidInputError
        Two classes, or a class that there is not.
    """
    if not isinstance(decided.rule, ArgmaxRule):
        raise InvalidInputError(f"over[{name!r}]: two classes have a threshold, and no offsets; take 'threshold'")
    known = [str(label) for label in outcomes_of(decided.rows.labels, decided.rule.n_columns)]
    if label not in known:
        raise InvalidInputError(f"over[{name!r}]: no such class; expected one of {known}")
    return OffsetAxis(name, span, OFFSET_UNITS[decided.rule.scale], place=known.index(label))


def prevalence_axis(name: str, label: str | None, span: Span, decided: Decided) -> PrevalenceAxis:
    """Return the axis of one class's share: on the log scale where its ends are a factor of `WIDE` apart.

    Raises
    ------
    InvalidInputError
        Shares that are not inside (0, 1), a class that there is not, or that holds no rows or all of them; of more
        classes than two, none that is named.
    """
    rows = decided.rows
    known = [str(known) for known in rows.labels]
    if label is None and len(known) > 2:
        raise InvalidInputError(
            f"over[{name!r}]: there are {len(known)} classes; name one, as 'prevalence[{known[-1]}]'"
        )
    if label is not None and label not in known:
        raise InvalidInputError(f"over[{name!r}]: no such class; expected one of {known}")
    place = len(known) - 1 if label is None else known.index(label)
    outside = span.values[(span.values <= 0) | (span.values >= 1)]
    if len(outside):
        raise InvalidInputError(f"over[{name!r}]: {outside[0]:g} lies outside (0, 1); expected shares inside")
    weight = np.bincount(rows.true, rows.weight, decided.rule.n_columns)
    shares = weight / weight.sum()
    if not 0 < shares[place] < 1:
        whose = "is none" if shares[place] == 0 else "are all"
        raise InvalidInputError(
            f"over[{name!r}]: of these rows {whose} {known[place]!r}, so no weights give it another share; pass rows "
            "of it and of others"
        )
    log = bool(span.values[-1] >= WIDE * span.values[0])
    return PrevalenceAxis(name, span, f"1 of log {name}" if log else SHARE_UNIT, log, place=place, shares=shares)


def drift_axis(name: str, column: str, span: Span, decided: Decided) -> DriftAxis:
    """Return the axis of one column's drift.

    Raises
    ------
    InvalidInputError
        A column that there is not, or that holds no numbers that vary.
    """
    inputs = decided.inputs
    number = int(column) if column.isdigit() and column not in inputs.names and not inputs.is_frame else column
    try:
        place = inputs.place(number)
    except InvalidInputError as error:
        raise InvalidInputError(f"over[{name!r}]: {error}") from None
    if inputs.column(place).dtype.kind not in "iuf":
        raise InvalidInputError(f"over[{name!r}]: column {column!r} holds no numbers, and cannot drift")
    sd = float(spread(inputs, (place,), decided.rows.weight)[0])
    if not sd > 0:
        raise InvalidInputError(f"over[{name!r}]: column {column!r} holds one value in all rows, and has no sd")
    return DriftAxis(name, span, "1 sd", place=place, sd=sd)


def hyper_axis(name: str, span: Span, setting: Setting) -> HyperAxis:
    """Return the axis of a hyper-parameter: on the log scale where all its values are positive."""
    log = bool(span.values[0] > 0)
    whole = span.whole and setting.whole
    return HyperAxis(name, span, f"1 of log {name}" if log else f"1 of {name}", log, whole, setting)


def axes_of(spans: Mapping[str, Span], settings: Mapping[str, Setting], decided: Decided) -> tuple[Axis, Axis]:
    """Return both axes, in the order in which they are named.

    Raises
    ------
    InvalidInputError
        An axis that these rows do not have, one column twice, or two shares.
    """
    found: list[Axis] = []
    for name, span in spans.items():
        named = OTHER.fullmatch(name)
        if named is None:
            found.append(hyper_axis(name, span, settings[name]))
        elif name == "threshold":
            found.append(threshold_axis(span, decided))
        elif named[1] == "offset":
            found.append(offset_axis(name, named[2], span, decided))
        elif named[1] == "drift":
            found.append(drift_axis(name, named[2], span, decided))
        else:
            found.append(prevalence_axis(name, named[2], span, decided))
    first, second = found
    if isinstance(first, PrevalenceAxis) and isinstance(second, PrevalenceAxis):
        raise InvalidInputError(
            f"over: {first.name!r} and {second.name!r} cannot both move: a share grows at the cost of all others, in "
            "proportion; name one"
        )
    if isinstance(first, DriftAxis) and isinstance(second, DriftAxis) and first.place == second.place:
        raise InvalidInputError(f"over: {first.name!r} and {second.name!r} are the same thing; name two")
    return first, second
