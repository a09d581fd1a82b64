r"""Averages of a binary metric over labels, with their gradients in the cells of every label.

With :math:`m_l` the metric of label l, :math:`C_l` its cells and :math:`P_l` its positive rows: macro
:math:`\sum_l m_l / L`, weighted :math:`\sum_l P_l m_l / \sum_l P_l`, micro :math:`m(\sum_l C_l)`; as
`sklearn.metrics.f1_score` of indicator matrices has them, its conventions for 0/0 among them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from conjac._typing import AnyArray, BoolArray, FloatArray
from conjac.errors import InvalidInputError, NotSupportedError, UnknownMetricError
from conjac.metrics import Metric, ratio, resolve
from conjac.metrics.averages import AVERAGES, Average, AverageName, Pooled
from conjac.metrics.formulas import Ratio
from conjac.metrics.lookup import split_label

BINARY_LABELS = (0, 1)
ERRORS: Final = ratio("hamming_loss", [[0, 1], [1, 0]], np.ones((2, 2)), greater_is_better=False, undefined=np.nan)
BY_ROW: Final = {"accuracy", "subset_accuracy", "exact_match", "zero_one_loss"}
AVERAGED = re.compile(rf"(.+)_({'|'.join(AVERAGES)})")


@dataclass(frozen=True)
class LabelAverage:
    """A binary metric, averaged over labels.

    Attributes
    ----------
    name : str
    row : Metric
        Of two classes.
    average : {"macro", "micro", "weighted"}
    """

    name: str
    row: Metric
    average: AverageName

    @property
    def separates(self) -> bool:
        """Whether each label's best threshold is the best for the average, whatever the others' are."""
        return self.average != "micro"

    @property
    def counted(self) -> FloatArray:
        """Above 0 for the cells whose rows the metric is of, array of shape (2, 2): those below a ratio's line."""
        formula = self.row.formula
        return np.array(formula.denominator) if isinstance(formula, Ratio) else np.ones((2, 2))

    def value(self, cells: AnyArray) -> AnyArray:
        """Return the average, array of shape (...).

        Parameters
        ----------
        cells : array of shape (..., L, 2, 2)
            Complex numbers are allowed.
        """
        if self.average == "micro":
            return self.row.value(cells.sum(axis=-3))
        each, share, _ = self._each(cells)
        value = np.asarray((share * each).sum(axis=-1))
        return np.where(share.sum(axis=-1).real == 0, self.row.undefined, value)

    def gradient(self, cells: AnyArray) -> AnyArray:
        """Return the derivative by each label's cells, array of shape (..., L, 2, 2).

        Where a label's metric is 0/0, its value is a convention and taken as a constant; `unknown` tells where.

        Parameters
        ----------
        cells : array of shape (..., L, 2, 2)
            Complex numbers are allowed.
        """
        if self.average == "micro":
            pooled = np.nan_to_num(self.row.gradient(cells.sum(axis=-3)))
            return np.broadcast_to(pooled[..., None, :, :], cells.shape)
        each, share, total = self._each(cells)
        gradient = share[..., None, None] * np.nan_to_num(self.row.gradient(cells))
        if self.average == "weighted":
            mean = (share * each).sum(axis=-1, keepdims=True)
            left_out = np.isnan(self.row.value(cells))
            gradient[..., 1, :] += np.where(left_out, 0.0, (each - mean) / total)[..., None]
        return np.asarray(gradient)

    def unknown(self, cells: AnyArray) -> BoolArray:
        """Tell for which labels the metric has no derivative, array of shape (..., L)."""
        pooled = cells.sum(axis=-3, keepdims=True) if self.average == "micro" else cells
        lost = np.isnan(self.row.gradient(pooled)).any(axis=(-2, -1))
        return np.asarray(np.broadcast_to(lost, cells.shape[:-2]))

    def _each(self, cells: AnyArray) -> tuple[AnyArray, AnyArray, AnyArray]:
        """Return each label's metric and share, arrays of shape (..., L), and the total of what shares are of."""
        each = self.row.value(cells)
        known = ~np.isnan(each)
        weight = np.where(known, cells[..., 1, :].sum(axis=-1) if self.average == "weighted" else 1.0, 0.0)
        total = weight.sum(axis=-1, keepdims=True)
        total = np.where(total.real == 0, 1.0, total)
        return np.where(known, each, 0.0), weight / total, total


def resolve_average(metric: str | Metric) -> LabelAverage:
    """Find an average over labels by its name.

    Parameters
    ----------
    metric : str or Metric
        A binary metric's name and "_macro", "_micro" or "_weighted", or "hamming_loss"; or an object such as
        ``conjac.metrics.fbeta(2, average="micro")`` or, as its mean over labels, ``expected_cost(M)``.

    Raises
    ------
    NotSupportedError
        Metrics that look at all labels of a row at once.
    UnknownMetricError
        Anything else.

    Examples
    --------
    >>> resolve_average("f1_micro").average
    'micro'
    """
    if isinstance(metric, Metric):
        return _of_object(metric)
    if not isinstance(metric, str):
        raise InvalidInputError(f"metric is {metric!r}; expected a name such as 'f1_macro', or a conjac.metrics.Metric")
    if metric == "hamming_loss":
        return LabelAverage(metric, ERRORS, "micro")
    if metric in BY_ROW or metric.endswith("_samples"):
        raise NotSupportedError(
            f"metric {metric!r} looks at all labels of a row at once, and is no function of the labels' matrices: "
            "use 'hamming_loss' or an average over labels such as 'f1_micro', or call scikit-learn on decision.predict"
        )
    found = AVERAGED.fullmatch(metric)
    if found is None:
        base, label = split_label(metric)
        raise UnknownMetricError(
            f"metric {metric!r}: say how it is averaged over labels, as {base + '_macro'!r}, {base + '_micro'!r} or "
            f"{base + '_weighted'!r}; of one label, ask its curve: curves[{label or 'label'}].metric_at({base!r}, ...)"
        )
    row = resolve(found[1], BINARY_LABELS)
    average: AverageName = found[2]  # type: ignore[assignment]
    return LabelAverage(f"{row.name}_{average}", row, average)


def _of_object(metric: Metric) -> LabelAverage:
    formula: Any = metric.formula
    if isinstance(formula, Pooled | Average):
        average = next((name for name in AVERAGES if metric.name.endswith(f"_{name}")), None)
        if average is not None:
            plain = ratio(metric.name.removesuffix(f"_{average}"), formula.row.numerator, formula.row.denominator,
                          domain=metric.domain, greater_is_better=metric.greater_is_better,
                          undefined=metric.undefined)  # fmt: skip
            return LabelAverage(metric.name, plain, average)
    elif isinstance(formula, Ratio) and metric.n_classes == 2 and np.ptp(formula.denominator) == 0:
        return LabelAverage(metric.name, metric, "macro")
    raise UnknownMetricError(
        f"metric {metric.name!r} is no average over labels: name one, such as 'f1_macro', or pass average= where it is "
        "made, as fbeta(2, average='micro')"
    )
