"""Metrics that are means of ratios of sums of cells, as coefficients: for whoever can add and divide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.density.near import sums_by
from conjac.metrics import Metric
from conjac.metrics.averages import Average, one_against_rest
from conjac.metrics.formulas import Ratio


class Coefficients(NamedTuple):
    """Linear forms in the cells, arrays of shape (n_entries,): which form, which cell (row by row), and by how much."""

    form: IntArray
    cell: IntArray
    by: FloatArray

    @classmethod
    def of(cls, forms: FloatArray) -> Self:
        """Keep what is not 0 of forms, array of shape (n_forms, n_classes, n_classes)."""
        flat = forms.reshape(len(forms), -1)
        form, cell = np.nonzero(flat)
        return cls(form, cell, flat[form, cell])

    def at(self, matrix: AnyArray, n_forms: int) -> FloatArray:
        """Return the sums, array of shape (n_forms,)."""
        return sums_by(self.form, self.by * matrix.ravel()[self.cell], n_forms)


@dataclass(frozen=True, eq=False)
class MeanOfRatios:
    """A metric as the weighted mean of ratios of sums of cells.

    Attributes
    ----------
    name : str
    weight : array of shape (n_ratios,)
        Of each ratio; the totals of the classes where they are its weights, which no offset changes.
    undefined : float
        What a ratio that is 0/0 counts as; one that is nan is left out with its weight.
    numerator, denominator : Coefficients
        A form a ratio.

    Examples
    --------
    >>> import numpy as np
    >>> from conjac.metrics import resolve
    >>> matrix = np.array([[8, 2], [1, 9]])
    >>> told = MeanOfRatios.of(resolve("balanced_accuracy", ["a", "b"]), matrix.sum(axis=1))
    >>> round(told.value(matrix), 6)
    0.85
    """

    name: str
    weight: FloatArray
    undefined: float
    numerator: Coefficients
    denominator: Coefficients

    @classmethod
    def of(cls, metric: Metric, totals: AnyArray) -> Self | None:
        """Take a metric apart; None for one that is no mean of ratios.

        Parameters
        ----------
        metric : Metric
        totals : array of shape (n_classes,)
            Weight of each true class.
        """
        formula, n = metric.formula, len(totals)
        if isinstance(formula, Ratio):
            forms, weight = [formula], np.ones(1)
        elif isinstance(formula, Average):
            forms = [one_against_rest(formula.row, k, n) for k in range(n)]
            weight = totals.astype(np.float64) if formula.weighted else np.ones(n)
        else:
            return None
        above, below = (np.array([getattr(form, name) for form in forms]) for name in ("numerator", "denominator"))
        return cls(metric.name, weight, metric.undefined, Coefficients.of(above), Coefficients.of(below))

    def to_tree(self) -> dict[str, Any]:
        """Return it as plain types and arrays, for `conjac.views.summary.scene.pack`."""
        return {
            "weight": self.weight,
            "undefined": self.undefined,
            "above": self.numerator._asdict(),
            "below": self.denominator._asdict(),
        }

    def value(self, matrix: AnyArray) -> float:
        """Return the metric of a matrix with these totals of classes: what a page does."""
        above, below = (part.at(matrix, len(self.weight)) for part in (self.numerator, self.denominator))
        ratio = np.where(below == 0, self.undefined, above / np.where(below == 0, 1, below))
        weight = np.where(np.isnan(ratio), 0.0, self.weight)
        total = weight.sum()
        return float(weight @ np.nan_to_num(ratio) / total) if total else self.undefined
