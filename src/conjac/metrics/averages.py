"""From two classes to many: one class against the rest, and averages over the classes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, final

import numpy as np

from conjac._typing import AnyArray
from conjac.metrics.formulas import Ratio, blank, ratio
from conjac.metrics.rows import Metric

AverageName: TypeAlias = Literal["macro", "micro", "weighted"]
AVERAGES: Final[tuple[AverageName, ...]] = ("macro", "micro", "weighted")


def for_label(row: Metric, index: int, n_classes: int, label: str) -> Metric:
    """Return a binary ratio of one class against the rest, as a ratio of the n_classes x n_classes cells."""
    formula = one_against_rest(_binary(row), index, n_classes)
    a, b = formula.numerator, formula.denominator
    lifted = ratio(f"{row.name}[{label}]", a, b, domain=row.domain, undefined=row.undefined)
    traits = lifted.traits | {"label"}
    return dataclasses.replace(lifted, traits=traits, greater_is_better=row.greater_is_better)


def one_against_rest(binary: Ratio, index: int, n_classes: int) -> Ratio:
    """Return a binary ratio of one class against the rest, over n_classes x n_classes cells."""
    side = (np.arange(n_classes) == index).astype(int)
    a, b = (np.array(part)[np.ix_(side, side)].tolist() for part in (binary.numerator, binary.denominator))
    return Ratio(tuple(map(tuple, a)), tuple(map(tuple, b)))


def averaged(row: Metric, average: AverageName, name: str) -> Metric:
    """Return the average of a binary ratio over the classes, for any number of classes.

    Formulas: M. Sokolova, G. Lapalme, "A systematic analysis of performance measures for classification
    tasks", *Information Processing and Management* 45 (2009), table 3; scikit-learn's conventions for 0/0.
    """
    binary = _binary(row)
    # The class totals of weighted recall cancel: it is the accuracy, which is also its micro average.
    pooled = average == "micro" or (average == "weighted" and row.name == "recall")
    formula = Pooled(binary) if pooled else Average(binary, weighted=average == "weighted")
    return dataclasses.replace(row, name=name, formula=formula, traits=frozenset({"average"}))


def bound(metric: Metric, n_classes: int) -> Metric:
    """Write a pooled average out for n_classes classes, as the plain ratio it is; others as they are."""
    if not isinstance(metric.formula, Pooled):
        return metric
    pooled = metric.formula.at(n_classes)
    return ratio(
        metric.name,
        pooled.numerator,
        pooled.denominator,
        domain=metric.domain,
        greater_is_better=metric.greater_is_better,
        undefined=metric.undefined,
        traits=metric.traits,
    )


@final
@dataclass(frozen=True)
class Pooled:
    """Micro average: the classes' numerators added up, over their denominators added up."""

    row: Ratio

    @property
    def n_classes(self) -> int | None:
        """Any number."""
        return None

    def at(self, n_classes: int) -> Ratio:
        """Return the ratio over n_classes x n_classes cells."""
        on, off = np.eye(n_classes), 1 - np.eye(n_classes)
        # An error is a false negative of its class and a false positive of another.
        a, b = (tp * on + (fn + fp) * off for tp, fn, fp in _slots(self.row))
        # Divided by its largest coefficient, so that micro F1 is seen to be the accuracy, a proportion.
        return Ratio(tuple(map(tuple, (a / b.max()).tolist())), tuple(map(tuple, (b / b.max()).tolist())))

    def value(self, cells: AnyArray, undefined: float, /) -> AnyArray:
        """See `Formula`."""
        return self.at(cells.shape[-1]).value(cells, undefined)

    def gradient(self, cells: AnyArray, undefined: float, /) -> AnyArray:
        """See `Formula`."""
        return self.at(cells.shape[-1]).gradient(cells, undefined)


@final
@dataclass(frozen=True)
class Average:
    """Mean over classes of a ratio without true negatives, equal weights or the class totals (row sums).

    A class that is 0/0 counts as `undefined`, or is left out where that is nan; the mean is undefined where
    no weight is left. The class totals move with the cells: their derivative is in the gradient.
    """

    row: Ratio
    weighted: bool

    @property
    def n_classes(self) -> int | None:
        """Any number."""
        return None

    def _classes(self, cells: AnyArray, undefined: float) -> tuple[AnyArray, AnyArray, AnyArray, AnyArray, AnyArray]:
        """Return each class's numerator, denominator, 0/0 mask, value and weight, all (..., K)."""
        off = cells * (1 - np.eye(cells.shape[-1]))
        counts = np.diagonal(cells, axis1=-2, axis2=-1), off.sum(axis=-1), off.sum(axis=-2)
        top, bottom = (sum(c * n for c, n in zip(slot, counts, strict=True)) for slot in _slots(self.row))
        top, bottom = np.asarray(top), np.asarray(bottom)
        lost = bottom.real == 0
        bottom = np.where(lost, 1.0, bottom)
        left_out = lost & np.isnan(undefined)
        value = np.where(lost, 0.0 if np.isnan(undefined) else undefined, top / bottom)
        weight = np.where(left_out, 0.0, cells.sum(axis=-1) if self.weighted else 1.0)
        return top, bottom, lost, value, weight

    def value(self, cells: AnyArray, undefined: float, /) -> AnyArray:
        """See `Formula`."""
        *_, value, weight = self._classes(cells, undefined)
        total = weight.sum(axis=-1)
        empty = total.real == 0
        return np.where(empty, undefined, (weight * value).sum(axis=-1) / np.where(empty, 1.0, total))

    def gradient(self, cells: AnyArray, undefined: float, /) -> AnyArray:
        """See `Formula`."""
        top, bottom, lost, value, weight = self._classes(cells, undefined)
        total = weight.sum(axis=-1, keepdims=True)
        empty = total.real == 0
        share = weight / np.where(empty, 1.0, total)
        # What a unit more of each count of a class does to the mean; nan where that class is 0/0 and the
        # count is one of those it depends on.
        per_tp, per_fn, per_fp = (
            share * blank((a * bottom - top * b) / bottom / bottom, lost & bool(a or b))
            for a, b in zip(*_slots(self.row), strict=True)
        )
        eye = np.eye(cells.shape[-1])
        gradient = np.where(eye == 1, per_tp[..., :, None], per_fn[..., :, None] + per_fp[..., None, :])
        if self.weighted:
            mean = (share * value).sum(axis=-1, keepdims=True)
            moves = np.where(lost & np.isnan(undefined), 0.0, (value - mean) / np.where(empty, 1.0, total))
            gradient = gradient + moves[..., :, None]
        return blank(gradient, empty[..., None])


def _slots(row: Ratio) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Coefficients of (TP, FN, FP), above and below."""
    (_, fp, fn, tp), (_, fp_below, fn_below, tp_below) = (sum(part, ()) for part in (row.numerator, row.denominator))
    return (tp, fn, fp), (tp_below, fn_below, fp_below)


def _binary(row: Metric) -> Ratio:
    assert isinstance(row.formula, Ratio)
    assert row.n_classes == 2
    return row.formula
